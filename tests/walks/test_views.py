"""Pictures of every view at both sizes, over a fleet that is well and one where everything is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from proxtui.registry import FEATURES

from .world import ProxtuiApp, all_judged, make_world, runtime_over

NOON = 1_795_348_800.0
VIEWS = {feature.name: feature.key for feature in FEATURES if feature.key}
SIZES = {"80x24": (80, 24), "160x50": (160, 50)}


class Svg(SingleFileSnapshotExtension):
    """One SVG file a picture."""

    _file_extension = "svg"
    _write_mode = WriteMode.TEXT


class Noon:
    """It is always noon; who sleeps never wakes, so every server is asked just once."""

    def monotonic(self) -> float:
        return 1_000.0

    def time(self) -> float:
        return NOON

    async def sleep(self, _seconds: float) -> None:
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def one_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def picture(scenario: str, view: str, size: tuple[int, int], *more: str) -> str:
    world = make_world(scenario, now=lambda: NOON)
    async with runtime_over(world, clock=Noon(), timeout_ms=1_000) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=size) as pilot:
            async with asyncio.timeout(15):
                while not all_judged(runtime):
                    await pilot.pause(0.05)
            await pilot.press(VIEWS[view], *more)
            # A view asks its servers once it is in front; the hung one is given up after a second.
            await pilot.pause(1.5)
            await pilot.pause()
            return app.export_screenshot(title=f"{scenario} {view}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("scenario", ["fleet", "broken"])
async def test_view(scenario: str, view: str, size: str, snapshot: SnapshotAssertion) -> None:
    assert await picture(scenario, view, SIZES[size]) == snapshot(extension_class=Svg)
