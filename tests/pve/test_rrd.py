from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import InvalidInput, UnexpectedAnswer
from proxtui.pve.rrd import read_rrd, rrd_of

from .fakes import FakeClient, data


def test_points_without_values_are_gaps_and_times_are_in_order() -> None:
    series = rrd_of([{"time": 120, "cpu": 0.5, "mem": 7}, {"time": 60}, {"time": 180, "cpu": 0}])
    assert series.times == (60.0, 120.0, 180.0)
    assert series.values == {"cpu": (None, 0.5, 0.0), "mem": (None, 7.0, None)}


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), "nan", "U", None, [], True, "1e999", 10**400])
def test_what_is_no_number_is_a_gap(raw: Any) -> None:
    assert rrd_of([{"time": 60, "cpu": raw}]).values == {"cpu": (None,)}


def test_numbers_may_be_strings() -> None:
    series = rrd_of([{"time": "60", "loadavg": "1.46"}])
    assert series.times == (60.0,)
    assert series.values["loadavg"] == (1.46,)


def test_points_without_a_time_are_dropped() -> None:
    assert rrd_of([{"cpu": 1}, None, 7, {"time": "x"}]).times == ()


def test_an_empty_history_is_empty() -> None:
    assert rrd_of([]).values == {}


async def test_the_time_frame_is_asked_for() -> None:
    client = FakeClient({"/nodes/pve1/rrddata": data([{"time": 1}])})
    assert (await read_rrd(client, "/nodes/pve1", "day", "MAX")).times == (1.0,)
    assert client.asked == ["/nodes/pve1/rrddata?timeframe=day&cf=MAX"]


@pytest.mark.parametrize(("timeframe", "cf"), [("decade", "AVERAGE"), ("hour", "MIN"), ("", "MAX")])
async def test_what_pve_would_refuse_is_not_sent(timeframe: str, cf: str) -> None:
    client = FakeClient({})
    with pytest.raises(InvalidInput):
        await read_rrd(client, "/nodes/pve1", timeframe, cf)
    assert client.asked == []


async def test_no_list_is_an_unexpected_answer() -> None:
    with pytest.raises(UnexpectedAnswer):
        await read_rrd(FakeClient({"/nodes/a/rrddata": data(None)}), "/nodes/a", "hour", "MAX")
