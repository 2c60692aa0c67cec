"""What the dashboard asks: at most three requests per cluster to the first full table, then one per interval."""

from __future__ import annotations

import asyncio
from collections import Counter

from proxtui.core.model import Fleet, SourceState
from proxtui.kit.live_table import LiveTable
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime

from .conftest import Simulator, simulator
from .fleets import fleet_of, token_server, until


def asked(sim: Simulator) -> dict[str, Counter[str]]:
    """Per server: how often each method and path was asked."""
    by_server: dict[str, Counter[str]] = {}
    for line, count in sim.requests().items():
        server, _, request = line.partition(" ")
        by_server.setdefault(server, Counter())[request] += count
    return by_server


def all_fresh(fleet: Fleet) -> bool:
    return all(snapshot.state is SourceState.FRESH for snapshot in fleet.snapshots)


async def test_three_requests_to_the_first_table_and_one_per_interval_after() -> None:
    # Twelve nodes and four hundred guests: more than the ten and three hundred that the budget is made for.
    with simulator("--scenario", "fleet") as sim:
        config = fleet_of(*(token_server(server) for server in sim.servers), interval=3.0)
        async with open_runtime(config, read_only=True) as runtime:
            app = ProxtuiApp(runtime)
            started = runtime.clock.monotonic()
            async with app.run_test(size=(160, 50)) as pilot:
                fleet = await until(runtime.store, all_fresh)
                await pilot.pause()
                guests = sum(len(snapshot.guests) for snapshot in fleet.snapshots)
                nodes = sum(len(snapshot.nodes) for snapshot in fleet.snapshots)
                assert (nodes, guests) >= (10, 300)
                async with asyncio.timeout(20):
                    while app.screen.query_one(LiveTable).shown != guests:
                        await pilot.pause()
                first = asked(sim)
                # On a machine that is slow today the next polls may have begun before the table was seen full.
                late = int((runtime.clock.monotonic() - started) / (config.settings.interval * 0.9))
                # The permissions may still be on their way; they are the third request, after token or login.
                assert all(count.total() <= 3 + late for count in first.values()), first
                assert all(1 <= count["GET /cluster/resources"] <= 1 + late for count in first.values()), first

                polled = [snapshot.taken_at or 0.0 for snapshot in fleet.snapshots]
                await until(
                    runtime.store,
                    lambda fleet: all(
                        (new.taken_at or 0.0) > old for new, old in zip(fleet.snapshots, polled, strict=True)
                    ),
                )
                sim.control("DELETE", "requests")
                began = runtime.clock.monotonic()
                marks = {snapshot.ref: snapshot.taken_at or 0.0 for snapshot in runtime.store.fleet().snapshots}
                fleet = await until(
                    runtime.store,
                    lambda fleet: all((new.taken_at or 0.0) - marks[new.ref] > 5.5 for new in fleet.snapshots),
                )
                intervals = (runtime.clock.monotonic() - began) / config.settings.interval
                later = asked(sim)
    for server, count in later.items():
        assert set(count) == {"GET /cluster/resources"}, (server, count)
        # The jitter of 10 % can bring one poll more into the window.
        assert count.total() <= intervals / 0.9 + 1, (server, count, intervals)
