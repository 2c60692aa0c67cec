"""The verb ``relay``: the screen of a guest or node for one viewer, in the foreground until it was used."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from proxtui.core.verbs import CommandLine, pick

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime
    from proxtui.features.consoles.service import Invitation
    from proxtui.features.consoles.viewers import Manner

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seat:
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


def seats(fleet: Fleet) -> list[Seat]:
    """All guests and nodes that are known."""
    from proxtui.core.operation import Kind, Target

    found = [
        Target(snapshot.ref, Kind(key.kind), str(key.vmid), guest.name or "", guest.node)
        for snapshot in fleet.snapshots
        for key, guest in snapshot.guests.items()
    ]
    found += [
        Target(snapshot.ref, Kind.NODE, node.node, node.node, node.node)
        for snapshot in fleet.snapshots
        for node in snapshot.nodes.values()
    ]
    return [Seat(target) for target in found]


@click.command("relay")
@click.argument("place", metavar="ID|NAME|NODE")
@click.option("--tcp", is_flag=True, help="Listen on a port of 127.0.0.1 instead of a unix socket.")
@click.option("--print", "prints", is_flag=True, help="Start no viewer: print what to paste where the display is.")
@click.option("--viewer", default="", metavar="NAME|COMMAND", help="Instead of settings.viewer.")
@click.option("--no-clipboard", is_flag=True, help="Keep what is copied on either side from the other.")
@click.option("--reason", default="", metavar="TEXT", help="Why: it stands in the audit.")
@click.pass_obj
def relay(line: CommandLine, /, place: str, tcp: bool, prints: bool, viewer: str, **said: Any) -> int:
    """Show a screen in a viewer of its own: TigerVNC, remote-viewer, or any by a command.

    Stays until the viewer is closed. The viewer gets a password of ours that is good once, PVE's never leaves this
    process; PVE is asked when the viewer has proved itself, within 60 s. Needs VM.Console (of a node Sys.Console) and
    the role operator; the lock refuses it and the audit tells it.
    """
    from proxtui.features.consoles.viewers import PRINT, check

    wanted = PRINT if prints else viewer
    check(wanted)

    async def show(runtime: Runtime, fleet: Fleet) -> int:
        target = pick(seats(fleet), place, lambda one: one.names, fleet, what="guest or node").target
        manner = _manner(wanted or runtime.config.settings.viewer, tcp)
        how = _shown(line, runtime, target, manner, said["reason"], clipboard=not said["no_clipboard"])
        return await _heeding_signals(how)

    return line.acting(show)


def _manner(wanted: str, tcp: bool) -> Manner:
    from proxtui.features.consoles.viewers import choose

    manner = choose(wanted, os.environ, tcp=tcp)
    return replace(manner, tcp=True) if tcp else manner


async def _shown(
    line: CommandLine, runtime: Runtime, target: Target, manner: Manner, reason: str, *, clipboard: bool
) -> int:
    from proxtui.features.consoles.rows import told
    from proxtui.features.consoles.service import Telling, called, relay

    def invite(invitation: Invitation) -> None:
        if invitation.note:
            line.note(invitation.note)
        if not invitation.lines:
            line.note(f"{called(target)}: {manner.called} is starting")
        said = [*invitation.lines, *([f"password {invitation.password}"] if invitation.password else [])]
        line.say({}, said, as_json=False)

    def joined() -> None:
        line.note(f"{called(target)}: a viewer came")

    began = runtime.clock.time()
    ended = await relay(runtime.consoles, target, manner, Telling(invite, joined), reason=reason, clipboard=clipboard)
    line.note(told(called(target), ended.message, runtime.clock.time() - began, ended.received))
    return os.EX_OK


async def _heeding_signals(way: Coroutine[Any, Any, int]) -> int:
    """What ``way`` gives, or the exit code of the signal that ended it: in order, and recorded."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    assert me is not None  # noqa: S101 - a coroutine runs in a task
    heard: list[int] = []

    def end(which: int) -> None:
        if not heard:
            me.cancel()
        heard.append(which)

    ending = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is not signal.SIG_IGN]
    for one in ending:
        loop.add_signal_handler(one, end, one)
    try:
        return await way
    except asyncio.CancelledError:
        if not heard:
            raise
        me.uncancel()
        return 128 + heard[0]
    finally:
        for one in ending:
            loop.remove_signal_handler(one)
