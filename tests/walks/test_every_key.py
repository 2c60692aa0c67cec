"""Every bound key on every screen, with rows and without, under a filter, in the tree: no crash, an honest footer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot

from proxtui.config.models import Place
from proxtui.features.servers.checking import Checked
from proxtui.kit.key_bar import KeyBar, fitting, hints_of
from proxtui.kit.screen import LiveScreen
from proxtui.registry import FEATURES
from tests.features.setups import setup

from .world import ProxtuiApp, all_judged, make_world, runtime_over

VIEWS = [feature for feature in FEATURES if feature.key]
LEAVE = {"q", "ctrl+q", "ctrl+c"}
"""Keys that end the program; other tests press them."""


def check_footer(app: ProxtuiApp) -> None:
    """What the footer promises is bound and enabled now, and what does not fit is said to be there."""
    screen = app.screen
    if not isinstance(screen, LiveScreen):
        return
    bar = screen.query_one(KeyBar)
    active = screen.active_bindings
    promised = fitting(hints_of(screen), bar.size.width - 1)
    for hint in promised:
        assert hint.key in active, f"the footer shows {hint.shown_key}, which is not bound"
        assert active[hint.key].enabled
    if len(promised) < len(hints_of(screen)):
        assert promised[-1].text == "more"
    assert bar.render_line(0).text.strip().startswith(promised[0].shown_key if promised else "")


async def press_everything(app: ProxtuiApp, pilot: Pilot[None]) -> set[str]:
    """Press each key that is bound at the moment, and come back after each."""
    pressed: set[str] = set()
    live = app.screen
    for key in sorted(set(live.active_bindings) - LEAVE):
        await pilot.press(key)
        await pilot.pause()
        pressed.add(key)
        check_footer(app)
        for _ in range(4):
            if (
                app.screen is live
                and live.focused is not None
                and not live.focused.__class__.__name__.endswith("Input")
            ):
                break
            await pilot.press("escape")
            await pilot.pause()
        assert app.crash is None
        assert app.screen is live, f"{key} opened something that escape does not close"
    return pressed


async def ready(pilot: Pilot[None], app: ProxtuiApp) -> None:
    async with asyncio.timeout(30):
        while not all_judged(app.runtime):
            await pilot.pause(0.05)
    await pilot.pause()


@pytest.mark.parametrize("feature", VIEWS, ids=lambda feature: feature.name)
@pytest.mark.parametrize("scenario", ["small", "broken"])
async def test_with_rows(feature: object, scenario: str) -> None:
    async with runtime_over(make_world(scenario)) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(pilot, app)
            await pilot.press(feature.key)  # type: ignore[attr-defined]
            await pilot.pause()
            pressed = await press_everything(app, pilot)
            if scenario == "small":
                # Open what is under the cursor, and press everything again with the pane open.
                await pilot.press(feature.key, "enter")  # type: ignore[attr-defined]
                await pilot.pause(0.3)
                pressed |= await press_everything(app, pilot)
    # Without a configuration of our own there are no people; nothing was changed, no call recorded: nothing to open.
    opened = set() if feature.name in ("users", "audit", "metrics") else {"enter"}  # type: ignore[attr-defined]
    assert opened | {"question_mark", "slash", "up", "down"} <= pressed


@pytest.mark.parametrize("feature", VIEWS, ids=lambda feature: feature.name)
async def test_without_rows_and_under_a_filter_that_hides_all(feature: object) -> None:
    async with runtime_over(make_world("small")) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(feature.key)  # type: ignore[attr-defined]
            await pilot.press("slash", *"zzz", "enter")
            await pilot.pause()
            await press_everything(app, pilot)


async def test_in_the_tree() -> None:
    async with runtime_over(make_world("small")) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(pilot, app)
            for _ in range(4):
                if app.screen.sidebar is not None and app.screen.sidebar.has_focus_within:  # type: ignore[attr-defined]
                    break
                await pilot.press("tab")
            await press_everything(app, pilot)


@pytest.mark.parametrize("name", ["servers", "tenants", "users"])
async def test_with_a_configuration_that_can_be_changed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of people, too, and every deed of the views; nothing is asked on the network."""
    monkeypatch.setattr("proxtui.features.servers.checking.check", _well)
    key = next(feature.key for feature in VIEWS if feature.name == name)
    async with setup(tmp_path, key, size=(120, 36)) as one:
        pressed = await press_everything(one.acting.app, one.acting.pilot)
        await one.acting.press(key, "enter")
        pressed |= await press_everything(one.acting.app, one.acting.pilot)
    assert {"a", "m", "enter", "ctrl+t"} <= pressed


async def _well(place: Place, _server: object, _diagnose: object = None) -> Checked:
    return Checked(place=place, state="online")
