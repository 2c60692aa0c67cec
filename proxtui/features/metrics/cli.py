"""The verbs of the room: ``metrics summary``, ``history`` and ``errors``. None asks a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, table_options
from proxtui.errors import NotFoundError

if TYPE_CHECKING:
    from proxtui.config.secret import Secret
    from proxtui.core.model import ServerRef
    from proxtui.core.rows import Column, TableRow
    from proxtui.features.metrics.rows import FailureRow, HourRow, ServerRow
    from proxtui.features.metrics.service import ConnectionMetrics

T = TypeVar("T", bound="TableRow")
FIELDS = ("server", "tenant", "name", "type")
"""What filter terms find in a row."""
NOTHING = "no call is recorded yet"
_server = click.option("--server", default="", metavar="[TENANT/]NAME", help="Only this server.")


def _columns() -> Sequence[Column[ServerRow]]:
    from proxtui.features.metrics.rows import COLUMNS

    return COLUMNS


def _hour_columns() -> Sequence[Column[HourRow]]:
    from proxtui.features.metrics.rows import HOUR_COLUMNS

    return HOUR_COLUMNS


def _failure_columns() -> Sequence[Column[FailureRow]]:
    from proxtui.features.metrics.rows import FAILURE_COLUMNS

    return FAILURE_COLUMNS


@click.group()
def metrics() -> None:
    """How often and how fast each server answered, as this machine recorded it."""


@metrics.command("summary")
@_server
@table_options(_columns, fields=lambda: FIELDS)
@click.pass_obj
def summary(line: CommandLine, /, options: TableOptions, server: str) -> None:
    """Sum up the last 24 hours of each server."""

    def read(known: ConnectionMetrics) -> Iterable[ServerRow]:
        from proxtui.features.metrics.rows import ServerRow

        wanted = _chosen(known, server)
        return [ServerRow(one.ref, one) for one in known.standings() if one.ref in wanted]

    line.local(_columns(), lambda: _found(line, read, options), options)


@metrics.command("history")
@_server
@table_options(_hour_columns, fields=lambda: FIELDS)
@click.pass_obj
def history(line: CommandLine, /, options: TableOptions, server: str) -> None:
    """List the hours of the last 24, in UTC; those in which nobody asked are left out."""

    def read(known: ConnectionMetrics) -> Iterable[HourRow]:
        from proxtui.features.metrics.rows import HourRow

        return [HourRow(ref, hour) for ref in _chosen(known, server) for hour in known.history(ref).hourly]

    line.local(_hour_columns(), lambda: _found(line, read, options), options)


@metrics.command("errors")
@_server
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@table_options(_failure_columns, fields=lambda: FIELDS)
@click.pass_obj
def errors(line: CommandLine, /, options: TableOptions, server: str, limit: int) -> None:
    """List calls that were not answered, the newest first."""

    def read(known: ConnectionMetrics) -> Iterable[FailureRow]:
        from proxtui.features.metrics.rows import FailureRow

        rows = [FailureRow(ref, one) for ref in _chosen(known, server) for one in known.newest_errors(ref, limit)]
        return islice(sorted(rows, key=lambda row: row.failure.at, reverse=True), limit)

    line.local(_failure_columns(), lambda: _found(line, read, options), options)


def _found(line: CommandLine, read: Callable[[ConnectionMetrics], Iterable[T]], options: TableOptions) -> Found[T]:
    from proxtui.core.filters import parse

    wanted = parse(options.filter)
    with _reading(line.ledger().url) as known:
        if known is None:
            return Found([], [NOTHING])
        return Found([row for row in read(known) if wanted.matches(row)])


@contextmanager
def _reading(url: Secret | None) -> Iterator[ConnectionMetrics | None]:
    from proxtui.config.paths import state_folder
    from proxtui.core.db import open_database
    from proxtui.features.metrics.keeping import FILE
    from proxtui.features.metrics.service import ConnectionMetrics
    from proxtui.features.metrics.tables import SCHEMA

    path = state_folder() / FILE
    if url is None and not path.exists():
        yield None
        return
    known = ConnectionMetrics(open_database(SCHEMA, path, url, only_read=True))
    try:
        yield known
    finally:
        known.close()


def _chosen(known: ConnectionMetrics, server: str) -> list[ServerRef]:
    """The servers that are meant. NotFoundError for a name that was never asked."""
    every = known.servers()
    if not server:
        return every
    tenant, _, name = server.rpartition("/")
    found = [ref for ref in every if ref.server == name and tenant in ("", ref.tenant)]
    if not found:
        raise NotFoundError(f"no call to {server[:60]!r} is recorded; there are {', '.join(map('/'.join, every))}")
    return found
