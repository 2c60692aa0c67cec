"""The benchmarks run and judge. How fast anything is, is not a matter of tests: machines are busy."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from benchmarks import __main__ as program
from benchmarks import fleet, peer, poll, process, relay, screen
from benchmarks.budgets import Figure, Skipped
from proxtui.pve.resources import decode_resources

ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="reads clocks and memory of other processes as Linux has them"
)


def test_the_made_up_fleet_is_what_pve_would_tell() -> None:
    rows = fleet.rows(30, nodes=3)
    known = decode_resources(fleet.body(rows, seed=1))
    assert (len(known.guests), len(known.nodes), known.invalid, known.wrong_fields) == (30, 3, 0, 0)


def test_another_order_of_keys_is_equal_data_in_other_bytes() -> None:
    rows = fleet.rows(30)
    one, other = fleet.body(rows, seed=1), fleet.body(rows, seed=2)
    assert one != other
    assert json.loads(one) == json.loads(other)


def test_a_part_of_the_guests_moves() -> None:
    before = fleet.rows(40)
    after = fleet.moved(before, 0.25, seed=1)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 10


@pytest.mark.parametrize(("value", "missed"), [(2.9, False), (3.1, True)])
def test_a_figure_is_judged_beside_its_yardstick(value: float, missed: bool) -> None:
    assert Figure("it", value, "ms", 1.5, 2.0, "plain").is_missed is missed
    assert Figure("it", value, "ms", 3.0).is_missed is missed
    assert not Figure("it", value, "ms").is_missed
    assert Figure("it", value, "ms", 3.0).line().split()[0] == ("MISSED" if missed else "ok")


def test_check_exits_1_on_a_miss_only(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = [Figure("good", 1.0, "ms", 2.0), Skipped("absent", "not here")]
    monkeypatch.setattr(program, "BENCHMARKS", {"poll": lambda: figures})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--check"])
    assert program.main() == 0
    figures.append(Figure("bad", 3.0, "ms", 2.0))
    assert program.main() == 1
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert program.main() == 0


def test_taking_and_loading_run() -> None:
    assert [figure.limit for figure in poll.taking(20, rounds=1)] == [1.0, 1.0]
    assert [figure.limit for figure in screen.loaded(20, rounds=1)] == [0.6]


@ON_LINUX
def test_the_program_asks_three_times_until_its_first_table() -> None:
    first = next(iter(process.asking(20, nodes=2, seconds=0.1)))
    assert (first.value, first.is_missed) == (3, False)


def test_the_peer_is_asked_where_it_is_installed() -> None:
    found = list(peer.beside_proxmoxer(20, nodes=2, rounds=1))
    installed = importlib.util.find_spec("proxmoxer") is not None
    assert all(isinstance(result, Figure) is installed for result in found)


def test_the_relay_is_measured_beside_a_pump() -> None:
    found = list(relay.relaying(rounds=1))
    assert [figure.limit for figure in found] == [5.0, 5.0, 1.0]
    assert all(figure.value >= 0 for figure in found)
    assert all(figure.yardstick for figure in found[:2])
