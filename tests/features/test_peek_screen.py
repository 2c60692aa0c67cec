"""The look at a screen in the dashboard, over recorded screens: what it shows, what it asks, when it stops asking."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.errors import ConsoleError, PermissionDenied, ReadOnlyError
from proxtui.features.peek.picture import Depth
from proxtui.features.peek.screen import PeekScreen
from proxtui.features.peek.service import ROUNDS, Watch
from proxtui.kit.app import LiveApp
from proxtui.pve.rfb.pixels import RGB332
from proxtui.pve.rfb.surface import BadStream
from proxtui.pve.rfb.words import ToServer

from .fakes import FakeClock
from .peeks import recorded
from .screens import text_of

VM = Target(ServerRef("acme", "berlin"), Kind.QEMU, "100", "web-1", "pve1")
SIZES = ((80, 24), (160, 50))


class Console:
    """Says its size, then what was recorded when it is asked, then waits for what a test gives it."""

    def __init__(self, name: str) -> None:
        width, height, self.picture = recorded(name)
        self.start = struct.pack(">HH", width, height) + RGB332.pack() + b"\0\0\0\4QEMU"
        self.more: asyncio.Queue[bytes] = asyncio.Queue()
        self.sent: list[bytes] = []
        self.open = 0
        self.opened = 0

    async def read_exactly(self, length: int) -> bytes:
        found, self.start = self.start[:length], self.start[length:]
        return found

    async def send(self, data: bytes) -> None:
        self.sent.append(data)
        if len(self.requests) == 1:
            self.more.put_nowait(self.picture)

    async def recv(self) -> bytes:
        return await self.more.get()

    @property
    def requests(self) -> list[bytes]:
        return [one for one in self.sent if one[0] == ToServer.UPDATE_REQUEST]


class Consoles:
    """Opens them one after the other."""

    def __init__(self, *names: str, error: Exception | None = None) -> None:
        self.names, self.error = list(names), error
        self.all: list[Console] = []
        self.open = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Console]:
        if self.error is not None:
            raise self.error
        console = Console(self.names[min(len(self.all), len(self.names) - 1)])
        self.all.append(console)
        self.open += 1
        try:
            yield console
        finally:
            self.open -= 1


class Ticking(FakeClock):
    """A clock whose sleepers wake when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.wake = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.wake.wait()


