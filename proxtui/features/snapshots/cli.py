"""The verb of the room: ``snapshots list``."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, table_options

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.features.snapshots.rows import SnapshotRow
    from proxtui.features.snapshots.service import Reading


def _columns() -> Sequence[Column[SnapshotRow]]:
    from proxtui.features.snapshots.rows import COLUMNS

    return COLUMNS


def _fields() -> Collection[str]:
    from proxtui.core.fields import GUEST_FIELDS

    return (*GUEST_FIELDS, "age")


@click.group()
def snapshots() -> None:
    """The snapshots of all guests."""


@snapshots.command("list")
@click.option("--at-most", type=click.IntRange(min=1), metavar="GUESTS", help="Ask no more guests than this.")
@table_options(_columns, fields=_fields)
@click.pass_obj
def list_snapshots(line: CommandLine, at_most: int | None, options: TableOptions) -> None:
    """List the snapshots of all guests, the oldest first.

    PVE has no list of them, so every guest is asked: a hundred of a server at once, then five a second. Terms of
    guests (node: vmid: name: tag: pool: status: server: tenant:) are looked at before: fewer guests are asked then.
    ctrl+c ends the asking and lists what is known by then (exit code 130).

    Such as: --filter "age>4w tag:prod"
    """
    from proxtui.core.filters import parse

    wanted = parse(options.filter)
    reading: Reading | None = None

    async def read(runtime: Runtime) -> Found[SnapshotRow]:
        from proxtui.features.snapshots.progress import Progress
        from proxtui.features.snapshots.rows import snapshot_rows
        from proxtui.features.snapshots.service import Reading

        nonlocal reading
        if reading is None:
            reading = Reading(runtime, wanted=wanted, at_most=at_most, stops=options.watch is None)
        with Progress(reading.sweep, runtime.clock) as progress:
            await reading.read(progress.told)
        rows = snapshot_rows(runtime.store.fleet(), reading.sweep.findings, time.time())
        return Found(rows, gaps=reading.gaps(), failure=reading.failure())

    line.listing(_columns(), read, options)
    if reading is not None and reading.interrupted:
        raise click.Abort
