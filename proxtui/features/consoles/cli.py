"""The verb ``relay``: the screen of a guest or node for one viewer, in the foreground until it was used."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.heeding import heeding_signals
from proxtui.core.seats import console_options, wish_of
from proxtui.core.verbs import CommandLine

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime
    from proxtui.features.consoles.viewers import Manner


@click.command("relay")
@click.argument("place", metavar="ID|NAME|NODE")
@click.option("--tcp", is_flag=True, help="Listen on a port of 127.0.0.1 instead of a unix socket.")
@click.option("--print", "prints", is_flag=True, help="Start no viewer: print what to paste where the display is.")
@click.option("--viewer", default="", metavar="NAME|COMMAND", help="Instead of settings.viewer.")
@click.option("--no-clipboard", is_flag=True, help="Keep what is copied on either side from the other.")
@console_options
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
    wish = wish_of(place, said["server"], said["reason"], said["write"])

    async def show(runtime: Runtime, fleet: Fleet) -> int:
        target = await wish.target(line, runtime, fleet)
        manner = _manner(wanted or runtime.config.settings.viewer, tcp)
        how = _shown(line, runtime, target, manner, wish.reason, clipboard=not said["no_clipboard"])
        return await heeding_signals(how)

    return line.acting(show)


def _manner(wanted: str, tcp: bool) -> Manner:
    from proxtui.features.consoles.viewers import choose

    manner = choose(wanted, os.environ, tcp=tcp)
    return replace(manner, tcp=True) if tcp else manner


async def _shown(
    line: CommandLine, runtime: Runtime, target: Target, manner: Manner, reason: str, *, clipboard: bool
) -> int:
    from proxtui.features.consoles.rows import told
    from proxtui.features.consoles.service import Invitation, Telling, called, relay

    def invite(invitation: Invitation) -> None:
        if invitation.note:
            line.note(invitation.note)
        if not invitation.lines:
            line.note(f"{called(target)}: {manner.called} is starting")
        said = [*invitation.lines, *([f"password {invitation.password}"] if invitation.password else [])]
        line.say({}, said, as_json=False)
        if said:
            line.note(f"good for one viewer, within {invitation.seconds:g} s; ctrl+c ends it")

    def joined() -> None:
        line.note(f"{called(target)}: a viewer came")

    telling = Telling(invite, joined)
    is_wanted = True
    while is_wanted:
        began = runtime.clock.time()
        ended = await relay(runtime.consoles, target, manner, telling, reason=reason, clipboard=clipboard)
        line.note(told(called(target), ended.message, runtime.clock.time() - began, ended.received))
        is_wanted = ended.was_idle and sys.stdin.isatty()
        if is_wanted:
            line.note("enter opens it again, ctrl+c ends")
            is_wanted = await pressed_enter(sys.stdin.fileno())
    return os.EX_OK


async def pressed_enter(descriptor: int) -> bool:
    """Wait for a line of this terminal; False when none can come any more."""
    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(descriptor)
    try:
        return bool(os.read(descriptor, 4096))
    except OSError:
        return False
