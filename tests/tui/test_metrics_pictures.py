"""Pictures of the metrics: a server that fails, none that answers, and before anybody asked; at both sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from proxtui.core.calls import Called, CallLog
from proxtui.core.recording import Recording
from proxtui.features.metrics.keeping import MetricsKeeper
from proxtui.tui.app import ProxtuiApp
from tests.features.fakes import FakeClock, runtime_of
from tests.features.fleets import ACME, two_tenants
from tests.features.metricses import PARIS, called
from tests.walks.settling import settled

from .test_pictures import Answered

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
Compare = Callable[..., bool]
pytestmark = pytest.mark.usefixtures("utc")
REFUSED = {"error": "NetworkError", "retries": 1}


class Sitter(ProxtuiApp):
    """Gives the picture back that the comparison takes of it."""

    def run(self, *arguments: Any, **settings: Any) -> Any:
        return App.run(self, *arguments, **settings)


def day(now: float, ref: Any, *, from_minute: int = 0, **more: Any) -> list[Called]:
    """A call every ten minutes of the last 20 hours, slower by day than by night; ``from_minute`` ago the last."""
    return [
        called(now - minute * 60, 30.0 + (minute // 60) % 12 * 9, ref=ref, **more)
        for minute in range(from_minute, 1200, 10)
    ]


def app(folder: Path, make: Callable[[float], list[Called]]) -> ProxtuiApp:
    clock = FakeClock()
    recording = Recording(CallLog(now=clock.time), clock, lambda tell: MetricsKeeper(folder, tell=tell, now=clock.time))
    recording.calls.put_back(make(clock.time()))
    return Sitter(runtime_of(two_tenants(), recording=recording, read_only=True))  # type: ignore[arg-type]


def opened(summary: str) -> Callable[[Pilot[None]], Any]:
    async def go(pilot: Pilot[None]) -> None:
        await pilot.press("W")
        while not (getattr(pilot.app.screen, "front", None) and pilot.app.screen.front.summary == summary):  # type: ignore[attr-defined]
            await pilot.pause(0.02)
        front: Any = pilot.app.screen.front  # type: ignore[attr-defined]
        while front._detail is None:
            await pilot.pause(0.02)
        await settled(pilot, Answered())  # type: ignore[arg-type]
        await pilot.app.runtime.recording.aclose()  # type: ignore[attr-defined]

    return go


@SIZES
def test_a_server_is_missing(snap_compare: Compare, size: tuple[int, int], tmp_path: Path) -> None:
    def made(now: float) -> list[Called]:
        gone = [called(now - at * 60, 5_000, ref=ACME, **REFUSED) for at in range(0, 120, 10)]
        return day(now, ACME, from_minute=120) + gone + day(now, PARIS, path="ssh")

    assert snap_compare(app(tmp_path, made), terminal_size=size, run_before=opened("240 calls in 24 h, 12 failed"))


@SIZES
def test_none_is_reachable(snap_compare: Compare, size: tuple[int, int], tmp_path: Path) -> None:
    def made(now: float) -> list[Called]:
        return day(now, ACME, **REFUSED) + day(now, PARIS, path="ssh", **REFUSED)

    assert snap_compare(app(tmp_path, made), terminal_size=size, run_before=opened("240 calls in 24 h, 240 failed"))


@SIZES
def test_nobody_was_asked_yet(snap_compare: Compare, size: tuple[int, int], tmp_path: Path) -> None:
    assert snap_compare(
        app(tmp_path, lambda _now: []), terminal_size=size, run_before=opened("0 calls in 24 h, 0 failed")
    )
