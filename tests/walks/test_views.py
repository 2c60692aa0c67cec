"""Pictures of every view at both sizes, over a fleet that is well, one where everything is wrong, and a huge one."""

from __future__ import annotations

import asyncio

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from proxtui.registry import FEATURES

from .settling import settled
from .world import ProxtuiApp, Traffic, all_judged, make_world, runtime_over

NOON = 1_795_348_800.0
VIEWS = {feature.name: feature.key for feature in FEATURES if feature.key}
SIZES = {"80x24": (80, 24), "160x50": (160, 50)}


class Svg(SingleFileSnapshotExtension):
    """One SVG file a picture."""

    _file_extension = "svg"
    _write_mode = WriteMode.TEXT

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return f"{test_location.methodname}[{index}]"


class Noon:
    """It is always noon; who sleeps never wakes, so every server is asked just once."""

    def monotonic(self) -> float:
        return 1_000.0

    def time(self) -> float:
        return NOON

    def boottime(self) -> float:
        return 1_000.0

    async def sleep(self, _seconds: float) -> None:
        await asyncio.Event().wait()


pytestmark = pytest.mark.usefixtures("utc")


async def pictures(scenario: str, size: tuple[int, int]) -> dict[str, str]:
    """Every view by its name: one app that goes from view to view."""
    world, traffic = make_world(scenario, now=lambda: NOON), Traffic()
    found = {}
    async with runtime_over(world, clock=Noon(), timeout_ms=1_000, traffic=traffic) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=size) as pilot:
            await settled(pilot, traffic)
            assert all_judged(runtime)
            for view, key in VIEWS.items():
                await pilot.press(key)
                await settled(pilot, traffic)
                found[view] = app.export_screenshot(title=f"{scenario} {view}")
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scenario", ["fleet", "broken", "huge"])
async def test_view(scenario: str, size: str, snapshot: SnapshotAssertion) -> None:
    found = await pictures(scenario, SIZES[size])
    # All are compared before any is judged, so that one run shows every view that differs.
    same = {
        view: painted == snapshot(extension_class=Svg, name=f"{scenario}-{view}-{size}")
        for view, painted in found.items()
    }
    assert [view for view in same if not same[view]] == []
