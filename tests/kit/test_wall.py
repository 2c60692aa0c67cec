"""The screen on the wall: it turns by itself, and no key changes anything."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from proxtui.config.models import Config, Settings
from proxtui.core.feature import chosen_views
from proxtui.core.model import Scope, Snapshot, SourceState
from proxtui.errors import UsageError
from proxtui.features.overview.sight import Sight
from proxtui.kit.one_line import Notice
from proxtui.kit.wall import FigureBox, Wall, figures
from proxtui.registry import FEATURES
from proxtui.tui.app import ProxtuiApp
from tests.features.fakes import runtime_of
from tests.features.fleets import ACME, GIB, ZETA, fleet, node, snapshot, storage, two_tenants, vm

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)])


def told(world: Any) -> list[tuple[str, str]]:
    return [(figure.value, figure.label) for figure in figures(world)]


def test_what_is_not_known_is_never_nothing() -> None:
    unknown = fleet(Snapshot(ACME, state=SourceState.WAITING))
    assert told(unknown) == [
        ("–", "of – guests run"),
        ("–", "of – nodes online"),
        ("–", "storages over 90 %"),
        ("1", "servers not fresh"),
    ]


def test_figures_count_the_whole_fleet_and_a_shared_storage_once() -> None:
    full = [storage("ceph", name, shared=True, used=95 * GIB) for name in ("pve1", "pve2")]
    guests = (vm(100), vm(101, status="stopped"), vm(103, node="pve2"), vm(102, template=True, status="stopped"))
    nodes = (node("pve1"), node("pve2", status="offline"))
    world = fleet(snapshot(ACME, guests, nodes, (*full, storage("local"))), Snapshot(ZETA, state=SourceState.DOWN))
    assert told(world) == [
        ("1+", "of 3+ guests run"),
        ("1+", "of 2+ nodes online"),
        ("1+", "storages over 90 %"),
        ("1", "servers not fresh"),
    ]


def test_they_are_those_of_the_overview() -> None:
    from proxtui.features.overview.rows import COLUMNS as TOTALS
    from proxtui.features.overview.rows import total_rows

    guests = (vm(100), vm(101, node="pve2"), vm(102, template=True, status="stopped"))
    full = snapshot(ACME, guests, (node("pve1"), node("pve2", status="offline")))
    other = snapshot(ZETA, (vm(100),), (node("pve1"),))
    cell = {column.key: column.text for column in TOTALS}
    for world in (
        fleet(full, other),
        fleet(full, replace(other, state=SourceState.DOWN)),
        fleet(full, replace(other, state=SourceState.STALE)),
        fleet(replace(full, guests={}, guests_unseen=True), other),
    ):
        sights = {one.ref: Sight(guests=not one.guests_unseen) for one in world.snapshots}
        total = total_rows(world, Scope(), sights)[0]
        (running, guests_told), (online, nodes_told) = told(world)[:2]
        assert f"{running}/{guests_told.split()[1]}" == cell["running"](total)
        assert f"{online}/{nodes_told.split()[1]}" == cell["online"](total)


def app_with(*views: str, seconds: float = 3600) -> ProxtuiApp:
    config = Config(settings=Settings(wall_views=views, wall_seconds=seconds))
    return ProxtuiApp(runtime_of(two_tenants(), config=config), wall=True)  # type: ignore[arg-type]


@SIZES
async def test_views_come_in_turn_over_large_figures(size: tuple[int, int]) -> None:
    app = app_with("nodes", "guests")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        wall = app.screen
        assert isinstance(wall, Wall)
        assert list(wall.features) == ["nodes", "guests"]
        seen = []
        for _ in range(3):
            assert wall.front_feature is not None
            seen.append(wall.front_feature.name)
            await wall.turn()
            await pilot.pause()
        assert seen == ["nodes", "guests", "nodes"]
        assert len(wall.query(FigureBox)) == 4
        assert wall.query_one("#figures").region.bottom == size[1]


async def test_only_q_does_anything() -> None:
    app = app_with("guests")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, Wall)
        assert app.screen.front is not None
        before = app.screen.front.query_one("LiveTable").rows.cursor  # type: ignore[attr-defined]
        await pilot.press("slash", "P", "2", "colon", "ctrl+p", "question_mark", "tab", "down", "enter", "d", "t")
        await pilot.click("LiveTable")
        await pilot.press("down")
        wall = app.screen
        assert wall.query_one("#wall-keys", Notice).text == "wall: read-only; q quits"
        assert isinstance(wall, Wall)
        assert wall.front_feature is not None
        assert (wall.front_feature.name, app.focused) == ("guests", None)
        assert wall.front is not None
        assert abs(wall.front.query_one("LiveTable").rows.cursor - before) <= 8  # type: ignore[attr-defined]
        assert not app.runtime.poller.paused
        await pilot.press("q")
        await pilot.pause()
    assert not app.is_running


async def test_it_turns_by_itself() -> None:
    app = app_with("guests", "nodes", seconds=2)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        wall = app.screen
        assert isinstance(wall, Wall)
        while wall.front_feature is None or wall.front_feature.name != "nodes":
            await pilot.pause(0.1)


def test_a_view_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"settings\.wall_views: there is no view gests; there are guests"):
        chosen_views(FEATURES, ("guests", "gests"))
    shown = [card.name for card in FEATURES if card.key and not card.is_setup]
    assert [view.name for view in chosen_views(FEATURES, ())] == shown
