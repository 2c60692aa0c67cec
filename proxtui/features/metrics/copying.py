"""From the file to the shared database: every call once, however often it is copied, whatever others write there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from proxtui.core.calls import Called
from proxtui.core.db import Database, lock
from proxtui.errors import StoreUnavailable
from proxtui.features.metrics.tables import calls, ways
from proxtui.features.metrics.writing import TOLD, Way, absent, called, write

CHUNK = 1_000
"""Calls that one transaction writes, and those that were made in the same microsecond as the last of them."""
Chunk = Sequence[Called]


class Copied(NamedTuple):
    """How many calls are in the file, were copied now, and were there before."""

    rows: int
    copied: int
    there: int


def copied(source: Database, target: Database, tell: Callable[[int, int], None]) -> Copied:
    """Copy what is not there yet, in chunks that each are there whole or not at all. It blocks.

    ``tell`` hears how many of how many are done. StoreUnavailable also where not all is there in the end.
    """
    source.refuse_newer()
    total = source.look(lambda connection: connection.execute(select(func.count()).select_from(calls)).scalar_one())
    rows = done = 0
    for chunk in _chunks(source):
        # A lost answer to the commit needs no care: what is there by then is not written again.
        done += target.transact(partial(_put, chunk), was_done=_cannot_say)
        rows += len(chunk)
        tell(rows, max(rows, total))
    missing = sum(len(target.look(partial(absent, batch=chunk))) for chunk in _chunks(source))
    if missing:
        raise StoreUnavailable(f"the metrics: {missing} of {rows} calls are not in {target.place}: copy once more")
    return Copied(rows, done, rows - done)


def _chunks(source: Database) -> Iterator[Chunk]:
    """Way by way. What one microsecond made is never in two chunks: how many are the same is counted within one."""
    for number, *names in source.look(lambda connection: connection.execute(select(ways)).all()):
        end, way = -1, _way(*names)
        while found := source.look(partial(_page, number, end)):
            end = found[-1].ts
            yield [called(way, *row) for row in found]


def _page(number: int, after: int, connection: Connection) -> Sequence[Row[Any]]:
    mine = (calls.c.way == number, calls.c.ts > after)
    last = select(calls.c.ts).where(*mine).order_by(calls.c.ts).offset(CHUNK - 1).limit(1)
    until = connection.execute(last).scalar_one_or_none()
    page = select(*TOLD).where(*mine).order_by(calls.c.ts)
    return connection.execute(page if until is None else page.where(calls.c.ts <= until)).all()


def _put(chunk: Chunk, connection: Connection) -> int:
    # Two copies at the same time would both find the same calls missing.
    lock(connection, "proxtui metrics copy")
    missing = absent(connection, chunk)
    if missing:
        write(connection, missing, {})
    return len(missing)


def _way(tenant: str, server: str, endpoint: str, path: str) -> Way:
    return tenant, server, endpoint, path


def _cannot_say(_connection: Connection) -> None:
    """Whether the chunk was written: it is looked up call by call."""
