"""The verbs ``console``, ``ssh`` and ``spice``."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from proxtui.core.verbs import CommandLine, pick
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime
    from proxtui.features.terminals.service import SshWish

T = TypeVar("T")
_TIME = re.compile(r"(\d{1,5})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Place:
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


def places(fleet: Fleet, *, machines_only: bool = False) -> list[Place]:
    """All guests and nodes that are known, or all VMs."""
    from proxtui.core.operation import Kind, Target

    found = [
        Target(snapshot.ref, Kind(key.kind), str(key.vmid), guest.name or "", guest.node)
        for snapshot in fleet.snapshots
        for key, guest in snapshot.guests.items()
    ]
    if machines_only:
        return [Place(target) for target in found if target.kind is Kind.QEMU]
    found += [
        Target(snapshot.ref, Kind.NODE, node.node, node.node, node.node)
        for snapshot in fleet.snapshots
        for node in snapshot.nodes.values()
    ]
    return [Place(target) for target in found]


@dataclass(frozen=True, slots=True)
class Wish:
    """What all three verbs are told."""

    wanted: str
    server: str | None
    reason: str
    seconds: int | None

    async def target(self, runtime: Runtime, fleet: Fleet, *, machines_only: bool = False) -> Target:
        """The one that is meant, its lock opened where that was asked for."""
        name = f"{self.server}/{self.wanted}" if self.server else self.wanted
        known = places(fleet, machines_only=machines_only)
        what = "VM" if machines_only else "guest or node"
        target = pick(known, name, lambda one: one.names, fleet, what=what).target
        if self.seconds is not None:
            await runtime.write_lock.open(target.ref, self.seconds, self.reason)
        return target


def _options(verb: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--write", metavar="TIME", help="Open the lock first, as in 15m; needs --reason."),
        click.option("--reason", default="", metavar="TEXT", help="Why: it stands in the audit."),
        click.option("--server", metavar="[TENANT/]SERVER", help="Where it is, when several have one of that name."),
    ):
        verb = option(verb)
    return verb


def _wish(wanted: str, server: str | None, reason: str, write: str | None) -> Wish:
    found = None if write is None else _TIME.fullmatch(write.strip())
    if write is not None and found is None:
        raise UsageError(f"--write {write!r}: write a time such as 15m, 90s or 1h")
    if found is not None and not reason.strip():
        raise UsageError("--write: say why with --reason; it stands in the audit")
    return Wish(wanted, server, reason, int(found[1]) * _SECONDS[found[2]] if found is not None else None)


@click.command("console")
@click.argument("place", metavar="ID|NAME|NODE")
@click.option("--serial", metavar="PORT", help="serial0 to serial3 of a VM; else its first.")
@_options
@click.pass_obj
def console(line: CommandLine, /, place: str, serial: str | None, write: str | None, **said: Any) -> int:
    """Attach this terminal to a container, to the serial port of a VM, or to a node. ctrl-] leaves.

    Needs VM.Console (of a node Sys.Console) and the role operator; the lock refuses it and the audit tells it.
    """
    from proxtui.features.terminals.service import SshWish

    _require_terminal()
    wish = _wish(place, said["server"], said["reason"], write)
    return line.acting(lambda runtime, fleet: _attach(line, runtime, fleet, wish, "term", SshWish(), serial))


@click.command("ssh", context_settings={"ignore_unknown_options": True})
@click.argument("place", metavar="ID|NAME|NODE")
@click.argument("command", nargs=-1, metavar="[-- COMMAND]")
@click.option("--user", default="", metavar="USER", help="Who logs in; else settings.ssh_user.")
@click.option("--host", default="", metavar="ADDRESS", help="Where to; else as PVE or the guest tells it.")
@click.option("--ssh-port", default=22, type=click.IntRange(1, 65535), metavar="PORT", help="Of its sshd. [22]")
@_options
@click.pass_obj
def ssh(line: CommandLine, /, place: str, command: tuple[str, ...], write: str | None, **said: Any) -> int:
    """A shell by SSH on a node or in a guest, through the jump hosts of its server. ctrl-] leaves.

    Logs in with the keys of the agent or of ~/.ssh; its host key has to be in ~/.ssh/known_hosts. With a command it
    needs no terminal, reads nothing and exits as the command does.
    """
    from proxtui.features.terminals.service import SshWish, require_one_line

    for name in ("user", "host"):
        require_one_line(name, said[name])
    wish = _wish(place, said["server"], said["reason"], write)
    way = SshWish(host=said["host"], port=said["ssh_port"], user=said["user"])
    if command:
        return line.acting(lambda runtime, fleet: _run(runtime, fleet, wish, way, " ".join(command)))
    _require_terminal()
    return line.acting(lambda runtime, fleet: _attach(line, runtime, fleet, wish, "ssh", way, None))


@click.command("spice")
@click.argument("vm", metavar="ID|NAME")
@_options
@click.pass_obj
def spice(line: CommandLine, /, vm: str, write: str | None, **said: Any) -> int:
    """Open the SPICE display of a VM in remote-viewer, which stays when this command has ended."""
    from proxtui.features.terminals.spice import open_display

    wish = _wish(vm, said["server"], said["reason"], write)

    async def show(runtime: Runtime, fleet: Fleet) -> str:
        return await open_display(runtime, await wish.target(runtime, fleet, machines_only=True), wish.reason)

    line.note(line.acting(show))
    return os.EX_OK


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "a console needs a terminal on stdin and stdout; for scripts there is `proxtui ssh ID -- COMMAND`"
        )


async def _attach(
    line: CommandLine, runtime: Runtime, fleet: Fleet, wish: Wish, use: str, way: SshWish, serial: str | None
) -> int:
    from proxtui.features.terminals.attach import Ending
    from proxtui.features.terminals.joining import joined, opened_for, seated

    target = await wish.target(runtime, fleet)
    with seated() as seat:

        async def be_there() -> tuple[Ending, str, int]:
            more: dict[str, Any] = {"seat": seat, "wish": way, "reason": wish.reason, "serial": serial}
            async with opened_for(runtime, target, use, **more) as opened:
                ending, said = await joined(seat, opened)
            return ending, said, opened.status

        done = await _heeding_signals(be_there())
    if isinstance(done, int):
        return done
    ending, said, status = done
    if ending is Ending.GONE:
        return 128 + signal.SIGHUP
    line.note(said)
    return status


async def _run(runtime: Runtime, fleet: Fleet, wish: Wish, way: SshWish, command: str) -> int:
    from proxtui.features.terminals.service import shell_of

    target = await wish.target(runtime, fleet)

    async def run() -> int:
        async with shell_of(runtime, target, way, reason=wish.reason, command=command) as (opened, shell):

            def into(stream: Any) -> Callable[[bytes], Awaitable[None]]:
                async def take(piece: bytes) -> None:
                    opened.session.on_bytes(0, len(piece))
                    # In a thread: a reader that takes nothing stops the command there, and nothing else here.
                    await asyncio.to_thread(_write, stream, piece)

                return take

            await shell.pour(into(sys.stdout.buffer), into(sys.stderr.buffer))
            return await shell.status()

    return await _heeding_signals(run())


def _write(stream: Any, piece: bytes) -> None:
    stream.write(piece)
    stream.flush()


async def _heeding_signals(way: Coroutine[Any, Any, T]) -> T | int:
    """What ``way`` gives, or the exit code of the signal that ended it: in order, and recorded."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    assert me is not None  # noqa: S101 - a coroutine runs in a task
    heard: list[int] = []

    def end(which: int) -> None:
        if not heard:
            me.cancel()
        heard.append(which)

    with _handled(loop, end):
        try:
            return await way
        except asyncio.CancelledError:
            if not heard:
                raise
            me.uncancel()
            return 128 + heard[0]


@contextmanager
def _handled(loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> Iterator[None]:
    ending = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is not signal.SIG_IGN]
    for one in ending:
        loop.add_signal_handler(one, end, one)
    try:
        yield
    finally:
        for one in ending:
            loop.remove_signal_handler(one)