def listed(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


class Stage:
    def __init__(self, consoles: Consoles, depth: Depth) -> None:
        self.consoles = consoles
        self.clock = Ticking()
        runtime: Any = SimpleNamespace(clock=self.clock)
        self.app = LiveApp()
        self.screen = PeekScreen(runtime, VM, consoles, depth)
        self.pilot: Pilot[None]

    async def until(self, true: Any) -> None:
        async with asyncio.timeout(5):
            while not true():
                await self.pilot.pause()

    @property
    def title(self) -> str:
        return text_of(self.screen.query_one("#peek-title"))

    @property
    def notice(self) -> str:
        return "".join(text for text, _ in self.screen._notice.runs(200))

    @property
    def picture(self) -> list[str]:
        return [self.screen._picture.render_line(y).text for y in range(self.screen._picture.size.height)]


@asynccontextmanager
async def peeking(
    *names: str, size: tuple[int, int] = (80, 24), depth: Depth = Depth.TRUE, error: Exception | None = None
) -> AsyncIterator[Stage]:
    stage = Stage(Consoles(*names, error=error), depth)
    async with stage.app.run_test(size=size) as stage.pilot:
        await stage.app.push_screen(stage.screen)
        await stage.until(lambda: stage.screen.shot is not None or stage.notice.strip())
        await stage.pilot.pause()
        yield stage


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_text_screen_is_shown_as_text_and_the_console_is_closed_again(size: tuple[int, int]) -> None:
    async with peeking("qemu-firmware", size=size) as stage:
        assert stage.screen.shows_text
        assert "Booting from Hard Disk..." in stage.screen._text.lines
        assert "VM 100 web-1 on pve1 - 720x400, text 100 % - view only" in stage.title
        assert stage.title.startswith(" 0 s old")
        assert stage.consoles.open == 0
        stage.clock.now += 7
        await stage.until(lambda: stage.title.startswith(" 7 s old"))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_picture_is_shown_in_half_blocks_and_can_be_gone_into(size: tuple[int, int]) -> None:
    async with peeking("sim-picture", size=size) as stage:
        assert not stage.screen.shows_text
        whole = stage.picture
        assert any("▀" in line for line in whole)
        assert {len(line) for line in whole} == {size[0]}
        await stage.pilot.press("plus")
        assert stage.picture != whole
        closer = stage.picture
        await stage.pilot.press("right", "j")
        assert stage.picture != closer
        await stage.pilot.press("f")
        assert stage.picture == whole
        await stage.pilot.press("1")
        assert "640x480, 1:1" in stage.title
        await stage.pilot.press("t")
        assert "no text screen: " in stage.notice


async def test_without_colour_it_is_letters() -> None:
    async with peeking("sim-picture", depth=Depth.ASCII) as stage:
        assert "".join(stage.picture).isascii()


async def test_text_is_copied_searched_and_turned_into_a_picture() -> None:
    async with peeking("sim-panic") as stage:
        await stage.pilot.press("y")
        assert "Kernel panic - not syncing" in stage.app.clipboard
        await stage.pilot.press("slash", *"panic", "enter")
        await stage.until(lambda: "2 lines with panic" in stage.notice)
        await stage.pilot.press("t")
        assert not stage.screen.shows_text
        assert any("▀" in line for line in stage.picture)
        await stage.pilot.press("t")
        assert stage.screen.shows_text


async def test_watching_asks_for_changes_once_in_an_interval_and_ends_out_of_view() -> None:
    async with peeking("sim-boot") as stage:
        await stage.pilot.press("a")
        await stage.until(lambda: "every 3 s" in stage.title and stage.consoles.open == 1)
        console = stage.consoles.all[-1]
        await stage.until(lambda: len(console.requests) == 1)
        stage.clock.wake.set()
        await stage.until(lambda: len(console.requests) == 2)
        assert [one[1] for one in console.requests] == [0, 1], "everything once, then changes"
        await stage.app.push_screen(PeekScreen(stage.screen._runtime, VM, Consoles("sim-panic"), Depth.TRUE))
        await stage.until(lambda: stage.consoles.open == 0)
        stage.app.pop_screen()
        await stage.until(lambda: stage.consoles.open == 1)
        await stage.pilot.press("a")
        await stage.until(lambda: stage.consoles.open == 0)
        assert "old" in stage.title


async def test_closing_it_closes_the_console_and_no_input_was_ever_sent() -> None:
    async with peeking("sim-boot") as stage:
        await stage.pilot.press("a", "x", "1", "tab", "space")
        await stage.until(lambda: stage.consoles.open == 1)
        await stage.pilot.press("escape")
        await stage.until(lambda: stage.consoles.open == 0)
        kinds = {one[0] for console in stage.consoles.all for one in console.sent}
        assert kinds == {ToServer.SET_PIXEL_FORMAT, ToServer.UPDATE_REQUEST}


async def test_saving_asks_for_a_name_and_replaces_nothing(tmp_path: Path) -> None:
    async with peeking("sim-panic") as stage:
        for said in ("saved ", "exists already"):
            await stage.pilot.press("w")
            line = stage.screen.query_one(Input)
            assert line.value.startswith("100-web-1-")
            line.value = str(tmp_path / "screen.png")
            await stage.pilot.press("enter")
            await stage.until(lambda said=said: said in stage.notice)
    assert listed(tmp_path) == ["screen.png"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionDenied("Permission check failed"), "needs VM.Console: Permission check failed"),
        (ReadOnlyError("locked: open it with :write 15m REASON"), "locked: open it with :write"),
        (ConsoleError("the console ended"), "the console ended"),
    ],
)
async def test_what_keeps_it_from_opening_is_told(error: Exception, said: str) -> None:
    async with peeking("sim-boot", error=error) as stage:
        assert said in stage.notice
        assert "no picture" in "".join(stage.picture)
        await stage.pilot.press("w")
        assert "there is no picture yet" in stage.notice


async def test_a_server_that_never_sends_a_picture_is_given_up() -> None:
    console = Console("sim-boot")
    console.picture = b"\0\0\0\0" * (ROUNDS + 2)

    async def trickle() -> bytes:
        return b"\0\0\0\0"

    console.recv = trickle  # type: ignore[method-assign]
    with pytest.raises(BadStream, match="without a picture"):
        await Watch(console, FakeClock().monotonic).look()


async def test_a_console_that_ends_says_so() -> None:
    console = Console("sim-boot")
    console.picture = b""
    with pytest.raises(ConsoleError, match="the console ended"):
        await Watch(console, FakeClock().monotonic).look()
