"""A picture of each screen at both sizes. ``pytest tests/tui/test_pictures.py --snapshot-update`` takes new ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from proxtui.core.model import GuestKey, NodeKey
from proxtui.features.tree.screen import Branches
from proxtui.kit.detail_pane import DetailPane
from proxtui.kit.live_table import LiveTable
from proxtui.kit.table_view import TableView
from proxtui.tui.app import ProxtuiApp
from tests.features.fakes import runtime_of
from tests.walks.settling import settled

from .scenes import BERLIN, client, scene

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
Compare = Callable[..., bool]


pytestmark = pytest.mark.usefixtures("utc")


class Sitter(ProxtuiApp):
    """Gives the picture back that the comparison takes of it."""

    def run(self, *arguments: Any, **settings: Any) -> Any:
        return App.run(self, *arguments, **settings)


def app() -> ProxtuiApp:
    return Sitter(runtime_of(scene(), clients={BERLIN: client()}, read_only=True))  # type: ignore[arg-type]


async def until(pilot: Pilot[None], seen: Callable[[], bool]) -> None:
    while not seen():
        await pilot.pause(0.02)
    await pilot.pause()


async def ready(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.focused, LiveTable) and pilot.app.focused.total > 0)


class Answered:
    """Nothing is ever on its way to the fake client."""

    def __init__(self) -> None:
        self.is_quiet = asyncio.Event()
        self.is_quiet.set()


async def with_detail(pilot: Pilot[None], key: GuestKey | NodeKey) -> None:
    """Open the pane of one thing and wait for the answer."""
    view = next(one for one in pilot.app.screen.query(TableView) if one.display)
    view.reveal(key)
    await pilot.press("enter")
    await until(pilot, lambda: len(view.query_one(DetailPane).facts) > 6)
    # The charts are asked for by themselves; the fake client answers at once.
    await settled(pilot, Answered())  # type: ignore[arg-type]


@SIZES
def test_guests(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=ready)


@SIZES
def test_one_guest(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def open_it(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await with_detail(pilot, GuestKey(*BERLIN, "qemu", 100))

    assert snap_compare(app(), terminal_size=size, run_before=open_it)


@SIZES
def test_nodes(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def switch(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press("2")
        await ready(pilot)

    assert snap_compare(app(), terminal_size=size, run_before=switch)


@SIZES
def test_one_node(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def open_it(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press("2")
        await ready(pilot)
        await with_detail(pilot, NodeKey(*BERLIN, "pve1"))

    assert snap_compare(app(), terminal_size=size, run_before=open_it)


@SIZES
def test_filter_and_tree(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def narrow(pilot: Pilot[None]) -> None:
        await ready(pilot)
        if size[0] < 100:
            await pilot.press("t")
        await pilot.press("slash", *"status:running tag:prod", "enter")
        pilot.app.screen.query_one(Branches).focus()
        await pilot.press("g", "down", "down", "down", "l")
        await pilot.pause()

    assert snap_compare(app(), terminal_size=size, run_before=narrow)


@SIZES
def test_help(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press("question_mark")
        await pilot.pause()

    assert snap_compare(app(), terminal_size=size, run_before=ask)


@SIZES
def test_palette(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def find(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press("ctrl+p", *"we")
        await pilot.pause()

    assert snap_compare(app(), terminal_size=size, run_before=find)


@SIZES
def test_command_that_is_none(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def mistype(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press("colon", *"gests", "enter")
        await pilot.pause()

    assert snap_compare(app(), terminal_size=size, run_before=mistype)


@SIZES
def test_wall(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: any(table.total for table in pilot.app.screen.query(LiveTable)))

    wall = Sitter(runtime_of(scene(), clients={BERLIN: client()}, read_only=True), wall=True)  # type: ignore[arg-type]
    assert snap_compare(wall, terminal_size=size, run_before=look)
