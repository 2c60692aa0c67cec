"""What the verbs of consoles have in common: which guest or node is meant, and the lock that is opened for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from proxtui.core.unlocking import Unlocking, unlocking
from proxtui.core.verbs import CommandLine, pick

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime


class Seat(NamedTuple):
    """A guest or node that could be meant."""

    target: Target

    @property
    def key(self) -> Hashable:
        return self.target

    @property
    def muted(self) -> bool:
        return False

    @property
    def haystack(self) -> str:
        return self.target.label

    def field(self, name: str) -> Any:
        """Where it is."""
        return {"tenant": self.target.ref.tenant, "server": self.target.ref.server}.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """What it answers to."""
        return tuple(dict.fromkeys(one for one in (self.target.id.lower(), self.target.name.lower()) if one))


class Wish(NamedTuple):
    """What every verb of a console is told."""

    wanted: str
    server: str | None
    lock: Unlocking

    @property
    def reason(self) -> str:
        """Why: it stands in the audit."""
        return self.lock.reason

    async def target(self, line: CommandLine, runtime: Runtime, fleet: Fleet, *, machines_only: bool = False) -> Target:
        """The one that is meant, its lock opened where that was asked for. Raises what ``pick`` and the lock raise."""
        name = f"{self.server}/{self.wanted}" if self.server else self.wanted
        what = "VM" if machines_only else "guest or node"
        known = seats(fleet, machines_only=machines_only)
        target = pick(known, name, lambda one: one.names, fleet, what=what).target
        await self.lock.unlock(runtime.write_lock, [target.ref], line.note)
        return target


def seats(fleet: Fleet, *, machines_only: bool = False) -> list[Seat]:
    """All guests and nodes that are known, or all VMs."""
    from proxtui.core.operation import Kind, Target

    guests = [
        Seat(Target(snapshot.ref, Kind(key.kind), str(key.vmid), guest.name or "", guest.node))
        for snapshot in fleet.snapshots
        for key, guest in snapshot.guests.items()
    ]
    if machines_only:
        return [one for one in guests if one.target.kind is Kind.QEMU]
    nodes = [
        Seat(Target(snapshot.ref, Kind.NODE, node.node, node.node, node.node))
        for snapshot in fleet.snapshots
        for node in snapshot.nodes.values()
    ]
    return guests + nodes


def console_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb what ``wish_of`` takes: ``server``, ``reason`` and ``write``."""
    for option in (
        click.option("--write", metavar="TIME", help="Open the lock of write_mode timed first (15m); needs --reason."),
        click.option("--reason", default="", metavar="TEXT", help="Why: it stands in the audit."),
        click.option("--server", metavar="[TENANT/]SERVER", help="Where it is, when several have one of that name."),
    ):
        verb = option(verb)
    return verb


def wish_of(wanted: str, server: str | None, reason: str, write: str | None) -> Wish:
    """``UsageError`` for a ``--write`` that cannot be meant."""
    return Wish(wanted, server, unlocking(write, reason))
