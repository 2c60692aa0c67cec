"""The verbs of the room: ``nodes list`` and ``nodes show``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

from proxtui.core.verbs import CommandLine, Details, TableOptions, json_option, pick, table_options

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.features.nodes.rows import NodeRow
    from proxtui.pve.models import NodeStatus, Usage


def _columns() -> Sequence[Column[NodeRow]]:
    from proxtui.features.nodes.rows import COLUMNS

    return COLUMNS


def _fields() -> Collection[str]:
    from proxtui.core.fields import NODE_FIELDS

    return NODE_FIELDS


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


async def node_details(runtime: Runtime, wanted: str) -> Details:
    """Find a node by name and give all of it. GET ``/nodes/N/status`` (needs Sys.Audit) and ``version``."""
    import msgspec

    from proxtui.core.rows import UNKNOWN
    from proxtui.features.nodes.rows import COLUMNS, node_rows
    from proxtui.features.nodes.service import NodeService

    fleet = runtime.store.fleet()
    row = pick(node_rows(fleet), wanted, lambda row: [row.key.node.lower()], fleet, what="node")
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
