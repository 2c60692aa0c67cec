"""Metrics from a file to another database: each call once, with the sums of its hour, however often it is copied."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from proxtui.config.secret import Secret
from proxtui.core.db import Database
from proxtui.errors import NewerFormat, StoreUnavailable
from proxtui.features.metrics import copying
from proxtui.features.metrics.copying import copied
from proxtui.features.metrics.models import HOUR
from proxtui.features.metrics.service import ConnectionMetrics
from proxtui.features.metrics.writing import write

from .metricses import MIDNIGHT, PARIS, PROD, called, opened

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "CHUNK", 10)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[ConnectionMetrics]:
    found = opened(tmp_path / "here")
    yield found
    found.close()


@pytest.fixture
def there(tmp_path: Path, database: Secret | None) -> Iterator[ConnectionMetrics]:
    found = opened(tmp_path / "there", None, database)
    yield found
    found.close()


def several(count: int, seed: int = 1) -> list[Any]:
    """Calls of a day to two servers over two ways, some of which failed and some of which were not timed."""
    rng = random.Random(seed)  # noqa: S311 # made-up calls
    return [
        called(
            MIDNIGHT - rng.random() * 86_000,
            rng.choice([None, rng.random() * 900]),
            rng.choice(["", "", "NetworkError"]),
            ref=rng.choice([PROD, PARIS]),
            path=rng.choice(["direct", "ssh"]),
            retries=rng.randrange(3),
            message=rng.choice(["", "it said no"]),
        )
        for _ in range(count)
    ]


def all_of(metrics: ConnectionMetrics) -> list[Any]:
    """Everything that can be asked of them."""
    every = sorted(metrics.standings(), key=lambda one: one.ref)
    failures = [metrics.newest_errors(ref, 1_000) for ref in metrics.servers()]
    return [every, failures, [metrics.percentiles(ref) for ref in metrics.servers()]]


def copy(here: ConnectionMetrics, there: ConnectionMetrics) -> copying.Copied:
    return copied(here.db, there.db, lambda _done, _total: None)


def test_a_copy_tells_the_same_and_can_be_repeated(here: ConnectionMetrics, there: ConnectionMetrics) -> None:
    here.record(several(95))
    assert copy(here, there) == (95, 95, 0)
    assert all_of(there) == all_of(here)
    assert copy(here, there) == (95, 0, 95)
    assert all_of(there) == all_of(here)
    here.record(several(30, seed=2))
    assert copy(here, there) == (125, 30, 95)
    assert all_of(there) == all_of(here)


def test_what_others_wrote_meanwhile_is_counted_beside_it(here: ConnectionMetrics, there: ConnectionMetrics) -> None:
    """Into the same hours of the same server, before and after."""
    mine, others = several(40), several(40, seed=3)
    here.record(mine)
    there.record(others[:20])
    assert copy(here, there) == (40, 40, 0)
    there.record(others[20:])
    assert copy(here, there) == (40, 0, 40)
    sums = [there.summary(ref).attempts for ref in (PROD, PARIS)]
    assert sums == [sum(one.ref == ref for one in mine + others) for ref in (PROD, PARIS)]


def test_calls_that_are_the_same_in_all_are_as_many(here: ConnectionMetrics, there: ConnectionMetrics) -> None:
    """More of one microsecond than go into a chunk, and some of them at its edge."""
    here.record([called(MIDNIGHT - 60 - at) for at in range(8)] + [called()] * 25)
    there.record([called()] * 2)
    assert copy(here, there) == (33, 31, 2)
    assert there.summary(PROD).attempts == 33
    assert copy(here, there) == (33, 0, 33)


def test_it_says_how_far_it_is(here: ConnectionMetrics, there: ConnectionMetrics) -> None:
    here.record([called(MIDNIGHT - at) for at in range(25)])
    told: list[tuple[int, int]] = []
    copied(here.db, there.db, lambda *far: told.append(far))
    assert told == [(10, 25), (20, 25), (25, 25)]
    assert copy(there, here) == (25, 0, 25), "back again there is nothing to do"


def test_a_copy_that_broke_off_is_gone_on_with(here: ConnectionMetrics, there: ConnectionMetrics) -> None:
    here.record([called(MIDNIGHT - at * HOUR / 5) for at in range(45)])

    class Ctrl(Exception):
        pass

    def interrupted(done: int, _total: int) -> None:
        if done >= 20:
            raise Ctrl

    with pytest.raises(Ctrl):
        copied(here.db, there.db, interrupted)
    assert there.summary(PROD).attempts == 20
    assert copy(here, there) == (45, 25, 20)
    assert all_of(there) == all_of(here)


def test_a_lost_answer_to_a_commit_doubles_nothing(
    here: ConnectionMetrics, there: ConnectionMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.record([called(MIDNIGHT - at) for at in range(25)])
    monkeypatch.setattr(there.db, "_patience", 10.0)
    run: Callable[..., Any] = Database._run
    lost: list[int] = []

    def lossy(self: Database, work: Callable[[Connection], T], *, writes: bool) -> T:
        done: T = run(self, work, writes=writes)
        if writes and self is there.db and len(lost) < 1:
            lost.append(1)
            raise StoreUnavailable("the server went away; nobody knows whether it was written", why="unknown")
        return done

    monkeypatch.setattr(Database, "_run", lossy)
    assert copy(here, there) == (25, 15, 10)
    assert lost == [1]
    assert all_of(there) == all_of(here)


def test_what_did_not_arrive_is_said(
    here: ConnectionMetrics, there: ConnectionMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.record([called(MIDNIGHT - at) for at in range(25)])
    monkeypatch.setattr(copying, "write", lambda connection, batch, known: write(connection, batch[1:], known))
    with pytest.raises(StoreUnavailable, match="3 of 25 calls are not in"):
        copy(here, there)


def test_a_newer_file_or_server_is_refused(here: ConnectionMetrics, there: ConnectionMetrics) -> None:
    here.record([called()])
    for one in (here, there):
        one.db.newer = True
        with pytest.raises(NewerFormat, match="of a newer proxtui"):
            copy(here, there)
        one.db.newer = False
    assert there.summary(PROD).attempts == 0
