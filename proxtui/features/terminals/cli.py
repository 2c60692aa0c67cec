"""The verbs ``console``, ``ssh`` and ``spice``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.heeding import heeding_signals
from proxtui.core.seats import Wish, console_options, wish_of
from proxtui.core.verbs import CommandLine
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.runtime import Runtime
    from proxtui.features.terminals.service import SshWish


@click.command("console")
@click.argument("place", metavar="ID|NAME|NODE")
@click.option("--serial", metavar="PORT", help="serial0 to serial3 of a VM; else its first.")
@console_options
@click.pass_obj
def console(line: CommandLine, /, place: str, serial: str | None, write: str | None, **said: Any) -> int:
    """Attach this terminal to a container, to the serial port of a VM, or to a node. ctrl-] leaves.

    Needs VM.Console (of a node Sys.Console) and the role operator; the lock refuses it and the audit tells it.
    """
    from proxtui.features.terminals.service import SshWish

    _require_terminal()
    wish = wish_of(place, said["server"], said["reason"], write)
    return line.acting(lambda runtime, fleet: _attach(line, runtime, fleet, wish, "term", SshWish(), serial))


@click.command("ssh", context_settings={"ignore_unknown_options": True})
@click.argument("place", metavar="ID|NAME|NODE")
@click.argument("command", nargs=-1, metavar="[-- COMMAND]")
@click.option("--user", default="", metavar="USER", help="Who logs in; else settings.ssh_user.")
@click.option("--host", default="", metavar="ADDRESS", help="Where to; else as PVE or the guest tells it.")
@click.option("--ssh-port", default=22, type=click.IntRange(1, 65535), metavar="PORT", help="Of its sshd. [22]")
@console_options
@click.pass_obj
def ssh(line: CommandLine, /, place: str, command: tuple[str, ...], write: str | None, **said: Any) -> int:
    """A shell by SSH on a node or in a guest, through the jump hosts of its server. ctrl-] leaves.

    Logs in with the keys of the agent or of ~/.ssh; its host key has to be in ~/.ssh/known_hosts. With a command it
    needs no terminal, reads nothing and exits as the command does.
    """
    from proxtui.features.terminals.service import SshWish, require_one_line

    for name in ("user", "host"):
        require_one_line(name, said[name])
    wish = wish_of(place, said["server"], said["reason"], write)
    way = SshWish(host=said["host"], port=said["ssh_port"], user=said["user"])
    if command:
        return line.acting(lambda runtime, fleet: _run(line, runtime, fleet, wish, way, " ".join(command)))
    _require_terminal()
    return line.acting(lambda runtime, fleet: _attach(line, runtime, fleet, wish, "ssh", way, None))


@click.command("spice")
@click.argument("vm", metavar="ID|NAME")
@console_options
@click.pass_obj
def spice(line: CommandLine, /, vm: str, write: str | None, **said: Any) -> int:
    """Open the SPICE display of a VM in remote-viewer, which stays when this command has ended."""
    from proxtui.features.terminals.spice import open_display

    wish = wish_of(vm, said["server"], said["reason"], write)

    async def show(runtime: Runtime, fleet: Fleet) -> str:
        return await open_display(runtime, await wish.target(line, runtime, fleet, machines_only=True), wish.reason)

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

    target = await wish.target(line, runtime, fleet)
    with seated() as seat:

        async def be_there() -> tuple[Ending, str, int]:
            more: dict[str, Any] = {"seat": seat, "wish": way, "reason": wish.reason, "serial": serial}
            more["trying"] = partial(_told_to_wait, line)
            async with opened_for(runtime, target, use, **more) as opened:
                ending, said = await joined(seat, opened)
            return ending, said, opened.status

        done = await heeding_signals(be_there())
    if isinstance(done, int):
        return done
    ending, said, status = done
    if ending is Ending.GONE:
        return 128 + signal.SIGHUP
    line.note(said)
    return status


def _told_to_wait(line: CommandLine, what: str, seconds: float) -> None:
    if seconds:
        line.note(f"{what}, for {seconds:g} s at most; ctrl+c ends it")


async def _run(line: CommandLine, runtime: Runtime, fleet: Fleet, wish: Wish, way: SshWish, command: str) -> int:
    from proxtui.features.terminals.service import shell_of

    target = await wish.target(line, runtime, fleet)

    async def run() -> int:
        more: dict[str, Any] = {"reason": wish.reason, "command": command}
        if sys.stderr.isatty():
            # A script reads what the command says there, and nothing of ours.
            more["trying"] = partial(_told_to_wait, line)
        async with shell_of(runtime, target, way, **more) as (opened, shell):

            def into(stream: Any) -> Callable[[bytes], Awaitable[None]]:
                async def take(piece: bytes) -> None:
                    opened.session.on_bytes(0, len(piece))
                    # In a thread: a reader that takes nothing stops the command there, and nothing else here.
                    await asyncio.to_thread(_write, stream, piece)

                return take

            await shell.pour(into(sys.stdout.buffer), into(sys.stderr.buffer))
            return await shell.status()

    return await heeding_signals(run())


def _write(stream: Any, piece: bytes) -> None:
    stream.write(piece)
    stream.flush()
