"""The metrics on the screen: a row for each server, its day beside it, and what is said when nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxtui.core.calls import CallLog
from proxtui.core.recording import Recording
from proxtui.errors import StoreUnavailable
from proxtui.features.metrics.keeping import MetricsKeeper

from .fakes import FakeClock
from .fleets import ACME, two_tenants
from .metricses import PARIS, called
from .screens import LARGE, SMALL, Stage, stage, text_of


@pytest.fixture
async def recording(tmp_path: Path) -> AsyncIterator[Recording]:
    clock = FakeClock()
    found = Recording(CallLog(now=clock.time), clock, lambda tell: MetricsKeeper(tmp_path, tell=tell, now=clock.time))
    now = clock.time()
    found.calls.put_back(
        [called(now - at * 60, 40 + at, ref=ACME) for at in range(600)]
        + [called(now - 5, 30_000, "DeadlineExceeded", ref=ACME, retries=1)]
        + [called(now - 60, ref=PARIS, path="ssh")]
    )
    yield found
    await found.aclose()


async def opened(acting: Stage) -> None:
    await acting.press("W")
    await acting.until(lambda: acting.front.HELP_NAME == "metrics" and "calls in" in acting.front.summary)
    await acting.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_each_server_has_its_numbers_and_its_day(recording: Recording, size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size, recording=recording) as acting:
        await opened(acting)
        table = "\n".join(acting.lines(acting.table))
        assert "99.83 %" in table
        assert acting.front.summary == "602 calls in 24 h, 1 failed"
        await acting.until(lambda: "DeadlineExceeded" in text_of(acting.pane.query_one("Facts")))
        assert [chart._drawn.title for chart in acting.charts] == ["Answered", "Response time"]
        assert "p50 95 99" in text_of(acting.pane.query_one("Facts"))


async def test_new_calls_come_and_another_row_has_its_own_errors(recording: Recording) -> None:
    async with stage(two_tenants(), LARGE, recording=recording) as acting:
        await opened(acting)
        recording.calls.observer(PARIS, "pve1:8006", "ssh")(0.1, "", 0)
        await acting.press("f5")
        await acting.until(lambda: acting.front.summary == "603 calls in 24 h, 1 failed")
        await acting.press("down")
        await acting.until(lambda: "zeta/paris" in acting.pane.title)
        await acting.until(lambda: acting.front._detail is not None and acting.front._detail.ref == PARIS)
        assert "DeadlineExceeded" not in text_of(acting.pane.query_one("Facts"))


async def test_a_server_that_was_not_asked_says_so(recording: Recording) -> None:
    recording.calls.drain()
    async with stage(two_tenants(), LARGE, recording=recording) as acting:
        await acting.press("W")
        await acting.until(lambda: acting.front.summary == "0 calls in 24 h, 0 failed")
        assert "none in the last 24 hours" in text_of(acting.pane.query_one("Facts"))
        assert "no calls since" in "".join(text_of(chart) for chart in acting.charts)


async def test_calls_of_which_none_was_answered_are_not_called_none(recording: Recording) -> None:
    recording.calls.drain()
    recording.calls.put_back([called(recording._clock.time() - 60, error="NetworkError", ref=ACME)])
    async with stage(two_tenants(), LARGE, recording=recording) as acting:
        await acting.press("W")
        await acting.until(lambda: acting.front.summary == "1 calls in 24 h, 1 failed")
        await acting.until(lambda: "nothing answered since" in "".join(text_of(chart) for chart in acting.charts))


async def test_where_nothing_is_kept_it_is_said_and_a_broken_database_is_said(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(two_tenants(), LARGE) as acting:
        await acting.press("W")
        await acting.until(lambda: "not recorded here" in text_of(acting.front.notice))
    async with stage(two_tenants(), LARGE, recording=recording) as acting:
        await opened(acting)

        async def broken(_work: object) -> None:
            raise StoreUnavailable("the metrics: the disk burns")

        monkeypatch.setattr(recording, "ask", broken)
        await acting.press("f5")
        await acting.until(lambda: "disk burns" in text_of(acting.front.notice))
        assert acting.front.summary.startswith("602 calls")
        monkeypatch.undo()
