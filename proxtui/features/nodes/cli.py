"""The verbs of the room: ``nodes list``, ``show``, ``disks`` and ``smart``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from proxtui.core.verbs import CommandLine, Details, Found, TableOptions, json_option, pick, table_options

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.features.nodes.disk_rows import DiskRow
    from proxtui.features.nodes.rows import NodeRow
    from proxtui.pve.models import NodeStatus, Usage
    from proxtui.pve.nodes import NodeTools


def _columns() -> Sequence[Column[NodeRow]]:
    from proxtui.features.nodes.rows import COLUMNS

    return COLUMNS


def _fields() -> Collection[str]:
    from proxtui.core.fields import NODE_FIELDS

    return NODE_FIELDS


DISK_FIELDS = ("type", "status", "name", "node", "server", "tenant", "disk")
"""What filter terms find in a disk."""


@click.group()
def nodes() -> None:
    """The machines of the clusters."""


@nodes.command("list")
@table_options(_columns, fields=_fields)
@click.pass_obj
def list_nodes(line: CommandLine, options: TableOptions) -> None:
    """List the nodes of all servers."""
    from proxtui.features.nodes.rows import node_rows

    line.table(_columns(), node_rows, options)


@nodes.command("show")
@click.argument("node", metavar="NODE")
@json_option
@click.pass_obj
def show_node(line: CommandLine, node: str, as_json: bool) -> None:
    """Show one node: load, memory, versions.

    When several answer to the name, write TENANT/SERVER/NODE.
    """
    line.details(lambda runtime: node_details(runtime, node), as_json=as_json)


def _disk_columns() -> Sequence[Column[DiskRow]]:
    from proxtui.features.nodes.disk_rows import COLUMNS

    return COLUMNS


@nodes.command("disks")
@click.argument("node", metavar="NODE")
@table_options(_disk_columns, fields=lambda: DISK_FIELDS)
@click.pass_obj
def list_disks(line: CommandLine, node: str, options: TableOptions) -> None:
    """List the disks of a node with their health."""
    line.listing(_disk_columns(), lambda runtime: find_disks(runtime, node), options)


@nodes.command("smart")
@click.argument("node", metavar="NODE")
@click.argument("disk", metavar="DISK")
@json_option
@click.pass_obj
def show_smart(line: CommandLine, node: str, disk: str, as_json: bool) -> None:
    """Show what SMART says of one disk, such as /dev/sda. May wake a sleeping disk."""
    from proxtui.pve.node_readers import check_device

    check_device(disk)
    line.details(lambda runtime: smart_details(runtime, node, disk), as_json=as_json)


async def find_disks(runtime: Runtime, wanted: str) -> Found[DiskRow]:
    """The disks of a node. GET ``/nodes/N/disks/list`` (Sys.Audit); what PVE refuses is raised."""
    from proxtui.features.nodes.disk_rows import disk_rows

    row = _pick(runtime, wanted)
    found = await _tools(runtime, row).get_node_disks(row.key.node)
    notes = [f"{found.invalid} disks could not be read"] if found.invalid else []
    return Found(disk_rows(found, row.key), notes)


async def smart_details(runtime: Runtime, wanted: str, disk: str) -> Details:
    """One disk of a node. GET ``/nodes/N/disks/smart`` (Sys.Audit on ``/``); what PVE refuses is raised."""
    import msgspec

    from proxtui.features.nodes.disks import smart_lines

    row = _pick(runtime, wanted)
    smart = await _tools(runtime, row).get_node_disk_smart(row.key.node, disk)
    return Details(list(smart_lines(smart)), {**row.key._asdict(), **msgspec.to_builtins(smart)})


def _pick(runtime: Runtime, wanted: str) -> NodeRow:
    from proxtui.features.nodes.rows import node_rows

    fleet = runtime.store.fleet()
    return pick(node_rows(fleet), wanted, lambda row: [row.key.node.lower()], fleet, what="node")


def _tools(runtime: Runtime, row: NodeRow) -> NodeTools:
    from proxtui.core.model import ServerRef
    from proxtui.pve.nodes import NodeTools

    return NodeTools(runtime.connection(ServerRef(row.key.tenant, row.key.server)).client)


async def node_details(runtime: Runtime, wanted: str) -> Details:
    """Find a node by name and give all of it. GET ``/nodes/N/status`` (needs Sys.Audit) and ``version``."""
    import msgspec

    from proxtui.core.rows import UNKNOWN
    from proxtui.features.nodes.rows import COLUMNS
    from proxtui.features.nodes.service import NodeService

    row = _pick(runtime, wanted)
    detail = await NodeService(runtime).detail(row.key)
    sections = [(f"node {row.key.node}", [(column.title, column.text(row)) for column in COLUMNS])]
    if detail.status is not None:
        sections.append(("Status", [("PVE", detail.version or UNKNOWN), *_status_lines(detail.status)]))
    values = {column.key: column.value(row) for column in COLUMNS}
    status = None if detail.status is None else msgspec.to_builtins(detail.status)
    # The history is for the charts of the dashboard; here nobody misses it.
    notes = [problem for problem in detail.problems if not problem.startswith("history")]
    return Details(sections, {**values, "version": detail.version, "status": status}, notes)


def _status_lines(status: NodeStatus) -> list[tuple[str, str]]:
    from proxtui.core import text
    from proxtui.core.rows import UNKNOWN

    cpu = status.cpuinfo
    return [
        ("Kernel", status.kversion or UNKNOWN),
        ("CPU", cpu.model or UNKNOWN),
        ("CPU load", text.percent(status.cpu)),
        ("I/O wait", text.percent(status.wait)),
        ("Load average", " ".join(f"{value:.2f}" for value in status.loadavg) or UNKNOWN),
        ("Memory", _usage(status.memory)),
        ("Swap", _usage(status.swap)),
        ("Root disk", _usage(status.rootfs)),
        ("KSM shared", text.size(status.ksm)),
    ]


def _usage(usage: Usage) -> str:
    from proxtui.core import text

    return f"{text.size(usage.used)} of {text.size(usage.total)} ({text.percent(text.share(usage.used, usage.total))})"
