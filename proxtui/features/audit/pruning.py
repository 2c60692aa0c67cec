"""Deleting what is older than it must be kept: whole pieces of the chain, and the chain itself says so first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from proxtui.core.actor import Actor
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.features.audit.segments import PRUNED, SEGMENT, pruned_to
from proxtui.features.audit.store import AuditStore
from proxtui.features.audit.tables import allow_delete, audit, forbid_delete, of_chain

KEEP_DAYS = 400
CHUNK = 5_000
DAY = 86_400 * 1_000_000
"""In microseconds, as all times here."""


@dataclass(frozen=True, slots=True)
class Prunable:
    """Rows that are old enough. ``rows`` is 0 when there are none."""

    first: int = 0
    last: int = 0
    rows: int = 0
    mac: str = ""


def prunable(connection: Connection, before: int) -> Prunable:
    """All pieces that ended before that time (microseconds since the epoch)."""
    mine = of_chain(connection)
    ended = select(audit.c.seq, audit.c.mac).where(mine, audit.c.event == SEGMENT, audit.c.ts < before)
    end = connection.execute(ended.order_by(audit.c.seq.desc()).limit(1)).first()
    if end is None:
        return Prunable()
    old = select(func.min(audit.c.seq), func.count()).where(mine, audit.c.seq <= end.seq)
    first, rows = connection.execute(old).one()
    return Prunable(first, end.seq, rows, end.mac)


def prune(store: AuditStore, before: int, actor: Actor, reason: str = "") -> Prunable:
    """Delete them; belongs on the writer thread. What an earlier call began is finished as well.

    The newest row says what is gone before it goes: an interruption leaves too much, never too little.
    """
    store.db.refuse_newer()
    found = store.db.look(lambda connection: prunable(connection, before))
    if found.rows:
        said = {"first": str(found.first), "to": str(found.last), "rows": str(found.rows), "mac": found.mac}
        entry = AuditEntry(
            event=PRUNED, phase=Phase.SINGLE, actor=actor, params=said, reason=reason, result=Result.OK
        )  # fmt: skip
        store.append(entry)
    while store.db.transact(_delete_some):
        pass
    return found


def _delete_some(connection: Connection) -> int:
    mine, upto = of_chain(connection), pruned_to(connection).seq
    first = connection.execute(select(func.min(audit.c.seq)).where(mine)).scalar()
    if first is None or first > upto:
        return 0
    allow_delete(connection)
    gone = connection.execute(delete(audit).where(mine, audit.c.seq <= min(upto, first + CHUNK - 1))).rowcount
    forbid_delete(connection)
    return gone
