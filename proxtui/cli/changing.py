"""Verbs made from the declarations of changes: ``guests start``, ``guests create-vm``. Naming one loads no model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click

from proxtui.cli.lazy import Whole
from proxtui.core.feature import load
from proxtui.core.operation import GUESTS, Kind, Operation, Risk
from proxtui.core.verbs import json_option

_METAVARS = {
    Kind.QEMU: "ID|NAME",
    Kind.LXC: "ID|NAME",
    Kind.NODE: "NODE",
    Kind.STORAGE: "STORAGE",
    Kind.VOLUME: "VOLUME",
    Kind.TASK: "UPID",
    Kind.POOL: "POOL",
}
_ASKS = {
    Risk.SAFE: "",
    Risk.DISTURBS: "It asks before it does so; --yes answers.",
    Risk.DESTROYS: "It asks for the name of what is lost; --yes answers.",
}
_ONLY = {frozenset({Kind.QEMU}): "VMs only.", frozenset({Kind.LXC}): "Containers only."}


class Room(Whole):
    """The verbs of a room that only read, and those that its operations make."""

    def __init__(self, reading: click.Group, operations: str) -> None:
        super().__init__(reading)
        self._from = operations
        self._made: Mapping[str, Operation] | None = None

    @property
    def changes(self) -> Mapping[str, Operation]:
        """Its operations, by verb."""
        if self._made is None:
            self._made = {operation.verb: operation for operation in load(self._from)}
        return self._made

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *self.changes]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        operation = self.changes.get(cmd_name)
        return None if operation is None else ChangeCommand(operation)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_commands(ctx, formatter)
        with formatter.section("Changes"):
            formatter.write_dl([(verb, operation.summary) for verb, operation in self.changes.items()])


class ChangeCommand(click.Command):
    """One operation; its options come from the model of its parameters, which is loaded when somebody looks at it."""

    def __init__(self, operation: Operation) -> None:
        only = _ONLY.get(operation.kinds & GUESTS, "")
        text = " ".join(filter(None, [operation.summary, only, _ASKS[operation.risk]]))
        super().__init__(operation.verb, help=text, callback=self._change)
        self.operation = operation
        self._is_filled = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if not self._is_filled:
            self._is_filled = True
            self.params = [*_arguments(self.operation), *self._own_options(), *_common(self.operation)]
        return super().get_params(ctx)

    def _own_options(self) -> list[click.Option]:
        if not self.operation.params_by:
            return []
        from proxtui.cli.changing_options import options_of

        return options_of(self.operation)

    def _change(self, **said: Any) -> int:
        from proxtui.cli.changing_run import Wish, change

        session = click.get_current_context().obj
        common = {name: said.pop(name) for name in COMMON if name in said}
        return change(session, Wish(self.operation, said, **common)) or os.EX_OK


COMMON = ("targets", "server", "on_node", "yes", "dry_run", "no_wait", "reason", "write", "as_json")


def _arguments(operation: Operation) -> list[click.Parameter]:
    kinds = operation.kinds - {Kind.SERVER}
    if not kinds or operation.creates:
        return []
    metavar = "|".join(dict.fromkeys(_METAVARS[kind] for kind in Kind if kind in kinds))
    is_needed = Kind.SERVER not in operation.kinds
    return [click.Argument(["targets"], nargs=-1, required=is_needed, metavar=f"{metavar}...")]


def _common(operation: Operation) -> list[click.Parameter]:
    def option(*names: str, **more: Any) -> click.Option:
        return click.Option(list(names), **more)

    found = [
        option("--server", metavar="[TENANT/]SERVER", help="Only there; for a name that several servers have."),
        option("--reason", default="", metavar="TEXT", help="Why: it stands in the audit beside the change."),
        option("--write", metavar="TIME", help="Open the lock of write_mode timed for so long (15m); needs --reason."),
        option("--yes", "-y", is_flag=True, help="Do not ask."),
        option("--dry-run", is_flag=True, help="Show the requests; send nothing."),
        option("--no-wait", is_flag=True, help="End once PVE took it (of many: the last); its task goes on."),
    ]
    if operation.kinds & {Kind.STORAGE, Kind.VOLUME}:
        found.insert(
            1, option("--on-node", "on_node", metavar="NODE", help="The node of a storage that is not shared.")
        )
    json_option(holder := click.Command("x"))
    return [*found, *holder.params]


def with_changes(reading: click.Command, operations: str) -> click.Command:
    """A room's group with the verbs of its operations in it (``module:OPERATIONS``)."""
    if not operations or not isinstance(reading, click.Group):
        return reading
    return Room(reading, operations)
