"""What recording costs a call, and what a million recorded calls cost who asks about them."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.answerer import PASSWORD, Answerer, answering
from benchmarks.budgets import Figure
from benchmarks.measure import alternate, cpu_of_call
from proxtui.core.calls import CallLog
from proxtui.core.clock import SystemClock
from proxtui.core.db import open_database
from proxtui.core.model import ServerRef
from proxtui.core.recording import Recording
from proxtui.features.metrics.keeping import MetricsKeeper
from proxtui.features.metrics.models import HOUR
from proxtui.features.metrics.service import ConnectionMetrics
from proxtui.features.metrics.tables import SCHEMA
from proxtui.pve import ProxmoxClient, ProxmoxConfig

SERVERS = 5
ROWS = 1_000_000
WITHIN = 0.1
REFS = [ServerRef("bench", f"s{number}") for number in range(SERVERS)]
_BARE = """SELECT ts / 3600000000, count(*), sum(ok), avg(took) FROM metric_calls
WHERE way = 1 AND ts >= ? GROUP BY 1"""
"""What anybody would write over the rows themselves."""


def recording(requests: int = 300, rounds: int = 9) -> Iterator[Figure]:
    """The client's processor time per request, over five servers, without a limiter: recorded beside not."""
    with answering([b'{"data":[]}']) as server, tempfile.TemporaryDirectory() as folder:
        # Loaded and made before: what a program pays once is no cost of a request.
        asyncio.run(_asked(server, 1, Path(folder)))

        def measure(keep: Path | None) -> Callable[[int], float]:
            return lambda _: cpu_of_call(lambda: asyncio.run(_asked(server, requests, keep)))

        spent = alternate({"recorded": measure(Path(folder)), "not": measure(None)}, rounds)
    each = 1_000_000 / (requests * SERVERS)
    yield Figure(
        f"a request over {SERVERS} servers, recorded, CPU",
        *(spent["recorded"] * each, "us", 1.1, spent["not"] * each, "not recorded"),
    )


async def _asked(server: Answerer, requests: int, keep: Path | None) -> None:
    made: Recording | None = None
    if keep is not None:
        folder = keep
        made = Recording(CallLog(), SystemClock(), lambda tell: MetricsKeeper(folder, tell=tell))
    clients = [_client(server, made, ref) for ref in REFS]
    try:
        await asyncio.gather(*(_ask(client, requests) for client in clients))
    finally:
        for client in clients:
            await client.aclose()
        if made is not None:
            await made.aclose()


async def _ask(client: ProxmoxClient, requests: int) -> None:
    for _ in range(requests):
        await client.read("/cluster/resources")


def _client(server: Answerer, made: Recording | None, ref: ServerRef) -> ProxmoxClient:
    config = ProxmoxConfig(
        host="127.0.0.1", port=server.port, username="root@pam", password=PASSWORD, fingerprints=(server.fingerprint,)
    )
    observe = None if made is None else made.calls.observer(ref, config.endpoint, "direct")
    return ProxmoxClient(config, observe=observe)


def asking(rows: int = ROWS, rounds: int = 7) -> Iterator[Figure]:
    """Summary and history of a server, whose last day holds a fifth of a million calls, beside a bare query."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.db"
        now = time.time()
        metrics = ConnectionMetrics(open_database(SCHEMA, path), now=lambda: now)
        _fill(path, rows, now)
        try:
            with closing(sqlite3.connect(path)) as bare:
                since = int((now - 24 * HOUR) * 1_000_000)
                spent = alternate(
                    {
                        "summary": lambda _: _wall(lambda: metrics.summary(REFS[0])),
                        "history": lambda _: _wall(lambda: metrics.history(REFS[0])),
                        "bare": lambda _: _wall(lambda: bare.execute(_BARE, (since,)).fetchall()),
                    },
                    rounds,
                )
        finally:
            metrics.close()
    for name in ("summary", "history"):
        what = f"{name} of a day, {rows} calls"
        yield Figure(f"{what}, wall", spent[name], "s", WITHIN)
        yield Figure(f"{what}, beside SQL", spent[name] * 1000, "ms", 2.0, spent["bare"] * 1000, "a bare query")


def _fill(path: Path, rows: int, now: float) -> None:
    """Calls of one day to five servers, and the sums that writing them one by one would have left."""
    rng = random.Random(1)
    with closing(sqlite3.connect(path)) as file:
        names = [(at + 1, ref.tenant, ref.server, "pve1:8006", "direct") for at, ref in enumerate(REFS)]
        file.executemany("INSERT INTO metric_ways VALUES (?, ?, ?, ?, ?)", names)
        calls = (
            (
                at % SERVERS + 1,
                int((now - at * 24 * HOUR / rows) * 1_000_000),
                rng.randrange(10_000, 900_000),
                int(at % 100 > 0),
            )
            for at in range(rows)
        )
        file.executemany("INSERT INTO metric_calls (way, ts, took, ok, retries) VALUES (?, ?, ?, ?, 0)", calls)
        file.execute(
            "INSERT INTO metric_hours SELECT way, ts / 3600000000 * 3600, count(*), sum(ok), sum(ok), sum(ok * took) "
            "FROM metric_calls GROUP BY 1, 2"
        )
        file.commit()


def _wall(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
