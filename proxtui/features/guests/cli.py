"""The verbs of the room: ``guests list`` and ``guests show``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Details, TableOptions, json_option, pick, table_options
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.core.verbs import Found
    from proxtui.features.guests.rows import GuestRow
    from proxtui.features.guests.sweep import GuestSweep


def _columns() -> Sequence[Column[GuestRow]]:
    from proxtui.features.guests.rows import COLUMNS

    return COLUMNS


def _fields() -> Collection[str]:
    from proxtui.core.fields import GUEST_FIELDS

    return {*GUEST_FIELDS, *SWEPT}


SWEPT = ("ip", "os", "backup")
"""Filter terms and columns that are unknown without ``--sweep``."""
SWEEP_SECONDS = 60.0


@click.group()
def guests() -> None:
    """Virtual machines and containers."""


@guests.command("list")
@click.option(
    "--sweep",
    is_flag=True,
    help=f"Ask running guests for IP and OS, storages for backups; {SWEEP_SECONDS:g} s at the most.",
)
@table_options(_columns, fields=_fields)
@click.pass_obj
def list_guests(line: CommandLine, options: TableOptions, sweep: bool) -> None:
    """List the guests of all servers.

    With --sweep the columns ip, os and backup are known: --columns name,ip,os --filter ip:10.3.
    """
    from msgspec.structs import replace

    from proxtui.features.guests.rows import guest_rows

    if sweep:
        columns = [replace(one, shown=one.shown or one.key in SWEPT) for one in _columns()]
        line.listing(columns, _swept_once(), options)
        return
    _refuse_unasked(options)
    line.table(_columns(), lambda fleet: sorted(guest_rows(fleet), key=_place), options)


def _refuse_unasked(options: TableOptions) -> None:
    """A list of unknowns, or no row at all, would look like an answer."""
    from proxtui.core.filters import parse

    named = {*(options.columns or "").split(","), (options.sort or "").lstrip("-"), *parse(options.filter).fields}
    if unknown := [name for name in SWEPT if name in named]:
        raise UsageError(f"{', '.join(unknown)}: not known before the guests are asked; add --sweep")


def _swept_once() -> Callable[[Runtime], Awaitable[Found[GuestRow]]]:
    """Reads the guests and asks them; with ``--watch`` again only those that are due."""
    sweeps: list[GuestSweep] = []

    async def read(runtime: Runtime) -> Found[GuestRow]:
        from proxtui.core.model import Scope
        from proxtui.core.verbs import Found
        from proxtui.features.guests.hidden import hidden_guests
        from proxtui.features.guests.rows import guest_rows
        from proxtui.features.guests.sweep import GuestSweep, Wish

        if not sweeps:
            # The rate limit of the client is the pace: somebody waits for it.
            sweeps.append(GuestSweep(runtime, every=0.0))
        notes = await sweeps[0].once(Wish(), SWEEP_SECONDS)
        fleet = runtime.store.fleet()
        notes += hidden_guests(fleet, Scope(), lambda ref: runtime.connection(ref).permissions)
        return Found(sorted(guest_rows(fleet), key=_place), notes)

    return read


@guests.command("show")
@click.argument("guest", metavar="ID|NAME")
@json_option
@click.pass_obj
def show_guest(line: CommandLine, guest: str, as_json: bool) -> None:
    """Show one guest: what it does and how it is configured.

    When several answer to the name, write TENANT/SERVER/NAME.
    """
    line.details(lambda runtime: guest_details(runtime, guest), as_json=as_json)


async def guest_details(runtime: Runtime, wanted: str) -> Details:
    """Find a guest by VMID or name, read it live and give all of it.

    GET ``/nodes/N/{qemu,lxc}/V/status/current`` and ``config``. What could not be read has a note.
    """
    from proxtui.features.guests.rows import COLUMNS, guest_rows
    from proxtui.features.guests.service import GuestService

    fleet = runtime.store.fleet()
    row = pick(guest_rows(fleet), wanted, _names, fleet, what="guest")
    detail = await GuestService(runtime).detail(row.key)
    row = next((newer for newer in guest_rows(runtime.store.fleet()) if newer.key == row.key), row)
    kind = "container" if row.key.kind == "lxc" else "VM"
    sections = [(f"{kind} {row.key.vmid}", [(column.title, column.text(row)) for column in COLUMNS])]
    if detail.config is not None:
        sections.append(("Configuration", [(key, _value(value)) for key, value in sorted(detail.config.items())]))
    values: dict[str, Any] = {column.key: column.value(row) for column in COLUMNS}
    # The history is for the charts of the dashboard; here nobody misses it.
    notes = [problem for problem in detail.problems if not problem.startswith("history")]
    return Details(sections, {**values, "config": detail.config}, notes)


def _place(row: GuestRow) -> tuple[str, str, int]:
    return row.key.tenant, row.key.server, row.key.vmid


def _names(row: GuestRow) -> Collection[str]:
    return [str(row.key.vmid), *([row.guest.name.lower()] if row.guest.name else [])]


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
