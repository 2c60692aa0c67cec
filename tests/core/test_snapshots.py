"""One sweep over all guests: whom it asks, whom not, how far it is, and what stays when it is stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.core.connecting import MAX_REQUESTS
from proxtui.core.filters import parse
from proxtui.core.model import Scope
from proxtui.core.rows import Tone
from proxtui.core.snapshots import AT_ONCE, Sweep, age_tone, askable, left_of
from proxtui.errors import NetworkError
from proxtui.pve.models import ProxmoxNode
from tests.features.fakes import FakeClient, FakeClock, denied
from tests.features.fleets import ACME, ZETA, container, fleet, node, snapshot, vm

CURRENT = [{"name": "current"}]


def paths(*vmids: int) -> dict[str, Any]:
    return {f"/nodes/pve1/qemu/{vmid}/snapshot": CURRENT for vmid in vmids}


def sweep_of(client: FakeClient) -> Sweep:
    return Sweep(lambda _ref: client, FakeClock())  # type: ignore[arg-type, return-value]


def told() -> None:
    """Somebody looks."""


@pytest.mark.parametrize(
    ("terms", "vmids"),
    [
        ("", [100, 101, 200]),
        ("node:pve2", [101]),
        ("!node:pve2", [100, 200]),
        ("name:web", [100]),
        ("vmid>100 server:berlin", [101, 200]),
        ("server:paris", []),
        ("age>4w type:ct", [200]),
        ("!age>4w tag:prod", [100]),
        # A word may stand in the description of any snapshot.
        ("upgrade", [100, 101, 200]),
        ("upgrade node:pve2 | vmid:200", [101, 200]),
    ],
)
def test_a_filter_says_whom_to_ask(terms: str, vmids: list[int]) -> None:
    guests = (vm(100, name="web", tags=("prod",)), vm(101, node="pve2"), container(200), vm(900, template=True))
    asked = [key.vmid for key, _ in askable(snapshot(ACME, guests), Scope(), parse(terms))]
    assert sorted(asked) == vmids


async def test_guests_of_an_offline_node_are_not_asked_and_say_why() -> None:
    client = FakeClient(**paths(100))
    known = snapshot(ACME, (vm(100), vm(101, node="pve2")), (node("pve1"), ProxmoxNode(node="pve2", status="offline")))
    sweep = sweep_of(client)
    await sweep.run(fleet(known), Scope(), told)
    assert client.asked == ["/nodes/pve1/qemu/100/snapshot"]
    assert {key.vmid: finding.problem for key, finding in sweep.findings.items()} == {
        100: None,
        101: "node pve2 is offline",
    }


async def test_a_node_that_does_not_answer_is_tried_with_few_guests_only() -> None:
    vmids = range(200, 240)
    client = FakeClient(**dict.fromkeys(paths(*vmids), NetworkError("no answer", stage="answer")))
    sweep = sweep_of(client)
    await sweep.run(fleet(snapshot(ACME, tuple(map(vm, vmids)), (node("pve1"),))), Scope(), told)
    assert len(client.asked) <= AT_ONCE
    assert all(finding.problem == "no answer" for finding in sweep.findings.values())
    assert len(sweep.findings) == 40


async def test_few_questions_at_the_same_time() -> None:
    client = FakeClient(**paths(*range(100, 120)))
    client.gate = asyncio.Event()
    sweep = sweep_of(client)
    known = fleet(snapshot(ACME, tuple(map(vm, range(100, 120)))))
    task = asyncio.create_task(sweep.run(known, Scope(), told))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(client.asked) == AT_ONCE
    assert sweep.is_running
    client.gate.set()
    await task
    assert len(client.asked) == 20
    assert not sweep.is_running


async def test_at_most_so_many_over_all_servers() -> None:
    client = FakeClient(**paths(*range(100, 110)))
    known = fleet(*(snapshot(ref, tuple(map(vm, range(100, 110)))) for ref in (ACME, ZETA)))
    sweep = sweep_of(client)
    await sweep.run(known, Scope(), told, at_most=13)
    assert [sweep.asked[ref] for ref in (ACME, ZETA)] == [10, 3]
    assert sweep.wanted.total() == 20
    assert sweep.progress == "asked 13 of 20 guests"


async def test_what_was_found_stays_when_it_is_stopped_and_when_a_guest_fails_later() -> None:
    client = FakeClient(**paths(100, 101))
    sweep = sweep_of(client)
    known = fleet(snapshot(ACME, (vm(100), vm(101))))
    await sweep.run(known, Scope(), told)
    client.answers["/nodes/pve1/qemu/100/snapshot"] = denied("/vms/100", "VM.Audit")
    client.gate = asyncio.Event()
    task = asyncio.create_task(sweep.run(known, Scope(), told))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not sweep.is_running
    assert len(sweep.findings) == 2
    client.gate = None
    await sweep.run(known, Scope(), told)
    refused = next(finding for key, finding in sweep.findings.items() if key.vmid == 100)
    assert (refused.forbidden, refused.value is not None) == (True, True)
    assert refused.problem == "missing privilege VM.Audit on /vms/100"


def test_the_time_left_is_what_our_own_limit_lets_through() -> None:
    assert left_of(MAX_REQUESTS, 0) == 0
    assert left_of(400, 0) == 60
    assert left_of(400, 120) == 56
    sweep = sweep_of(FakeClient())
    sweep.asked[ACME], sweep.wanted[ACME] = 120, 400
    assert sweep.progress == "asked 120 of 400 guests, about 56s left"


def test_a_snapshot_that_is_kept_should_worry() -> None:
    assert [age_tone(days and days * 86_400) for days in (None, 1, 7, 30)] == [
        Tone.MUTED,
        Tone.PLAIN,
        Tone.WARN,
        Tone.BAD,
    ]
