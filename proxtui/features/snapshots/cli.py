"""The verb of the room: ``snapshots list``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from proxtui.core.verbs import CommandLine, TableOptions, table_options

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.features.snapshots.rows import SnapshotRow


def _columns() -> Sequence[Column[SnapshotRow]]:
    from proxtui.features.snapshots.rows import COLUMNS

    return COLUMNS


@click.group()
def snapshots() -> None:
    """The snapshots of all guests."""


@snapshots.command("list")
@table_options(_columns)
@click.pass_obj
def list_snapshots(line: CommandLine, options: TableOptions) -> None:
    """List the snapshots of all guests, the oldest first.

    PVE has no list of them, so every guest is asked, four at a time; after the first hundred of a server five a second.

    Such as: --filter "age>4w tag:prod"
    """
    from proxtui.core.asking import problem_lines
    from proxtui.features.snapshots.rows import snapshot_rows
    from proxtui.features.snapshots.service import ask_snapshots

    line.survey(
        _columns(),
        ask_snapshots,
        lambda fleet, findings: snapshot_rows(fleet, findings, time.time()),
        options,
        lambda found: problem_lines(found.problems),
    )
