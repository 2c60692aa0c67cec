"""Load: the present and the past come from the same functions, and counters are the integral of their rates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.sim.physics import Weather
from proxtui.sim.state import Load
from proxtui.sim.views import node_load, reading_at
from proxtui.sim.world import World

from .conftest import NOON, HeldClock, client

WEATHER = Weather(3)
LOADS = st.builds(
    Load,
    cpu=st.floats(0.0, 1.0),
    memory=st.floats(0.0, 1.0),
    daily=st.floats(0.0, 1.0),
    offset=st.integers(0, 1023),
    bursts=st.floats(0.0, 1.0),
)
MOMENTS = st.floats(NOON - 4e7, NOON + 4e7)


@given(LOADS, MOMENTS)
def test_shares_stay_shares(load: Load, moment: float) -> None:
    assert 0 < WEATHER.cpu(load, moment) < 1
    assert 0 < WEATHER.memory(load, moment, 1e6) < 1
    assert WEATHER.rate(load, 1000.0, moment) > 0


@given(LOADS, MOMENTS, st.floats(1.0, 1e6))
def test_counters_only_grow(load: Load, start: float, length: float) -> None:
    assert WEATHER.moved(load, start, start + length) <= WEATHER.moved(load, start, start + length + 60)


@given(LOADS, MOMENTS)
def test_counters_are_the_integral_of_the_rate(load: Load, start: float) -> None:
    steps, length = 2000, 3600.0
    summed = sum(WEATHER.rate(load, 5000.0, start + (i + 0.5) * length / steps) for i in range(steps)) * length / steps
    assert 5000.0 * WEATHER.moved(load, start, start + length) == pytest.approx(summed, rel=0.002)


async def points(world: World, server: str, path: str) -> list[dict[str, Any]]:
    async with client(world, server) as http:
        answer = await http.get(path)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])


@pytest.mark.parametrize(
    ("server", "frame", "count", "step"),
    [
        ("aurora", "hour", 70, 60),
        ("aurora", "day", 70, 1800),
        ("medilab", "hour", 60, 60),
        ("medilab", "day", 1440, 60),
    ],
)
async def test_history_has_the_recorded_grain(
    make_world: Callable[..., World], server: str, frame: str, count: int, step: int
) -> None:
    world = make_world("fleet")
    node = world.sites[server].entry.name
    data = await points(world, server, f"/nodes/{node}/rrddata?timeframe={frame}")
    assert len(data) == count
    assert {b["time"] - a["time"] for a, b in pairwise(data)} == {step}
    assert 0 <= world.now() - data[-1]["time"] < step


async def test_history_fits_the_present(world: World, clock: HeldClock) -> None:
    site = world.sites["lab"]
    guest = next(guest for guest in site.guests.values() if guest.running and guest.kind == "qemu")
    data = await points(world, "lab", f"/nodes/{guest.node}/qemu/{guest.vmid}/rrddata?timeframe=hour")
    last = data[-2]
    assert data[-1] == {"time": clock.now}, "its last report has not come in yet"
    then = reading_at(site, guest, last["time"] - 30)
    assert last["cpu"] == pytest.approx(then.cpu)
    assert last["mem"] == pytest.approx(then.mem)
    node = site.nodes[guest.node]
    history = await points(world, "lab", f"/nodes/{node.name}/rrddata?timeframe=hour")
    cpu, mem = node_load(site, node, history[-2]["time"] - 30)
    assert history[-2]["cpu"] == pytest.approx(cpu, abs=0.05)
    assert history[-2]["memused"] == pytest.approx(mem, rel=0.05)


async def test_history_has_gaps_where_nothing_was_recorded(world: World, clock: HeldClock) -> None:
    site = world.sites["lab"]
    node = site.nodes["pve2"]
    node.offline_since = clock.now - 1200
    data = await points(world, "lab", "/nodes/pve2/rrddata?timeframe=hour")
    silent = [point for point in data if point["time"] > node.offline_since]
    assert len(silent) > 15
    assert all(set(point) == {"time"} for point in silent)


async def test_maximum_is_above_the_average(world: World) -> None:
    guest = next(guest for guest in world.sites["lab"].guests.values() if guest.running)
    path = f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}/rrddata?timeframe=week"
    mean, peak = await points(world, "lab", path), await points(world, "lab", path + "&cf=MAX")
    both = [(a["cpu"], b["cpu"]) for a, b in zip(mean, peak, strict=True) if "cpu" in a]
    assert both
    assert all(a <= b for a, b in both)


async def test_load_moves(world: World, clock: HeldClock) -> None:
    site = world.sites["lab"]
    guest = next(guest for guest in site.guests.values() if guest.running)
    readings = [reading_at(site, guest, clock.now + second * 10) for second in range(30)]
    assert len({reading.cpu for reading in readings}) > 25
    assert [reading.netin for reading in readings] == sorted(reading.netin for reading in readings)
