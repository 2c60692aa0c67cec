"""One guest in detail: few requests, live readings to the store, refusals as lines."""

from __future__ import annotations

from typing import Any

from proxtui.core.model import GuestKey
from proxtui.errors import NodeUnreachable
from proxtui.features.guests.service import AGAIN_AFTER, SLOW_EVERY, GuestService

from .fakes import FakeClient, FakeRuntime, denied, runtime_of
from .fleets import ACME, GIB, container, fleet, node, snapshot, vm

KEY = GuestKey(*ACME, "qemu", 100)
VM = "/nodes/pve1/qemu/100"
CONTAINER = "/nodes/pve1/lxc/200"
STATUS = {"vmid": 100, "status": "stopped", "qmpstatus": "stopped", "cpu": 0, "mem": 0, "uptime": 0, "name": "vm100"}
RRD = [{"time": 60, "cpu": 0.5}, {"time": 120}]


def answers(base: str, **other: Any) -> dict[str, Any]:
    return {
        f"{base}/status/current": STATUS,
        f"{base}/config": {"cores": 2},
        f"{base}/rrddata": RRD,
        **{base + tail: answer for tail, answer in other.items()},
    }


def runtime_with(**other: Any) -> tuple[FakeRuntime, FakeClient]:
    runtime = runtime_of(fleet(snapshot(ACME, (vm(100), container(200)), (node("pve1"),))))
    client = runtime.clients[ACME] = FakeClient(**answers(VM, **other), **answers(CONTAINER))
    return runtime, client


async def test_it_reads_status_configuration_and_history() -> None:
    runtime, client = runtime_with()
    detail = await GuestService(runtime).detail(KEY)
    assert sorted(client.asked) == [f"{VM}/config", f"{VM}/rrddata", f"{VM}/status/current"]
    assert detail.config == {"cores": 2}
    assert detail.history is not None
    assert detail.history.values["cpu"] == (0.5, None)
    assert detail.problems == ()


async def test_a_container_is_read_as_a_container() -> None:
    runtime, client = runtime_with()
    await GuestService(runtime).detail(GuestKey(*ACME, "lxc", 200))
    assert sorted(client.asked) == [f"{CONTAINER}/config", f"{CONTAINER}/rrddata", f"{CONTAINER}/status/current"]


async def test_the_live_status_goes_to_the_store_and_the_polled_cpu_stays() -> None:
    runtime, _ = runtime_with()
    await GuestService(runtime).detail(KEY)
    guest = runtime.store.snapshot(ACME).guests[KEY]
    assert guest.status == "stopped"
    assert guest.cpu == 0.25
    assert guest.maxmem == 4 * GIB


async def test_configuration_and_history_are_not_asked_at_every_poll() -> None:
    runtime, client = runtime_with()
    service = GuestService(runtime)
    first = await service.detail(KEY)
    client.asked.clear()
    runtime.clock.now += SLOW_EVERY - 1
    second = await service.detail(KEY, first)
    assert client.asked == [f"{VM}/status/current"]
    assert (second.config, second.history) == (first.config, first.history)
    runtime.clock.now += 1
    await service.detail(KEY, second)
    assert len(client.asked) == 4


async def test_another_guest_is_read_in_full() -> None:
    runtime, client = runtime_with()
    service = GuestService(runtime)
    first = await service.detail(KEY)
    client.asked.clear()
    await service.detail(GuestKey(*ACME, "lxc", 200), first)
    assert len(client.asked) == 3


async def test_a_missing_privilege_is_named_once() -> None:
    refused = denied("/vms/100", "VM.Audit")
    runtime, _ = runtime_with(**{"/config": refused, "/rrddata": refused})
    detail = await GuestService(runtime).detail(KEY)
    assert detail.problems == ("configuration, history: missing privilege VM.Audit on /vms/100",)
    assert detail.config is None


async def test_what_failed_is_tried_again_sooner_and_old_answers_stay() -> None:
    runtime, client = runtime_with()
    service = GuestService(runtime)
    first = await service.detail(KEY)
    client.answers[f"{VM}/config"] = NodeUnreachable("no route to host", status=595)
    runtime.clock.now += SLOW_EVERY
    second = await service.detail(KEY, first)
    assert second.config == {"cores": 2}
    assert second.problems == ("configuration: no route to host",)
    client.asked.clear()
    runtime.clock.now += AGAIN_AFTER - 1
    third = await service.detail(KEY, second)
    assert client.asked == [f"{VM}/status/current"]
    assert third.problems == second.problems
    client.answers[f"{VM}/config"] = {"cores": 3}
    runtime.clock.now += 1
    fourth = await service.detail(KEY, third)
    assert fourth.config == {"cores": 3}
    assert fourth.problems == ()


async def test_a_guest_that_is_gone_asks_nothing() -> None:
    runtime, client = runtime_with()
    detail = await GuestService(runtime).detail(GuestKey(*ACME, "qemu", 999))
    assert client.asked == []
    assert detail.problems == ("guest: it is gone",)
