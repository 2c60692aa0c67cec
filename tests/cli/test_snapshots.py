"""``snapshots list``: the snapshots of all guests by age, and what could not be asked."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from proxtui.core.filters import parse
from proxtui.core.snapshots import Sweep
from proxtui.errors import NetworkError, PermissionDenied
from proxtui.features.snapshots.progress import EVERY_IN_FILE, QUIET, Progress
from proxtui.features.snapshots.rows import COLUMNS, snapshot_rows
from proxtui.features.snapshots.service import MOST_NAMES, Reading
from proxtui.pve.models import ProxmoxNode
from tests.cli.conftest import Call, Simulator
from tests.features.fakes import FakeClient, FakeClock, denied, runtime_of
from tests.features.fleets import ACME, ZETA, container, fleet, node, snapshot, vm

NOW = 1_795_305_420.0
DAY = 86_400
WEB1, CT1 = "/nodes/pve1/qemu/100/snapshot", "/nodes/pve1/lxc/101/snapshot"
OLD = {"name": "before-upgrade", "snaptime": NOW - 90 * DAY, "vmstate": 1, "description": "do not delete"}
NEW = {"name": "daily", "snaptime": NOW - DAY, "vmstate": 0, "parent": "before-upgrade"}
CURRENT = {"name": "current", "description": "You are here!", "parent": "daily"}
UNDATED = {"name": "imported"}
GUESTS = (vm(100, name="web1"), container(101, name="ct1", tags=("prod",)))


def client_with(**answers: Any) -> FakeClient:
    return FakeClient(**{WEB1: [NEW, OLD, CURRENT], CT1: [UNDATED, CURRENT], **answers})


def reading_of(client: FakeClient, *more: Any, nodes: Any = (), **options: Any) -> Reading:
    known = fleet(snapshot(ACME, (*GUESTS, *more), (node("pve1"), *nodes)))
    return Reading(runtime_of(known, clients={ACME: client}), **options)  # type: ignore[arg-type]


async def read(reading: Reading) -> Reading:
    await reading.read(lambda: None)
    return reading


async def test_the_oldest_come_first_and_those_without_a_date_last() -> None:
    reading = await read(reading_of(client_with()))
    known = fleet(snapshot(ACME, GUESTS), snapshot(ZETA))
    rows = snapshot_rows(known, reading.sweep.findings, NOW)
    assert [(row.guest.name, row.snapshot.name) for row in rows] == [
        ("web1", "before-upgrade"),
        ("web1", "daily"),
        ("ct1", "imported"),
    ]
    told = {column.key: [column.text(row) for row in rows] for column in COLUMNS}
    assert told["age"] == ["90d", "1d", "–"]
    assert told["vmstate"] == ["yes", "no", "–"]
    assert rows[1].snapshot.is_current
    assert [row.field("age") for row in rows] == [90 * DAY, DAY, None]
    assert rows[2].field("tag") == ["prod"]
    assert rows[0].field("name") == "web1"
    assert parse("before-upgrade").matches(rows[0])
    assert reading.gaps()[ACME].problems == ()


async def test_guests_of_an_offline_node_are_named() -> None:
    off = ProxmoxNode(node="pve2", status="offline")
    reading = await read(reading_of(client_with(), vm(103, name="lost", node="pve2"), nodes=(off,)))
    assert reading.gaps()[ACME].problems == ("103 lost: node pve2 is offline",)


async def test_a_guest_that_refuses_is_named_and_the_others_are_shown() -> None:
    reading = await read(reading_of(client_with(**{CT1: denied("/vms/101", "VM.Audit")})))
    gap = reading.gaps()[ACME]
    assert gap.problems == ("101 ct1: missing privilege VM.Audit on /vms/101",)
    assert gap.forbidden
    assert gap.taken_at is not None
    assert reading.failure() is None


async def test_of_many_guests_with_one_reason_only_some_are_named() -> None:
    more = tuple(vm(vmid) for vmid in range(200, 230))
    answers = {
        f"/nodes/pve1/qemu/{vmid}/snapshot": NetworkError("no answer", stage="answer") for vmid in range(200, 230)
    }
    (line,) = (await read(reading_of(client_with(**answers), *more))).gaps()[ACME].problems
    assert line.startswith("200 vm200, 201 vm201")
    assert line.endswith(f"and {30 - MOST_NAMES} more guests: no answer")


async def test_when_no_guest_could_be_asked_it_is_a_failure() -> None:
    refused = {WEB1: denied("/vms/100", "VM.Audit"), CT1: denied("/vms/101", "VM.Audit")}
    reading = await read(reading_of(client_with(**refused)))
    assert isinstance(reading.failure(), PermissionDenied)


@pytest.mark.parametrize(("held", "fails"), [({"/vms": {"VM.Audit": 1}}, False), ({"/": {"Sys.Audit": 1}}, True)])
async def test_no_guest_is_no_failure_but_none_that_may_be_seen_is(held: Any, fails: bool) -> None:
    client = FakeClient(**{"/access/permissions": held})
    reading = Reading(runtime_of(fleet(snapshot(ACME)), clients={ACME: client}))  # type: ignore[arg-type]
    await read(reading)
    failure = reading.failure()
    assert (failure is not None) is fails
    assert reading.gaps()[ACME].forbidden is fails
    if fails:
        assert isinstance(failure, PermissionDenied)
        assert failure.privilege == "VM.Audit"


async def test_the_filter_and_the_limit_say_whom_to_ask_and_what_is_left_is_told() -> None:
    client = client_with()
    reading = await read(reading_of(client, wanted=parse("tag:prod age>1d")))
    assert client.asked == [CT1]
    assert reading.gaps()[ACME].problems == ()
    reading = await read(reading_of(client_with(), at_most=1))
    assert reading.gaps()[ACME].problems == ("asked only 1 of 2 guests: --at-most 1",)


@pytest.mark.parametrize("stops", [True, False])
async def test_an_interrupt_ends_the_asking_and_not_the_list(stops: bool) -> None:
    client = client_with()
    client.gate = asyncio.Event()
    reading = reading_of(client, stops=stops)
    task = asyncio.create_task(read(reading))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(client.asked) == 2
    task.cancel()
    if not stops:
        with pytest.raises(asyncio.CancelledError):
            await task
        return
    await task
    assert reading.interrupted
    assert reading.gaps()[ACME].problems == ("asked only 0 of 2 guests: interrupted",)


@pytest.mark.parametrize("terminal", [True, False])
def test_how_far_it_is_stands_on_stderr(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    said.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", said)
    clock = FakeClock()
    sweep = Sweep(lambda _ref: None, clock)  # type: ignore[arg-type, return-value]
    sweep.is_running = True
    sweep.asked[ACME], sweep.wanted[ACME] = 120, 400
    with Progress(sweep, clock) as progress:
        progress.told()
        assert said.getvalue() == ""
        clock.now += QUIET
        progress.told()
        progress.told()
        clock.now += EVERY_IN_FILE
        progress.told()
    assert said.getvalue().count("proxtui: asked 120 of 400 guests, about 56s left") == 2
    assert ("\r" in said.getvalue()) is terminal
    assert said.getvalue().endswith("\x1b[K" if terminal else "left\n")


def test_from_the_command_line(call: Call, simulator: Simulator) -> None:
    simulator.control("DELETE", "requests")
    answer = call("snapshots", "list", "--json")
    asked = simulator.control("GET", "requests")["counts"]
    told = json.loads(answer.out)
    assert (answer.code, answer.err) == (0, "")
    assert told["rows"]
    ages = [row["age"] for row in told["rows"]]
    assert ages == sorted(ages, reverse=True)
    assert told["sources"][0] | {"problems": [], "forbidden": False} == told["sources"][0]
    assert all(count == 1 for what, count in asked.items() if what.endswith("/snapshot"))
    assert not any("template" in row for row in told["rows"])


def test_fewer_are_asked_when_the_filter_says_so(call: Call, simulator: Simulator) -> None:
    simulator.control("DELETE", "requests")
    vmid = json.loads(call("guests", "list", "--json", "--filter", "template:no").out)["rows"][0]["vmid"]
    assert call("snapshots", "list", "--filter", f"vmid:{vmid}").code == 0
    asked = simulator.control("GET", "requests")["counts"]
    assert sum(count for what, count in asked.items() if what.endswith("/snapshot")) == 1
    answer = call("snapshots", "list", "--at-most", "1", "--json")
    assert answer.code == 0
    (line,) = json.loads(answer.out)["sources"][0]["problems"]
    assert line.endswith("guests: --at-most 1")
    assert line in answer.err


def test_ctrl_c_lists_what_is_known_by_then(simulator: Simulator) -> None:
    simulator.control("DELETE", "requests")
    with simulator.fault("hang", path="*/snapshot"):
        command = [sys.executable, "-m", "proxtui", "snapshots", "list", "--json"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        ) as process:
            while not asked(simulator):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    told = json.loads(out)
    (line,) = told["sources"][0]["problems"]
    assert line.startswith("asked only ")
    assert line.endswith("guests: interrupted")
    assert line in err


def asked(simulator: Simulator) -> list[str]:
    return [what for what in simulator.control("GET", "requests")["counts"] if what.endswith("/snapshot")]
