"""Two servers over real sockets, one of them hung: the other stays as fresh as if it were alone."""

from __future__ import annotations

import asyncio

from proxtui.core.model import Fleet, ServerRef, SourceState
from proxtui.wiring import open_runtime

from .chaos import chaos_proxy
from .conftest import Simulator
from .fleets import fleet_of, token_server, until

INTERVAL = 2.0


async def test_a_hung_server_does_not_age_the_other(fleet_simulator: Simulator) -> None:
    hung, healthy = fleet_simulator.servers[0], fleet_simulator.servers[1]
    healthy_ref = ServerRef("acme", healthy["server"])
    async with chaos_proxy(hung["host"], hung["port"]) as proxy:
        config = fleet_of(
            token_server(hung, port=proxy.port, timeout_ms=2_000), token_server(healthy), interval=INTERVAL
        )
        async with open_runtime(config, read_only=True) as runtime:
            asking = asyncio.create_task(runtime.poller.run())
            store = runtime.store
            await until(store, lambda fleet: all(one.state is SourceState.FRESH for one in fleet.snapshots))
            proxy.mode = "hang"
            ages: list[float] = []
            polled = store.snapshot(healthy_ref).taken_at or 0.0

            def newer(fleet: Fleet) -> bool:
                return (fleet.snapshots[1].taken_at or 0.0) > polled

            for _ in range(4):
                before = store.snapshot(healthy_ref)
                fleet = await until(store, newer, seconds=10)
                ages.append(before.age(fleet.now) or 0.0)
                polled = fleet.snapshots[1].taken_at or 0.0
            stuck = await until(store, lambda fleet: fleet.snapshots[0].state is SourceState.STALE)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    # The rows were never older than one interval, plus the jitter of 10 % and the time of the answer itself.
    assert max(ages) < INTERVAL * 2, ages
    assert stuck.snapshots[0].guests, "the hung server keeps its rows"
    assert stuck.snapshots[1].state is SourceState.FRESH
