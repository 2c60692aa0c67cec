"""The connection metrics: what is counted, in which hours, and what is forgotten, whatever the clock does."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.secret import Secret
from proxtui.core.db import Database
from proxtui.core.model import ServerRef
from proxtui.errors import StoreUnavailable
from proxtui.features.metrics.models import HOUR, learned_timeout, rank
from proxtui.features.metrics.service import ConnectionMetrics
from tests.zones import zone

from .metricses import MIDNIGHT, PARIS, PROD, Wall, called, opened

DAY = 24 * HOUR


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def metrics(tmp_path: Path, wall: Wall, database: Secret | None) -> Iterator[ConnectionMetrics]:
    found = opened(tmp_path / "state", wall, database)
    yield found
    found.close()


def test_a_summary_has_the_documented_fields(metrics: ConnectionMetrics) -> None:
    metrics.record([called(ms=100), called(ms=200), called(ms=30_000, error="DeadlineExceeded"), called(ms=None)])
    assert metrics.summary(PROD).document == {
        **{"totalAttempts": 4, "successCount": 3, "failureCount": 1},
        **{"successRate": 75.0, "avgResponseTime": 150.0},
    }


def test_nothing_is_known_of_a_server_that_was_not_asked(metrics: ConnectionMetrics) -> None:
    said = {"totalAttempts": 0, "successCount": 0, "failureCount": 0, "successRate": None, "avgResponseTime": None}
    assert metrics.summary(PROD).document == said
    assert metrics.history(PROD).hourly == ()
    assert metrics.percentiles(PROD).p95 is None
    assert (metrics.newest_errors(PROD), metrics.learned_timeout_ms(PROD), metrics.standings()) == ([], None, [])
    metrics.record([])
    assert metrics.servers() == []


def test_servers_are_kept_apart_and_ways_of_one_are_one(metrics: ConnectionMetrics) -> None:
    metrics.record(
        [called(), called(path="tailscale", endpoint="pve1.ts:8006"), called(), called(ref=PARIS, error="TunnelError")]
    )
    assert metrics.summary(PROD).attempts == 3
    assert metrics.summary(PARIS).success_rate == 0.0
    assert metrics.summary(ServerRef("zeta", "prod")).attempts == 0
    paris, prod = sorted(metrics.standings(), key=lambda one: one.ref.server)
    assert (prod.paths, paris.paths) == (("direct", "tailscale"), ("direct",))
    assert paris.last is not None
    assert paris.last.error == "TunnelError"


def test_the_day_is_cut_to_the_second(metrics: ConnectionMetrics, wall: Wall) -> None:
    wall.now = MIDNIGHT + 1_234
    begin = wall.now - DAY
    metrics.record([called(begin - 0.001), called(begin), called(begin + HOUR), called(wall.now)])
    history = metrics.history(PROD)
    assert history.sums.attempts == metrics.summary(PROD).attempts == 3
    assert [hour.time for hour in history.hourly] == [
        "2026-11-21T00:00:00Z",
        "2026-11-21T01:00:00Z",
        "2026-11-22T00:00:00Z",
    ]
    assert set(history.document) == {"hourly", "summary"}
    assert set(history.hourly[0].document) == {"time", "successRate", "avgResponseTime", "attempts"}


def test_an_hour_of_failures_has_no_average(metrics: ConnectionMetrics) -> None:
    metrics.record([called(MIDNIGHT - HOUR, error="NetworkError"), called(MIDNIGHT - 2 * HOUR)])
    assert [hour.document["avgResponseTime"] for hour in metrics.history(PROD).hourly] == [100.0, None]


def test_one_failure_among_many_is_never_rounded_away(metrics: ConnectionMetrics) -> None:
    metrics.record([called() for _ in range(30_000)] + [called(error="NetworkError")])
    assert metrics.summary(PROD).success_rate == 99.99


def test_sums_are_those_of_the_calls_themselves(metrics: ConnectionMetrics, wall: Wall) -> None:
    """However many batches they came in, and whichever part of them is in the day."""
    rng = random.Random(7)  # noqa: S311 # made-up calls
    calls = [
        called(MIDNIGHT - rng.random() * 2 * DAY, float(rng.randrange(1, 900)), rng.choice(["", "", "X"]))
        for _ in range(3_000)
    ]
    for at in range(0, len(calls), 70):
        metrics.record(calls[at : at + 70])
    for now in (MIDNIGHT, MIDNIGHT - 1_000.25, MIDNIGHT - 7 * HOUR + 0.5):
        wall.now = now
        last = now // HOUR * HOUR + 2 * HOUR
        mine = [one for one in calls if now - DAY <= one.at < last]
        good = [one for one in mine if not one.error]
        sums = metrics.summary(PROD)
        assert (sums.attempts, sums.good, sums.timed) == (len(mine), len(good), len(good))
        assert sums.took == sum(round(one.seconds * 1e6) for one in good if one.seconds)
        times = sorted(one.seconds * 1000 for one in good if one.seconds)
        told = metrics.percentiles(PROD)
        assert told.count == len(times)
        assert told.p95 == round(times[rank(len(times), 0.95) - 1], 1)
        assert told.p50 == round(times[rank(len(times), 0.5) - 1], 1)


def test_percentiles_are_by_nearest_rank(metrics: ConnectionMetrics) -> None:
    metrics.record([called(ms=float(ms)) for ms in range(1, 21)])
    found = metrics.percentiles(PROD)
    assert (found.p50, found.p95, found.p99, found.count) == (10.0, 19.0, 20.0, 20)


def test_the_newest_errors_come_first_over_all_ways(metrics: ConnectionMetrics) -> None:
    metrics.record([called(MIDNIGHT - at, error=f"E{at}", endpoint=f"pve{at % 2}:8006", retries=1) for at in range(8)])
    metrics.record([called()])
    found = metrics.newest_errors(PROD, 3)
    assert [(one.error, one.endpoint) for one in found] == [
        ("E0", "pve0:8006"),
        ("E1", "pve1:8006"),
        ("E2", "pve0:8006"),
    ]
    assert found[0].retries == 1


@pytest.mark.parametrize(
    ("times", "learned"),
    [([100.0] * 9, None), ([100.0] * 10, 5_000), ([20_000.0] * 10, 30_000), ([100_000.0] * 10, 120_000)],
)
def test_a_timeout_is_learned_from_ten_answers_on(
    metrics: ConnectionMetrics, times: list[float], learned: int | None
) -> None:
    metrics.record([called(ms=ms) for ms in times] + [called(ms=90_000, error="DeadlineExceeded")])
    assert metrics.learned_timeout_ms(PROD) == learned
    assert metrics.learned([PROD, PARIS]) == ({PROD: learned} if learned else {})


def test_what_is_learned_comes_from_the_newest_answers() -> None:
    assert learned_timeout([10_000_000] * 19 + [90_000_000]) == 15_000


def test_thirty_days_are_kept(metrics: ConnectionMetrics, wall: Wall) -> None:
    metrics.record([called(MIDNIGHT - 31 * DAY - at) for at in range(12_000)])
    metrics.record([called(MIDNIGHT - 30 * DAY + 1), called()])
    assert metrics.prune() == 12_000
    assert metrics.summary(PROD, hours=31 * 24).attempts == 2
    wall.now += 400 * DAY
    metrics.record([called(wall.now)])
    assert metrics.prune() == 2
    assert metrics.prune() == 0


def test_a_clock_that_is_wrong_for_a_moment_forgets_nothing(metrics: ConnectionMetrics, wall: Wall) -> None:
    metrics.record([called()])
    for now in (MIDNIGHT + 9_999 * DAY, 0.0, MIDNIGHT - 60 * DAY):
        wall.now = now
        assert metrics.prune() == 0
    wall.now = MIDNIGHT
    assert metrics.summary(PROD).attempts == 1


def test_a_clock_that_jumps_back_loses_and_doubles_nothing(metrics: ConnectionMetrics, wall: Wall) -> None:
    metrics.record([called(MIDNIGHT - 60 * at) for at in range(60)])
    wall.now = MIDNIGHT - 50 * 60
    metrics.record([called(wall.now)])
    history = metrics.history(PROD)
    assert history.sums.attempts == 61, "what is less than an hour ahead was just now"
    assert len({hour.start for hour in history.hourly}) == len(history.hourly)
    wall.now = MIDNIGHT - 5 * HOUR
    assert metrics.summary(PROD).attempts == 0, "what is far ahead does not count before its time"
    wall.now = MIDNIGHT
    assert metrics.summary(PROD).attempts == 61


@pytest.mark.parametrize("where", ["Europe/Berlin", "Australia/Lord_Howe", "UTC"])
def test_summer_time_changes_no_hour(
    metrics: ConnectionMetrics, wall: Wall, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """On the night of 25 October 2026 Berlin has the hour from two to three twice."""
    monkeypatch.setenv("TZ", where)
    time.tzset()
    try:
        wall.now = 1_792_918_800.0
        metrics.record([called(wall.now - at * 600) for at in range(6 * 24)])
        hours = metrics.history(PROD).hourly
        assert {hour.sums.attempts for hour in hours[1:-1]} == {6}
        assert {later.start - hour.start for hour, later in pairwise(hours)} == {HOUR}
        assert sum(hour.sums.attempts for hour in hours) == 144
        assert all(hour.time.endswith(":00:00Z") for hour in hours)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_texts_are_cut(metrics: ConnectionMetrics) -> None:
    metrics.record([called(error="NetworkError", message="x" * 5_000)])
    assert len(metrics.newest_errors(PROD)[0].message) == 200


def lost_answers(monkeypatch: pytest.MonkeyPatch, metrics: ConnectionMetrics, count: int) -> None:
    """The next ``count`` transactions that write are committed, and their answers are lost."""
    run: Callable[..., Any] = Database._run
    left = [None] * count

    def lossy(self: Database, work: Callable[..., Any], *, writes: bool) -> Any:
        done = run(self, work, writes=writes)
        if writes and self is metrics.db and left:
            left.pop()
            raise StoreUnavailable("gone; nobody knows whether it was written", why="unknown")
        return done

    monkeypatch.setattr(Database, "_run", lossy)


@pytest.mark.parametrize("patience", [10.0, 0.0], ids=["asked again", "given up"])
def test_a_batch_whose_answer_was_lost_is_written_once(
    metrics: ConnectionMetrics, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    """At once where the server is back in time, else by whoever keeps the batch and brings it again with more."""
    monkeypatch.setattr(metrics.db, "_patience", patience)
    batch = [called(), called(), called(MIDNIGHT - 1, path="ssh"), called(MIDNIGHT - 2, None, "X" * 300)]
    lost_answers(monkeypatch, metrics, 1)
    if patience:
        metrics.record(batch)
    else:
        with pytest.raises(StoreUnavailable):
            metrics.record(batch)
    metrics.record([*batch, called(MIDNIGHT - 3)] if not patience else [called(MIDNIGHT - 3)])
    metrics.record([called(MIDNIGHT - 3)])
    sums = metrics.summary(PROD)
    assert (sums.attempts, sums.good) == (6, 5)
    assert metrics.percentiles(PROD).count == 5


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        # Back by half an hour at 01:30 local time, and forward by half an hour at 02:00.
        ("Australia/Lord_Howe", "2026-04-04T15:00:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00"),
        ("Europe/Berlin", "2026-10-25T01:00:00"),
        ("Europe/Berlin", "2026-03-29T01:00:00"),
        ("Asia/Kathmandu", "2026-06-01T00:00:00"),
    ],
)
def test_hours_are_those_of_utc_wherever_and_whenever_clocks_are_changed(
    metrics: ConnectionMetrics, wall: Wall, name: str, moment: str
) -> None:
    """One call each minute; what each hour must hold is counted in seconds since the epoch: no calendar is asked."""
    change = datetime.fromisoformat(f"{moment}+00:00").timestamp()
    with zone(name):
        for hours_after in range(25):
            wall.now = change + hours_after * HOUR + 20 * 60
            metrics.record([called(wall.now - minute * 60) for minute in range(60)])
        first = int(wall.now - DAY)
        expected: dict[str, int] = {}
        for minute in range(25 * 60):
            if (at := int(wall.now) - minute * 60) >= first:
                day, second = divmod(at, DAY)
                start = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date()
                hour = f"{start}T{second // HOUR:02}:00:00Z"
                expected[hour] = expected.get(hour, 0) + 1
        told = metrics.history(PROD)
        assert {hour.time: hour.sums.attempts for hour in told.hourly} == expected
        assert [hour.time for hour in told.hourly] == sorted(expected)
        assert told.sums.attempts == 24 * 60 + 1


def test_thirty_days_are_of_seconds_and_not_of_a_calendar(metrics: ConnectionMetrics, wall: Wall) -> None:
    """A change to summer time lies between."""
    with zone("Australia/Lord_Howe"):
        wall.now = datetime.fromisoformat("2026-10-10T13:30:00+00:00").timestamp()
        edge = int(wall.now) - 30 * DAY
        hour = edge // HOUR * HOUR
        metrics.record([called(wall.now), called(edge), called(hour), called(hour - 0.001), called(hour - 1800)])
        assert metrics.prune() == 2
        assert metrics.summary(PROD, hours=31 * 24).attempts == 3
