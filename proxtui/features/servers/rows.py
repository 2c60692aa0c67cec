"""Servers as rows of a table, and as objects for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from proxtui.config.models import Place
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.features.servers.checking import Checked
from proxtui.features.servers.service import Entry

SOON = 21
"""Days before the end of a certificate from which it is worth a look."""
_TONES = {"online": Tone.GOOD, "offline": Tone.BAD, "untrusted": Tone.BAD, "refused": Tone.BAD, "damaged": Tone.BAD}


class ServerRow(Struct, frozen=True):
    """One configured server, and what was found when it was asked."""

    entry: Entry
    checked: Checked | None = None
    now: float = 0.0
    """Seconds since the epoch."""

    @property
    def key(self) -> Place:
        return self.entry.place

    @property
    def muted(self) -> bool:
        """What is asked nothing steps back."""
        return not self.entry.is_asked

    @property
    def state(self) -> str:
        """``online``, ``offline``, ``untrusted``, ``refused``, ``off``, ``closed`` to this key, or empty: not asked."""
        if not self.entry.is_asked:
            return "off"
        if self.entry.shut:
            return "damaged" if "damaged" in self.entry.shut else "closed"
        return self.checked.state if self.checked else ""

    @property
    def endpoints(self) -> str:
        """All of them, in order."""
        return " ".join(one.label for one in self.entry.server.endpoints)

    @property
    def path(self) -> str:
        """The way in use; before it was asked, the first one."""
        server = self.entry.server
        if self.checked is not None and self.checked.path:
            return self.checked.path
        return "tailscale" if server.tailscale else "ssh" if server.jumps else "direct"

    @property
    def days(self) -> int | None:
        """Until the certificate ends."""
        shown = self.checked.certificate if self.checked else None
        return None if shown is None else (shown.not_after - datetime.fromtimestamp(self.now, UTC)).days

    @property
    def error(self) -> str:
        """Why it is not well."""
        return self.entry.shut or (self.checked.error if self.checked else "")

    @property
    def haystack(self) -> str:
        return f"{self.key.tenant} {self.key.server} {self.endpoints} {self.state} {self.path} {self.error}".lower()

    def field(self, name: str) -> Scalar:
        known: Mapping[str, Scalar] = {
            "tenant": self.key.tenant,
            "server": self.key.server,
            "name": self.key.server,
            "status": self.state or None,
        }
        return known.get(name)


def rows_of(entries: Iterable[Entry], checks: Iterable[Checked] = (), now: float = 0.0) -> list[ServerRow]:
    """One row each."""
    found = {one.place: one for one in checks}
    return [ServerRow(entry, found.get(entry.place), now) for entry in entries]


def as_json(row: ServerRow) -> dict[str, Any]:
    """A server for programs; no secret, and of its logins only whose they are."""
    server, checked = row.entry.server, row.checked
    shown = checked.certificate if checked else None
    value: dict[str, Any] = {
        "tenant": row.key.tenant,
        "name": row.key.server,
        "host": server.endpoints[0].host,
        "port": server.endpoints[0].port,
        "endpoints": [one.label for one in server.endpoints],
        "isActive": server.is_active,
        "isAsked": row.entry.is_asked,
        "trust": server.trust.mode,
        "fingerprints": list(server.trust.fingerprints),
        "ca_file": str(server.trust.ca_file) if server.trust.ca_file else None,
        "user": server.credentials.userid or None,
        "token_id": server.credentials.token_id,
        "hasMonitorToken": row.entry.has_monitor,
        "useTailscale": server.use_tailscale,
        "tailscaleHostname": server.tailscale_hostname,
        "jumps": [f"{one.username}@{one.label}" if one.username else one.label for one in server.jumps],
        "jumpHostKeys": [f"{one.label}={key}" for one in server.jumps for key in one.host_keys],
        "connectionTimeout": server.deadline_ms,
        "status": row.state or None,
        "error": row.error or None,
    }
    if checked is not None:
        value |= {
            "path": checked.path or None,
            "endpoint": checked.endpoint or None,
            "responseTime": checked.ms,
            "version": checked.version,
            "nodes": checked.nodes,
            "nodesOnline": checked.nodes_online,
            "certificateExpires": shown.not_after.isoformat() if shown else None,
            "fingerprint": shown.fingerprint if shown else None,
            "advice": checked.advice or None,
        }
    return value


def _expiry(row: ServerRow) -> str:
    return UNKNOWN if row.days is None else f"{row.days} d"


def _expiry_tone(row: ServerRow) -> Tone:
    if row.days is None:
        return Tone.MUTED
    return Tone.BAD if row.days < 0 else Tone.WARN if row.days < SOON else Tone.PLAIN


COLUMNS: Sequence[Column[ServerRow]] = (
    Column("tenant", "Tenant", lambda row: row.key.tenant, lambda row: row.key.tenant, 8, priority=3),
    Column("server", "Server", lambda row: row.key.server, lambda row: row.key.server, 10, priority=1),
    Column(
        "status", "Status", lambda row: row.state or None, lambda row: row.state or UNKNOWN, 9, priority=1,
        tone=lambda row: _TONES.get(row.state, Tone.MUTED),
    ),
    Column("path", "Path", lambda row: row.path, lambda row: row.path, 9, priority=4),
    Column(
        "ms", "ms", lambda row: row.checked.ms if row.checked else None,
        lambda row: UNKNOWN if row.checked is None or row.checked.ms is None else f"{row.checked.ms:.0f}", 5,
        priority=3, align="right",
    ),
    Column("expires", "Cert", lambda row: row.days, _expiry, 6, priority=3, align="right", tone=_expiry_tone),
    Column("endpoints", "Endpoints", lambda row: row.endpoints, lambda row: row.endpoints, 16, priority=2),
    Column(
        "user", "User", lambda row: row.entry.server.credentials.userid or None,
        lambda row: row.entry.server.credentials.userid or UNKNOWN, 10, priority=5,
    ),
    Column("trust", "Trust", lambda row: row.entry.server.trust.mode, lambda row: row.entry.server.trust.mode, 11, 5),
    Column("error", "Error", lambda row: row.error or None, lambda row: row.error, 16, priority=2, grow=True),
)  # fmt: skip
