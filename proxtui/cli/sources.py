"""What ``--json`` says about each server: how well it answered, and what it did not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.core.model import ServerRef

if TYPE_CHECKING:
    from proxtui.core.model import Fleet, Snapshot
    from proxtui.core.verbs import Details


class Missing(NamedTuple):
    """What one server did not tell."""

    problems: Sequence[str] = ()
    forbidden: bool = False
    """True when it is for want of a privilege: then nothing is wrong with the server."""
    asked: bool = False
    """True when the rows come from a question beyond the poll: ``taken_at`` is then what their age counts from."""
    taken_at: float | None = None


NOTHING_MISSING = Missing()


def json_source(snapshot: Snapshot, now: float, lost: Missing = NOTHING_MISSING) -> dict[str, Any]:
    """One server; ``age`` of its rows in seconds, null when nothing was ever read."""
    taken_at = lost.taken_at if lost.asked else snapshot.taken_at
    return {
        "tenant": snapshot.ref.tenant,
        "server": snapshot.ref.server,
        "state": str(snapshot.state),
        "error": snapshot.error,
        "endpoint": snapshot.endpoint or None,
        "path": snapshot.path or None,
        "age": None if taken_at is None else round(max(0.0, now - taken_at), 1),
        "problems": list(lost.problems),
        "forbidden": lost.forbidden,
    }


def json_sources(fleet: Fleet, missing: Mapping[ServerRef, Missing] | None = None) -> list[dict[str, Any]]:
    """``json_source`` of every server, in configured order."""
    told = missing or {}
    return [json_source(snapshot, fleet.now, told.get(snapshot.ref, NOTHING_MISSING)) for snapshot in fleet.snapshots]


def unseen(blind: Mapping[ServerRef, str]) -> dict[ServerRef, Missing]:
    """What ``blind_spots`` found, as ``Missing``."""
    return {ref: Missing((line,), forbidden=True) for ref, line in blind.items()}


def noted(details: Details) -> dict[ServerRef, Missing]:
    """What could not be read of the one thing that was asked for, at the server that it is of."""
    row = details.row
    return {ServerRef(row["tenant"], row["server"]): Missing(details.notes)}
