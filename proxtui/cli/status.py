"""``proxtui status``: a monitoring plugin. Exits 0 ok, 1 warning, 2 critical, 3 unknown, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from proxtui.cli.session import Session
from proxtui.core.verbs import TableOptions, table_options
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from proxtui.cli.judging import Judging
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime


BACKUP_PACE, BACKUP_SECONDS = 0.25, 30.0
"""Between two storages of a server, and for all of them."""
FIELDS = ("status", "name", "server", "tenant", "cpu", "mem", "maxmem")
"""What filter terms find in a server."""


def _columns() -> Sequence[Column[Any]]:
    from proxtui.cli.health import COLUMNS

    return COLUMNS


@click.command()
@click.option("--once", is_flag=True, help="Read once and leave. Always on for now.")
@table_options(_columns, lists=False, fields=lambda: FIELDS)
@click.pass_obj
def status(session: Session, once: bool, options: TableOptions) -> int:
    """Say in one line per server how the fleet is, the totals first.

    Exits as a monitoring plugin: 0 ok, 1 warning (a storage or the memory of a node over 90 %, a certificate that ends
    soon), 2 critical (no answer, a node offline, a storage over 97 %), 3 unknown (nothing configured, login refused,
    wrong usage). The thresholds are settings: warn_storage, crit_storage, ...
    """
    from proxtui.cli.health import COLUMNS, server_rows, summary, worst
    from proxtui.cli.output import Selection, json_rows
    from proxtui.cli.perfdata import one_line, perfdata
    from proxtui.cli.sources import json_sources, unseen

    selection = Selection.of(COLUMNS, options)
    fleet, blind, judging = session.read(_as_found)
    rows = selection.rows(server_rows(fleet, blind, judging))
    if not rows:
        raise UsageError("--filter: no server is left")
    level = worst([row.level for row in rows])
    if options.as_json:
        head = {"status": level.name.lower(), "summary": summary(rows)}
        sources = json_sources(fleet, unseen(blind))
        session.output.json({**head, "rows": json_rows(selection.columns, rows), "sources": sources})
    else:
        session.output.text(one_line(summary(rows), perfdata(rows, judging.limits)))
        session.output.table(selection.columns, rows)
    return level


async def _as_found(runtime: Runtime, fleet: Fleet) -> tuple[Fleet, Mapping[ServerRef, str], Judging]:
    from proxtui.cli.judging import Judging
    from proxtui.cli.sight import blind_spots

    blind = await blind_spots(runtime, fleet)
    limits, today = runtime.config.settings, runtime.clock.time()
    if limits.warn_backup_hours or limits.crit_backup_hours:
        await _look_for_backups(runtime)
    ends = {ref: connection.active.expired_at for ref, connection in runtime.connections.items()}
    left = {ref: at - today for ref, at in ends.items() if at is not None}
    return runtime.store.fleet(), blind, Judging(limits, left, runtime.clock.monotonic())


async def _look_for_backups(runtime: Runtime) -> None:
    """Read all storages once. What could not be read makes the backups unknown, and is told as that."""
    from proxtui.features.guests.sweep import GuestSweep, Wish

    await GuestSweep(runtime, every=BACKUP_PACE).once(Wish(guests=False), BACKUP_SECONDS)
