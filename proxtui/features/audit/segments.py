"""The chain in pieces of a month or 100,000 rows: a whole piece may be deleted, and the chain itself says so."""

from __future__ import annotations

import json
import time

from sqlalchemy import Connection, select

from proxtui.core.actor import Actor
from proxtui.core.journal import AuditEntry, Phase
from proxtui.features.audit.chain import Head, Stamp
from proxtui.features.audit.tables import audit, of_chain

SEGMENT_ROWS = 100_000
SEGMENT, PRUNED = "audit.segment", "audit.pruned"
BEGUN = "audit.begin"
"""Somebody began anew on purpose: what was before this row is not judged, and may be missing."""
KEY = "audit.key"
"""From this row on another key is used; its parameters name it."""


def due_segment(connection: Connection, head: Head, stamp: Stamp, actor: Actor) -> AuditEntry | None:
    """The entry that ends a piece, when the piece is long enough or of another month."""
    if not head.seq:
        return None
    first = select(audit.c.seq, audit.c.ts).where(of_chain(connection)).order_by(audit.c.seq).limit(1)
    end = first.where(audit.c.event == SEGMENT).order_by(None).order_by(audit.c.seq.desc())
    ended = connection.execute(end).first()
    began = ended or connection.execute(first).one()
    rows = head.seq - began.seq + (0 if ended else 1)
    if rows == 0 or (rows < SEGMENT_ROWS and _month(began.ts) == _month(stamp.ts)):
        return None
    said = {"first": str(head.seq - rows + 1), "last": str(head.seq), "mac": head.mac}
    return AuditEntry(event=SEGMENT, phase=Phase.SINGLE, actor=actor, params=said)


def key_entry(connection: Connection, key_id: str, head: Head, actor: Actor) -> AuditEntry | None:
    """The entry that tells that this key takes over, unless the chain tells it."""
    if was_told(connection, key_id):
        return None
    said = {"key": key_id, "seq": str(head.seq), "mac": head.mac}
    text = "the key of the configuration takes over"
    return AuditEntry(
        event=KEY, phase=Phase.SINGLE, actor=actor, target_kind="key", target_id=key_id, params=said, message=text
    )


def was_told(connection: Connection, *key_ids: str) -> bool:
    """Whether the chain tells that one of these keys took over."""
    told = select(audit.c.seq).where(of_chain(connection), audit.c.event == KEY, audit.c.target.in_(key_ids)).limit(1)
    return connection.execute(told).first() is not None


def pruned_to(connection: Connection) -> Head:
    """The last row that was deleted on purpose, as the newest row about it says. ``Head()`` when none was."""
    newest = (
        select(audit.c.body).where(of_chain(connection), audit.c.event == PRUNED).order_by(audit.c.seq.desc()).limit(1)
    )
    body = connection.execute(newest).scalar_one_or_none()
    return Head() if body is None else pruned_by(body)


def begun_after(connection: Connection) -> int:
    """The row before the last new beginning; 0 where there was none."""
    last = (
        select(audit.c.body).where(of_chain(connection), audit.c.event == BEGUN).order_by(audit.c.seq.desc()).limit(1)
    )
    body = connection.execute(last).scalar_one_or_none()
    return 0 if body is None else pruned_by(body).seq


def pruned_by(body: str) -> Head:
    """What one row says was deleted, or was before a new beginning."""
    said = json.loads(body).get("params", {})
    return Head(int(said["to"]), str(said["mac"]))


def _month(ts: int) -> tuple[int, int]:
    then = time.gmtime(ts // 1_000_000)
    return then.tm_year, then.tm_mon
