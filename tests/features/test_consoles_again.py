"""How long an invitation is good, and a console that PVE closed because nothing happened: offered again."""

from __future__ import annotations

import asyncio
import os
import pty
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from proxtui.features.consoles import cli, screen, service
from proxtui.features.consoles.screen import Idle, Invited
from proxtui.pve.rfb.relay import IDLE_LINE, Ended

from .consoling import UNIX, Lab, Peer, lab
from .test_consoles_screen import shown, until, words


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    async with lab(folder) as one:
        yield one


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every console is closed by PVE for want of a byte."""

    async def splice(*_all: Any, **_more: Any) -> Ended:
        return Ended("console", IDLE_LINE)

    monkeypatch.setattr(service, "splice", splice)


async def look(path: Any, password: str) -> None:
    """Be a viewer for a moment."""
    peer = Peer(*await asyncio.open_unix_connection(str(path)))
    await peer.prove(password)
    assert await peer.reader.readexactly(4) == bytes(4)
    peer.writer.write(b"\0")
    assert await peer.ended()
    await peer.close()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_invitation_counts_down(here: Lab, size: tuple[int, int]) -> None:
    async with shown(size) as (app, pilot):
        await screen.open_viewer(app, here.runtime, here.target())
        await until(pilot, lambda: isinstance(app.screen, Invited))
        invited: Any = app.screen
        await pilot.pause()
        begun = invited._until - 60
        for later, said in (
            (0, "60 s left, on the machine with the display:"),
            (12.3, "48 s left"),
            (60, "0 s left"),
            (70, "0 s left"),
        ):
            invited._now = lambda later=later: begun + later
            invited.paint()
            assert said in words(app)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("answer", ["r", "escape"])
async def test_the_dashboard_offers_it_again(here: Lab, answer: str) -> None:
    target = here.target()
    async with shown() as (app, pilot):
        await screen.open_viewer(app, here.runtime, target)
        await until(pilot, lambda: isinstance(app.screen, Invited))
        invited: Any = app.screen
        await look(here.folder / "proxtui" / f"vm{target.id}.sock", invited._invitation.password)
        await until(pilot, lambda: isinstance(app.screen, Idle) and words(app))
        assert f"vm {target.id} {target.name}: {IDLE_LINE}, after " in words(app)
        await pilot.press(answer)
        if answer == "r":
            await until(pilot, lambda: isinstance(app.screen, Invited) and app.screen is not invited)
            assert [entry.event for entry in here.journal.entries][-1] == "console.open"
        else:
            await until(pilot, lambda: not isinstance(app.screen, Idle))
            assert here.runtime.consoles.sessions == ()


class Line:
    """Says nothing, and keeps what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.told = asyncio.Event()

    def note(self, message: str) -> None:
        self.said.append(message)
        self.told.set()

    def say(self, _value: Any, lines: Sequence[str], *, as_json: bool) -> None:
        self.said += lines


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("answers", [[], [False], [True, False]])
async def test_the_command_asks_for_enter_where_somebody_sits(
    here: Lab, monkeypatch: pytest.MonkeyPatch, answers: list[bool]
) -> None:
    looks = max(1, len(answers))
    left = list(answers)

    async def pressed(_descriptor: int) -> bool:
        return left.pop(0)

    stdin: Any = type("Stdin", (), {"isatty": lambda _: bool(answers), "fileno": lambda _: 0})()
    monkeypatch.setattr("sys.stdin", stdin)
    monkeypatch.setattr(cli, "pressed_enter", pressed)
    target, line = here.target(), Line()
    how: Any = cli._shown(line, here.runtime, target, UNIX, "", clipboard=True)  # type: ignore[arg-type]
    task = asyncio.create_task(how)
    for number in range(looks):
        async with asyncio.timeout(20):
            while len(passwords := [one.split()[1] for one in line.said if one.startswith("password ")]) <= number:
                line.told.clear()
                await line.told.wait()
        await look(here.folder / "proxtui" / f"vm{target.id}.sock", passwords[-1])
    assert await task == 0
    assert left == []
    assert sum(IDLE_LINE in one for one in line.said) == looks
    assert line.said.count("enter opens it again, ctrl+c ends") == len(answers)
    assert "good for one viewer, within 60 s; ctrl+c ends it" in line.said


async def test_enter_is_waited_for() -> None:
    master, slave = pty.openpty()
    try:
        waiting = asyncio.create_task(cli.pressed_enter(slave))
        await asyncio.sleep(0)
        assert not waiting.done()
        os.write(master, b"\n")
        assert await waiting
        os.write(master, b"\x04")
        assert not await cli.pressed_enter(slave), "the end of what can be typed"
    finally:
        os.close(master)
        os.close(slave)
