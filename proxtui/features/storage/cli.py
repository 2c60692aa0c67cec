"""The verbs of the room: ``storage list`` and ``storage content``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, pick, table_options
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.features.storage.contents import ContentRow
    from proxtui.features.storage.rows import StorageRow


def _columns() -> Sequence[Column[StorageRow]]:
    from proxtui.features.storage.rows import COLUMNS

    return COLUMNS


def _content_columns() -> Sequence[Column[ContentRow]]:
    from proxtui.features.storage.contents import CONTENT_COLUMNS

    return CONTENT_COLUMNS


FIELDS = ("type", "status", "name", "node", "server", "tenant", "storage", "disk", "maxdisk")
CONTENT_FIELDS = ("type", "name", "id", "vmid", "node", "server", "tenant", "storage", "disk")
"""What filter terms find in a storage, and in what lies on it."""


@click.group()
def storage() -> None:
    """Where disks, backups and images lie."""


@storage.command("list")
@table_options(_columns, fields=lambda: FIELDS)
@click.pass_obj
def list_storage(line: CommandLine, options: TableOptions) -> None:
    """List the storages of all servers; a shared one once.

    The fullest first: --sort -share
    """
    from proxtui.features.storage.rows import storage_rows

    line.table(_columns(), storage_rows, options)


@storage.command("content")
@click.argument("name", metavar="STORAGE")
@click.option("--node", default="", metavar="NODE", help="Of a local storage: the node whose it is.")
@click.option("--type", "kind", default="", metavar="TYPE", help="Such as: backup, images, rootdir, iso, vztmpl.")
@table_options(_content_columns, fields=lambda: CONTENT_FIELDS)
@click.pass_obj
def list_content(line: CommandLine, name: str, node: str, kind: str, options: TableOptions) -> None:
    """List what lies on a storage.

    When several servers have it, write TENANT/SERVER/STORAGE.
    """
    from proxtui.pve.storage import CONTENT_TYPES

    if kind and kind not in CONTENT_TYPES:
        raise UsageError(f"--type {kind!r} is none of: {', '.join(CONTENT_TYPES)}")
    line.listing(_content_columns(), lambda runtime: find_content(runtime, name, node, kind), options)


async def find_content(runtime: Runtime, name: str, node: str = "", kind: str = "") -> Found[ContentRow]:
    """The volumes of one storage. GET ``/nodes/N/storage/S/content``; what PVE leaves out silently has a note."""
    from proxtui.core.asking import reason
    from proxtui.core.model import ServerRef
    from proxtui.errors import ProxtuiError
    from proxtui.features.storage.contents import content_rows, not_shown, unreadable_text
    from proxtui.features.storage.service import NOBODY, StorageService
    from proxtui.pve.storage import StorageTools

    fleet = runtime.store.fleet()
    row = pick_storage(fleet, name, node)
    if row.ask_at is None:
        raise ProxtuiError(f"{row.key.storage}: {NOBODY}")
    ref = ServerRef(row.key.tenant, row.key.server)
    tools = StorageTools(runtime.connection(ref).client)
    volumes = await tools.list_storage_content(row.ask_at, row.key.storage, kind or None)
    notes = []
    try:
        permissions = await StorageService(runtime).permissions(ref)
    except ProxtuiError as error:
        permissions = None
        notes.append(f"what may be left out is not known: {reason(error)}")
    hidden = not_shown(permissions, row.key.storage, row.storage.content)
    notes += [lack.line for hidden_kind, lack in hidden.items() if kind in ("", hidden_kind)]
    if volumes.invalid:
        notes.append(unreadable_text(volumes.invalid))
    return Found(content_rows(volumes, row.key, fleet.snapshot(ref)), notes, ref)


def pick_storage(fleet: Fleet, name: str, node: str) -> StorageRow:
    """The one storage that is meant. UsageError (2) with the nodes to choose from, NotFoundError (14) for none."""
    from proxtui.features.storage.rows import storage_rows

    rows = [row for row in storage_rows(fleet) if not node or node in row.nodes]
    once = {(row.key.tenant, row.key.server, row.key.storage): row for row in reversed(rows)}
    found = pick(list(once.values()), name, lambda row: [row.key.storage.lower()], fleet, what="storage")
    others = [row.key.node for row in rows if row.key._replace(node="") == found.key._replace(node="")]
    if len(others) > 1:
        raise UsageError(f"{len(others)} nodes have a storage {found.key.storage!r}: say --node {' or '.join(others)}")
    return found
