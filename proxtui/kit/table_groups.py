"""By what the rows of a view are grouped, and how its groups are called and counted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from proxtui.core.ages import at_least, counted
from proxtui.core.model import GuestKey, ServerRef
from proxtui.core.rows import Column, Scalar
from proxtui.kit.groups import Grouping

if TYPE_CHECKING:
    from proxtui.kit.table_tools import TableTools

LOCAL = frozenset({"node", "pool", "server"})
"""Columns whose values are names within a server or a tenant: two servers may both have a node ``pve``."""


def grouping_of(view: TableTools[Any], column: Column[Any]) -> Grouping:
    """Rows of a view by a column. What it says is worked out when rows come, from what is known then."""
    value = partial(_place, column) if column.key in LOCAL else column.value
    return Grouping(value, partial(_name, view, column), partial(_count, view, column))


def _place(column: Column[Any], row: Any) -> Scalar:
    found = column.value(row)
    # The server comes last: groups stand in the order of their own names.
    return [str(found), *_server_of(row)] if found else None


def _name(view: TableTools[Any], column: Column[Any], row: Any) -> str:
    found = column.value(row)
    if not found:
        return f"no {column.key}"
    name = ", ".join(found) if isinstance(found, list) else column.text(row).strip()
    where = [*_server_of(row)] if column.key in LOCAL and len(view.fleet.snapshots) > 1 else []
    if column.key == "server":
        where = where[:1]
    return f"{name} ({' / '.join(where)})" if where else name


def _count(view: TableTools[Any], column: Column[Any], row: Any, shown: int, total: int) -> str:
    """How many rows a group has. A server that is not known may have more, unless the group is another's own."""
    own = view.CONFIGURED or (column.key in LOCAL and column.value(row))
    sure = "" if own else at_least(view.fleet, view.scope, of_guests=GuestKey in view.SHOWS)
    return counted(shown, total, f"{view.NOUN}s", sure)


def _server_of(row: Any) -> tuple[str, ...]:
    """Tenant and server of a thing that is on one."""
    ref = ServerRef(getattr(row.key, "tenant", ""), getattr(row.key, "server", ""))
    return ref if all(ref) else ()
