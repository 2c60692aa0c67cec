"""From the file to the shared database: row by row as they are, so that the chain proves there what it proved here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from proxtui.core.db import Database, lock, open_database
from proxtui.errors import AuditUnavailable, SaveFailed, StoreUnavailable, UsageError
from proxtui.features.audit.anchors import AnchorFile, locked
from proxtui.features.audit.chain import Head, Record
from proxtui.features.audit.keys import keys_of
from proxtui.features.audit.opening import looked_at
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.store import is_there, newest
from proxtui.features.audit.tables import SCHEMA, audit
from proxtui.features.audit.verifying import verify

CHUNK = 1_000


class Copied(NamedTuple):
    """How many rows are in the file, were copied now, and were there before."""

    rows: int
    copied: int
    there: int
    chain: str


def copied(
    here: AuditFiles,
    there: AuditFiles,
    vault: Sequence[bytes] = (),
    *,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Copied:
    """Copy what is not there yet, in chunks that each are there whole or not at all, and verify it there. It blocks.

    ``tell`` hears how many of how many rows are there. AuditUnavailable when the file is not what was written, or when
    another chain began there: nothing is written.
    """
    keys = keys_of(here, vault)
    with looked_at(here) as source:
        if source is None:
            return Copied(0, 0, 0, "")
        verdict = verify(source, keys)
        if verdict.problems:
            raise AuditUnavailable(f"{verdict.summary}; nothing was copied", why="tampered")
        if verdict.unjudged:
            raise UsageError(f"{verdict.summary}; nothing was copied: `proxtui unlock` first, or name its key")
        try:
            with locked(here.lock):
                chain = there.chain(make=True) or ""
                target = open_database(SCHEMA, there.db, there.url, scope=chain)
                try:
                    done = _copy(source, target, chain, lambda end: tell(min(end, verdict.rows), verdict.rows))
                    _note(there, vault, target.look(newest))
                    arrived = verify(target, keys_of(there, vault))
                finally:
                    target.close()
        except (OSError, SaveFailed) as error:
            raise AuditUnavailable(f"the audit: {error}") from error
        except StoreUnavailable as error:
            raise AuditUnavailable(str(error), why=error.why) from error
        if arrived.problems:
            raise AuditUnavailable(f"{there.place}: {arrived.summary}", why="tampered")
        return Copied(verdict.rows, done, verdict.rows - done, chain)


def _copy(source: Database, target: Database, chain: str, tell: Callable[[int], None]) -> int:
    done = 0
    end = target.look(newest)
    if end.seq and not source.look(lambda connection: is_there(connection, end)):
        if _all_is_there(source, target):
            return 0
        raise AuditUnavailable(f"the audit: {target.place} has another chain {chain}; nothing was copied")
    while rows := _after(source, end.seq):
        made = [{name: getattr(row, name) for name in Record.__slots__} | {"chain": chain} for row in rows]
        expected, end = end, Head(rows[-1].seq, rows[-1].mac)
        target.transact(
            lambda connection, made=made, expected=expected: _put(connection, chain, expected, made),  # type: ignore[misc]
            was_done=lambda connection, end=end: newest(connection) == end or None,  # type: ignore[misc]
        )
        done += len(made)
        tell(end.seq)
    return done


def _all_is_there(source: Database, target: Database) -> bool:
    """Whether the copy went on after all of the file was in it."""
    last = source.look(newest)
    return target.look(lambda connection: is_there(connection, last))


def _after(source: Database, seq: int) -> Sequence[Record]:
    page = select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(CHUNK)
    return source.look(lambda connection: [Record(**row._mapping) for row in connection.execute(page)])


def _put(connection: Connection, chain: str, expected: Head, rows: Sequence[dict[str, object]]) -> bool:
    lock(connection, f"proxtui audit {chain}")
    if newest(connection) != expected:
        raise AuditUnavailable("the audit: somebody else writes into this chain; try again once nobody does")
    connection.execute(insert(audit), list(rows))
    return True


def _note(there: AuditFiles, vault: Sequence[bytes], head: Head) -> None:
    """From now on this machine knows what is there."""
    keys = keys_of(there, vault)
    anchor = AnchorFile(keys.anchor)
    if head.seq and (not anchor.exists() or anchor.read(*keys.known).seq < head.seq):
        anchor.write(head, keys.current()[1])
