"""The verbs of the room: ``guests list`` and ``guests show``."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Details, TableOptions, json_option, pick, table_options

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.features.guests.rows import GuestRow


def _columns() -> Sequence[Column[GuestRow]]:
    from proxtui.features.guests.rows import COLUMNS

    return COLUMNS


def _fields() -> Collection[str]:
    from proxtui.core.fields import GUEST_FIELDS

    return GUEST_FIELDS


@click.group()
def guests() -> None:
    """Virtual machines and containers."""


@guests.command("list")
@table_options(_columns, fields=_fields)
@click.pass_obj
def list_guests(line: CommandLine, options: TableOptions) -> None:
    """List the guests of all servers."""
    from proxtui.features.guests.rows import guest_rows

    line.table(_columns(), lambda fleet: sorted(guest_rows(fleet), key=_place), options)


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
