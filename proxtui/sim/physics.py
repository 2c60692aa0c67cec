"""How load moves: a daily wave, noise and bursts, all plain functions of time.

Nothing is stored: the reading at any moment, now or last month, comes from the same functions, so a chart of the past
and the numbers of the present always fit. Counters (bytes in, bytes out) are the exact integral of their rate.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from proxtui.sim.state import Guest, Load

SIZE = 1024
DAY = 86_400.0
NOON_SHIFT = 14.0 / 24.0
"""The busiest hour of the day, as a share of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One guest at one moment. ``cpu`` is 0..1 of its CPUs, the rest bytes."""

    cpu: float
    mem: int
    uptime: int
    netin: int
    netout: int
    diskread: int
    diskwrite: int
    disk: int


STILL = Reading(0, 0, 0, 0, 0, 0, 0, 0)


class Weather:
    """The noise of one world. Same seed, same weather."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        values = [rng.uniform(-1.0, 1.0) for _ in range(SIZE)]
        mean = sum(values) / SIZE
        self._table = [value - mean for value in values]
        total = 0.0
        self._sums = [0.0]
        for index in range(SIZE):
            total += (self._table[index] + self._table[(index + 1) % SIZE]) / 2
            self._sums.append(total)

    def noise(self, offset: int, moment: float, period: float) -> float:
        """-1..1, a new value every ``period`` seconds and straight lines between."""
        place = moment / period
        index = math.floor(place)
        part = place - index
        table = self._table
        return table[(index + offset) % SIZE] * (1 - part) + table[(index + 1 + offset) % SIZE] * part

    def noise_sum(self, offset: int, start: float, end: float, period: float) -> float:
        """The integral of :meth:`noise` from ``start`` to ``end``."""
        return (self._area(offset, end / period) - self._area(offset, start / period)) * period

    def _area(self, offset: int, place: float) -> float:
        index = math.floor(place)
        part = place - index
        low = (index + offset) % SIZE
        first, second = self._table[low], self._table[(low + 1) % SIZE]
        # The table has mean zero, so whole turns add nothing and the sum can wrap.
        return self._sums[low] + first * part + (second - first) * part * part / 2

    def burst(self, load: Load, moment: float) -> float:
        """0..1: how deep in a burst of work the thing is; half hours decide, with soft edges."""
        place = moment / 1800.0
        index = math.floor(place)
        if (self._table[(index * 7 + load.offset * 13) % SIZE] + 1) / 2 >= load.bursts:
            return 0.0
        part = place - index
        return min(1.0, min(part, 1 - part) * 8)

    def cpu(self, load: Load, moment: float) -> float:
        """Share of the CPUs in use, 0..1."""
        wave = load.daily * wave_at(moment)
        fast = 0.35 * self.noise(load.offset, moment, 23.0)
        slow = 0.25 * self.noise(load.offset + 311, moment, 900.0)
        value = load.cpu * max(0.05, 1.0 + wave + fast + slow)
        value += self.burst(load, moment) * (0.75 - load.cpu / 2) * (0.9 + 0.1 * fast)
        return min(0.995, max(0.0005, value))

    def memory(self, load: Load, moment: float, uptime: float) -> float:
        """Share of the memory in use, 0..1; a guest that just started is still filling it."""
        warm = 1 - 0.7 * math.exp(-uptime / 90.0)
        drift = 0.05 * self.noise(load.offset + 97, moment, 2400.0) + 0.03 * load.daily * wave_at(moment)
        return min(0.985, max(0.02, (load.memory + drift) * warm))

    def rate(self, load: Load, mean: float, moment: float) -> float:
        """Bytes per second at ``moment`` for something that does ``mean`` on average."""
        noise = self.noise(load.offset + 57, moment, 60.0)
        return mean * (1 + 0.5 * load.daily * wave_at(moment) + 0.4 * noise)

    def moved(self, load: Load, start: float, end: float) -> float:
        """How much moves from ``start`` to ``end``, in seconds of an average day: the integral of :meth:`rate`."""
        waves = 0.5 * load.daily * (wave_sum(end) - wave_sum(start))
        return max(0.0, end - start + waves + 0.4 * self.noise_sum(load.offset + 57, start, end, 60.0))

    def reading(self, guest: Guest, moment: float) -> Reading:
        """Everything that PVE reports of a guest's load at ``moment``."""
        start = guest.started_at(moment)
        load = guest.load
        disk = int(guest.maxdisk * self.fill(load, moment)) if guest.kind == "lxc" and start is not None else 0
        if start is None:
            return STILL
        uptime = moment - start
        moved = self.moved(load, start, moment)
        change = guest.power_at(moment)
        paused = change is not None and change.qmp == "paused"
        return Reading(
            cpu=0.0 if paused else self.cpu(load, moment),
            mem=int(guest.maxmem * self.memory(load, moment, uptime)),
            uptime=int(uptime),
            netin=int(load.net_in * moved),
            netout=int(load.net_out * moved),
            diskread=int(load.disk_read * moved),
            diskwrite=int(load.disk_write * moved),
            disk=disk,
        )

    def fill(self, load: Load, moment: float) -> float:
        """Share of a container's root disk in use."""
        base = 0.15 + 0.6 * ((load.offset * 37) % 100) / 100
        return min(0.97, base + 0.02 * self.noise(load.offset + 5, moment, 3600.0))


def wave_at(moment: float) -> float:
    """-1 in the dead of night, +1 in the early afternoon."""
    return math.cos(2 * math.pi * (moment / DAY - NOON_SHIFT))


def wave_sum(moment: float) -> float:
    """An antiderivative of :func:`wave_at`."""
    return math.sin(2 * math.pi * (moment / DAY - NOON_SHIFT)) * DAY / (2 * math.pi)
