"""A console from the permission to the last byte: listen, start a viewer, ask PVE once it proved itself, carry."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from proxtui.core.operation import Kind, Target
from proxtui.errors import ConsoleError, ProxtuiError
from proxtui.features.consoles.door import CONNECT_SECONDS, Door, opened_door
from proxtui.features.consoles.viewers import Child, Manner, start_of
from proxtui.pve.rfb.messages import Talk
from proxtui.pve.rfb.relay import IDLE_LINE, Ended, splice
from proxtui.pve.rfb.server import NoViewer, WaitingViewer
from proxtui.pve.rfb.streams import ConsoleStream, ViewerEnd
from proxtui.pve.sanitize import clean
from proxtui.pve.vnc import open_screen

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleDesk, ConsoleSession
    from proxtui.pve.console import ConsoleKind

LOCAL_PORT: Final = 5901
"""Where the lines for a laptop let its viewer connect."""
_KINDS: Final[Mapping[Kind, ConsoleKind]] = {Kind.QEMU: "qemu", Kind.LXC: "lxc", Kind.NODE: "node"}
_WORDS: Final = {Kind.QEMU: "vm", Kind.LXC: "ct", Kind.NODE: "node"}


def _nothing() -> None:
    """For who does not care."""


class Waiting(Protocol):
    """A listener that one viewer comes to."""

    async def viewer(self, seconds: float = CONNECT_SECONDS) -> tuple[WaitingViewer, ViewerEnd]:
        """The one that proved itself."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What has to be done by hand to look at a console."""

    target: Target
    lines: tuple[str, ...]
    """To be pasted, one after the other; empty when a viewer was started."""
    password: str
    """Empty when there is none, or when the viewer knows it."""
    note: str = ""
    seconds: float = CONNECT_SECONDS
    """For which it is good."""


@dataclass(frozen=True, slots=True)
class Story:
    """How a relay went that did not fail."""

    by: Literal["viewer", "console"]
    """Who ended it."""
    message: str
    sent: int
    """Bytes to the console."""
    received: int

    @property
    def was_idle(self) -> bool:
        """Whether nothing ended it but that nobody did anything: it may be wanted again."""
        return self.message == IDLE_LINE


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom a relay tells what happens."""

    announce: Callable[[Invitation], None]
    """A viewer may connect now."""
    joined: Callable[[], None] = _nothing
    """It has."""
    touched: Callable[[], None] = _nothing
    """Somebody pressed a key or moved the mouse in it."""


def called(target: Target) -> str:
    """``vm 100 web-2``, ``ct 200 db``, ``node pve1``."""
    return " ".join(dict.fromkeys(part for part in (_WORDS[target.kind], target.id, clean(target.name)) if part))


async def relay(
    desk: ConsoleDesk,
    target: Target,
    manner: Manner,
    telling: Telling,
    *,
    reason: str = "",
    clipboard: bool = True,
    seconds: float = CONNECT_SECONDS,
    environ: Mapping[str, str] = os.environ,
) -> Story:
    """Show the screen of a guest or node in a viewer until either ends it. PVE's own password stays in here.

    Raises what ``ConsoleDesk.open`` and ``open_screen`` raise, and ``ConsoleError`` where no viewer came or where it
    broke. ``POST .../vncproxy`` is sent only after a viewer proved itself. ``clipboard`` False keeps both sides' apart.
    """
    async with desk.open("vnc", target, reason) as session:
        name = f"{_WORDS[target.kind]}{target.id}"
        async with opened_door(name, tcp=manner.tcp, password=manner.password, environ=environ) as door:
            child = None
            if manner.kind != "print":
                child = Child(start_of(manner, door, called(target)), environ)
            telling.announce(invitation(target, manner, door, seconds))
            waiting, viewer = await _first(door, child, manner, seconds)
            await door.shut()
            telling.joined()
            return await carry(session, waiting, viewer, touched=telling.touched, clipboard=clipboard)


def invitation(target: Target, manner: Manner, door: Door, seconds: float) -> Invitation:
    """What to tell whoever wants to look."""
    word = (door.password or "") if manner.shows_password else ""
    if manner.kind != "print":
        return Invitation(target, (), word, seconds=seconds)
    there = str(door.socket) if door.socket is not None else f"127.0.0.1:{door.port}"
    lines = (f"ssh -L {LOCAL_PORT}:{there} {socket.gethostname()}", f"vncviewer localhost::{LOCAL_PORT}")
    return Invitation(target, lines, word, manner.why, seconds)


async def _first(door: Waiting, child: Child | None, manner: Manner, seconds: float) -> tuple[WaitingViewer, ViewerEnd]:
    """The viewer; or why there will be none, as soon as that is known."""
    coming = asyncio.create_task(door.viewer(seconds), name="wait for a viewer")
    ending = None if child is None else asyncio.create_task(child.ended(), name="viewer process")
    jobs: list[asyncio.Task[object]] = [one for one in (coming, ending) if one is not None]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        # A command that ends well may have left its viewer in the background.
        if ending is not None and not coming.done() and (ending.result() or manner.kind != "command"):
            raise ConsoleError(f"{manner.called} ended at once with exit code {ending.result()}: it showed nothing")
        return await coming
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def carry(
    session: ConsoleSession,
    waiting: WaitingViewer,
    viewer: ViewerEnd,
    *,
    touched: Callable[[], None] = _nothing,
    clipboard: bool = True,
) -> Story:
    """Open the screen for a viewer that proved itself, and pass bytes until one side ends. Closes neither's socket.

    What keeps the screen from opening is told to the viewer, too, and raised.
    """
    target = session.target

    def heard() -> None:
        session.touched()
        touched()

    talk = Talk(clipboard=clipboard, on_input=heard)
    try:
        async with _screen(session, target, waiting) as stream:
            await waiting.welcome()
            ended = await splice(
                viewer,
                stream,
                on_bytes=session.on_bytes,
                to_console=talk.from_viewer,
                to_viewer=talk.from_console,
            )
    except NoViewer as gone:
        ended = Ended("viewer", str(gone))
    session.message = ended.message or ("the viewer left" if ended.by == "viewer" else "the console ended")
    if ended.failed:
        raise ConsoleError(ended.message)
    return Story(ended.by, session.message, session.sent, session.received)


@asynccontextmanager
async def _screen(session: ConsoleSession, target: Target, waiting: WaitingViewer) -> AsyncIterator[ConsoleStream]:
    kind = _KINDS[target.kind]
    vmid = None if kind == "node" else target.vmid
    is_open = False
    try:
        async with open_screen(session.client, target.node, vmid, kind, session.guest_lock) as stream:
            is_open = True
            yield stream
    except ProxtuiError as error:
        if not is_open:
            await _tell(waiting, str(error))
        raise


async def _tell(waiting: WaitingViewer, why: str) -> None:
    try:
        await waiting.refuse(clean(why))
    except NoViewer:
        # It is gone: whoever started it is told anyway.
        return
