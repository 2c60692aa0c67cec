"""Viewers in the dashboard: started beside it, invitations, the list of open consoles, and the menu of keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from proxtui.features.consoles import screen
from proxtui.features.consoles.keys import keys_of
from proxtui.features.consoles.screen import Invited, KeyMenu, OpenConsoles
from proxtui.kit.app import LiveApp

from .consoling import Lab, Peer, lab
from .screens import text_of


class App(LiveApp):
    """Keeps what is told and copied."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.copied: list[str] = []

    def notify(self, message: str, **_more: Any) -> None:  # type: ignore[override]
        self.told.append(message)

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    async with lab(folder) as one:
        yield one


@asynccontextmanager
async def shown(size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[App, Pilot[None]]]:
    app = App()
    async with app.run_test(size=size) as pilot:
        yield app, pilot


async def until(pilot: Pilot[None], seen: Any) -> None:
    async with asyncio.timeout(20):
        while not seen():
            await pilot.pause(0.02)


def words(app: App) -> str:
    return "\n".join(str(one.render()) for one in app.screen.query(Static))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_without_a_display_it_says_what_to_paste(here: Lab, size: tuple[int, int]) -> None:
    target = here.target()
    async with shown(size) as (app, pilot):
        await screen.open_viewer(app, here.runtime, target)
        await until(pilot, lambda: isinstance(app.screen, Invited))
        await pilot.pause()
        said = words(app)
        socket = here.folder / "proxtui" / f"vm{target.id}.sock"
        assert f"ssh -L 5901:{socket} " in said
        assert "vncviewer localhost::5901" in said
        assert "there is no display here" in said
        await pilot.press("1", "2", "y")
        line, viewer, password = app.copied
        assert line.startswith("ssh -L")
        assert viewer == "vncviewer localhost::5901"
        assert len(password) == 8
        assert f"password {password}" in said
        peer = Peer(*await asyncio.open_unix_connection(str(socket)))
        await peer.open(password)
        await until(pilot, lambda: not isinstance(app.screen, Invited))
        await peer.close()
        await until(pilot, lambda: app.told)
        assert app.told[0].startswith(f"vm {target.id} {target.name}: the viewer left, after ")


async def test_the_list_of_open_consoles_closes_one(here: Lab) -> None:
    target = here.target()
    async with shown() as (app, pilot):
        await screen.open_viewer(app, here.runtime, target)
        await until(pilot, lambda: isinstance(app.screen, Invited))
        await pilot.press("escape")
        await app.push_screen(OpenConsoles(here.runtime))
        await pilot.pause()
        table = app.screen.query_one("LiveTable")
        assert "waits" in text_of(table)
        assert target.name in text_of(table)
        await pilot.press("x")
        await until(pilot, lambda: app.told)
        assert app.told == [f"vm {target.id} {target.name}: the console was ended: closed in the dashboard"]
        await until(pilot, lambda: "no console is open" in text_of(table))
        await pilot.press("x")
        assert "it is closed already" in app.screen.query_one("Notice").text  # type: ignore[attr-defined]


async def test_what_is_refused_is_told(here: Lab) -> None:
    async with shown() as (app, pilot):
        await here.runtime.consoles.aclose()
        await screen.open_viewer(app, here.runtime, here.target())
        await until(pilot, lambda: app.told)
        assert "about to end" in app.told[0]


async def test_keys_are_pressed_through_the_api(here: Lab) -> None:
    async with shown() as (app, pilot):
        await screen.open_keys(app, here.runtime, here.target())
        menu = app.screen
        assert isinstance(menu, KeyMenu)
        await pilot.press("d")
        await until(pilot, lambda: menu._notice.text == "ctrl-alt-delete: sent")
        await pilot.press("2")
        await until(pilot, lambda: menu._notice.text == "ctrl-alt-f2: sent")
        await pilot.press("t", *"aB!", "enter")
        await until(pilot, lambda: menu._notice.text.startswith("type 3 characters"))
        assert len(here.calls("sendkey")) == 2, "it asks first"
        await pilot.press("y")
        await until(pilot, lambda: menu._notice.text == "3 characters: sent")
        assert len(here.calls("sendkey")) == 5
        await pilot.press("t", *"x", "enter")
        await until(pilot, lambda: menu._notice.text.startswith("type 1"))
        await pilot.press("escape", "y")
        assert len(here.calls("sendkey")) == 5
        await pilot.press("t", "ß", "enter")
        await until(pilot, lambda: "no key for it" in menu._notice.text)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not menu)
    last = here.journal.entries[-1]
    assert (last.event, last.params["use"], last.message) == ("console.close", "sendkeys", "3 keys")
    assert not any("aB!" in repr(entry) for entry in here.journal.entries)


def test_the_keys_of_a_text() -> None:
    assert keys_of("aZ 1!/?") == ["a", "shift-z", "spc", "1", "shift-1", "slash", "shift-slash"]
