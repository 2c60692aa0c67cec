"""The history that PVE keeps of nodes, guests and storages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.fields import plain_number, rows_of
from proxtui.pve.sanitize import clean
from proxtui.pve.validators import check_choice

# 8.4.21 and 9.2.11 refuse "decade", which the newest documentation names.
TIMEFRAMES = ("hour", "day", "week", "month", "year")
CONSOLIDATIONS = ("AVERAGE", "MAX")
PRESSURE = (
    "pressurecpusome",
    "pressurecpufull",
    "pressureiosome",
    "pressureiofull",
    "pressurememorysome",
    "pressurememoryfull",
)
"""9.x: percent of the time in which some or all processes waited. 8.x has none of them, nodes have no ``cpufull``."""

LATEST = 1e11
"""Seconds since the epoch, in the year 5138: what is later is no time."""


@dataclass(frozen=True, slots=True)
class RrdSeries:
    """Curves over the same points of time, oldest first. A gap is None, never 0."""

    times: tuple[float, ...] = ()
    """Seconds since the epoch."""
    values: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    """By PVE's own names (``cpu``, ``mem``, ``netin``, ...), each as long as ``times``."""


async def read_rrd(client: Asker, where: str, timeframe: str, cf: str) -> RrdSeries:
    """``GET {where}/rrddata``. ``InvalidInput`` for a time frame or consolidation that PVE does not know."""
    params = {
        "timeframe": check_choice(timeframe, "timeframe", TIMEFRAMES),
        "cf": check_choice(cf, "cf", CONSOLIDATIONS),
    }
    return rrd_of(rows_of(await client.get(f"{where}/rrddata", params=params), f"{where}/rrddata"))


def rrd_of(points: list[Any]) -> RrdSeries:
    """Points such as ``{"time": 1795305060, "cpu": 0.01}``; one with a time only is a gap."""
    by_time: dict[float, dict[str, Any]] = {}
    for point in points:
        moment = plain_number(point.get("time")) if isinstance(point, dict) else None
        if moment is not None and 0 <= moment <= LATEST:
            by_time[float(moment)] = point
    times = tuple(sorted(by_time))
    names = dict.fromkeys(name for moment in times for name in by_time[moment] if name != "time")
    return RrdSeries(
        times,
        {clean(name): tuple(_value(by_time[moment].get(name)) for moment in times) for name in sorted(names)},
    )


def _value(raw: object) -> float | None:
    number = plain_number(raw)
    return None if number is None or abs(number) > 1e300 else float(number)
