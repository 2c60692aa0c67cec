"""The numbers behind the line of a monitoring plugin, as Nagios and its kin read them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from proxtui.config.thresholds import Thresholds

if TYPE_CHECKING:
    from proxtui.cli.health import ServerRow

_DAY = 86_400
_TAKEN = str.maketrans({"'": "_", "=": "_", "|": "_"})
"""Signs that mean something in a label."""


def perfdata(rows: Sequence[ServerRow], limits: Thresholds) -> str:
    """``'servers'=2;;;0;2 'acme/berlin storage'=64%;90;97;0;100``. What is unknown is left out."""
    known = [row for row in rows if row.nodes is not None]
    parts = [_part("servers", len(known), most=len(rows))]
    if known:
        parts.append(_part("nodes_online", _sum(known, "online"), most=_sum(known, "nodes")))
    if any(row.guests is not None for row in known):
        parts.append(_part("guests_running", _sum(known, "running"), most=_sum(known, "guests")))
    for row in rows:
        parts.extend(_server(row, limits))
    return " ".join(parts)


def one_line(summary: str, numbers: str) -> str:
    """Both, with the only bar between them that there may be."""
    return f"{summary.replace('|', '/')} | {numbers}"


def _server(row: ServerRow, limits: Thresholds) -> Iterator[str]:
    name = f"{row.key.tenant}/{row.key.server}"
    for what, share, warn, crit in (
        ("storage", row.storage, limits.warn_storage, limits.crit_storage),
        ("memory", row.memory, limits.warn_memory, limits.crit_memory),
    ):
        if share is not None:
            yield _part(f"{name} {what}", round(100 * share, 1), "%", _bound(warn), _bound(crit), 100)
    if row.certificate is not None:
        soon, now = _bound(limits.warn_certificate_days * _DAY), _bound(limits.crit_certificate_days * _DAY)
        yield _part(f"{name} certificate", round(row.certificate), "s", soon and f"{soon}:", now and f"{now}:")


def _part(label: str, value: float, unit: str = "", warn: str = "", crit: str = "", most: float | None = None) -> str:
    span = "" if most is None else f"0;{most:g}"
    return f"'{label.translate(_TAKEN)}'={value}{unit};{warn};{crit};{span}".rstrip(";")


def _bound(value: float) -> str:
    return f"{value:.10g}" if value else ""


def _sum(rows: Sequence[ServerRow], name: str) -> int:
    return sum(getattr(row, name) or 0 for row in rows)
