"""The seven numbers of a tenant as two lines of figures. Pure."""

from __future__ import annotations

from proxtui.core.rows import UNKNOWN, Tone
from proxtui.core.tenant_stats import TenantStats

Figure = tuple[str, str, Tone]


def servers_line(stats: TenantStats) -> tuple[Figure, ...]:
    """How the servers are. Those that are neither online nor offline are named as what they are."""
    offline, unknown = stats.offline_servers, stats.unknown_servers
    return (
        ("Servers", str(stats.total_servers), Tone.PLAIN),
        ("Online", _number(stats.online_servers), Tone.PLAIN),
        ("Offline", _number(offline), Tone.BAD if offline else Tone.PLAIN),
        ("Not known", str(unknown), Tone.WARN if unknown else Tone.PLAIN),
    )


def guests_line(stats: TenantStats) -> tuple[Figure, ...]:
    """Guests, people and calls. A plus says that there may be more."""
    return (
        ("Guests", _number(stats.total_vms, least=bool(stats.unseen_servers)), Tone.PLAIN),
        ("Running", _number(stats.running_vms, least=stats.may_run_more), Tone.PLAIN),
        ("Users", str(stats.total_users), Tone.PLAIN),
        ("Calls 24 h", _number(stats.recent_connections), Tone.PLAIN),
    )


def _number(value: int | None, *, least: bool = False) -> str:
    return UNKNOWN if value is None else f"{value}{'+' if least else ''}"
