"""Nodes changed: the requests, PVE's schema, and what is refused before."""

from __future__ import annotations

import pytest

from proxtui.errors import PermissionDenied, UnexpectedAnswer
from proxtui.pve.nodes import NodeTools

from .changing import Recorder, Sent
from .schema import VERSIONS, PveSchema, needs_schema
from .tables import Change, pve_takes, refuses_answers_that_are_no_task, sends_nothing, sends_one_request

N = "/nodes/pve1"
CHANGES = {
    "start": Change(
        lambda c: NodeTools(c).start_service("pve1", "pve-firewall"), Sent("POST", f"{N}/services/pve-firewall/start")
    ),
    "stop": Change(lambda c: NodeTools(c).stop_service("pve1", "cron"), Sent("POST", f"{N}/services/cron/stop")),
    "restart": Change(
        lambda c: NodeTools(c).restart_service("pve1", "pveproxy"), Sent("POST", f"{N}/services/pveproxy/restart")
    ),
    "reload": Change(
        lambda c: NodeTools(c).reload_service("pve1", "pvedaemon"), Sent("POST", f"{N}/services/pvedaemon/reload")
    ),
    "reboot": Change(
        lambda c: NodeTools(c).reboot_node("pve1"), Sent("POST", f"{N}/status", {"command": "reboot"}), task=False
    ),
    "shutdown": Change(
        lambda c: NodeTools(c).shutdown_node("pve1"), Sent("POST", f"{N}/status", {"command": "shutdown"}), task=False
    ),
    "start all": Change(lambda c: NodeTools(c).start_all("pve1"), Sent("POST", f"{N}/startall")),
    "start some": Change(
        lambda c: NodeTools(c).start_all("pve1", [100, 101], force=True),
        Sent("POST", f"{N}/startall", {"vms": "100,101", "force": True}),
    ),
    "stop all": Change(lambda c: NodeTools(c).stop_all("pve1"), Sent("POST", f"{N}/stopall", {"force-stop": True})),
    "stop some softly": Change(
        lambda c: NodeTools(c).stop_all("pve1", (100,), force_stop=False, timeout=60),
        Sent("POST", f"{N}/stopall", {"vms": "100", "force-stop": False, "timeout": 60}),
    ),
    "suspend": Change(
        lambda c: NodeTools(c).suspend_all("pve1", [100]), Sent("POST", f"{N}/suspendall", {"vms": "100"})
    ),
    "migrate": Change(
        lambda c: NodeTools(c).migrate_all("pve1", "pve2", [100, 200], with_local_disks=True, max_workers=2),
        Sent(
            "POST",
            f"{N}/migrateall",
            {"target": "pve2", "vms": "100,200", "with-local-disks": True, "maxworkers": 2},
        ),
    ),
}
WRONG = {
    "a node that climbs": (lambda c: NodeTools(c).reboot_node("../pve1"), "node"),
    "no node": (lambda c: NodeTools(c).shutdown_node(""), "node"),
    "nobody to wake": (lambda c: NodeTools(c).wake_node("a b"), "node"),
    "a service that climbs": (lambda c: NodeTools(c).stop_service("pve1", "../status"), "service"),
    "no service": (lambda c: NodeTools(c).start_service("pve1", ""), "service"),
    "none of the guests": (lambda c: NodeTools(c).stop_all("pve1", []), "vms"),
    "no guest": (lambda c: NodeTools(c).stop_all("pve1", [99]), "vms"),
    "too long": (lambda c: NodeTools(c).stop_all("pve1", timeout=7201), "timeout"),
    "nowhere": (lambda c: NodeTools(c).migrate_all("pve1", "-"), "target"),
    "nobody at once": (lambda c: NodeTools(c).migrate_all("pve1", "pve2", max_workers=0), "max_workers"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_sends_one_request(name: str) -> None:
    await sends_one_request(CHANGES[name])


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CHANGES)
def test_pve_takes_it(name: str, version: str) -> None:
    pve_takes(CHANGES[name], version)


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_input_is_not_sent(name: str) -> None:
    await sends_nothing(*WRONG[name])


@pytest.mark.parametrize("name", ["restart", "stop all", "migrate"])
async def test_what_is_no_task_is_not_taken_for_one(name: str) -> None:
    await refuses_answers_that_are_no_task(CHANGES[name])


async def test_a_packet_to_wake_a_node() -> None:
    client = Recorder(replies=["BC:24:11:45:6C:54", None, PermissionDenied("no")])
    tools = NodeTools(client)
    assert await tools.wake_node("pve2") == "BC:24:11:45:6C:54"
    assert client.sent == [Sent("POST", "/nodes/pve2/wakeonlan")]
    with pytest.raises(UnexpectedAnswer):
        await tools.wake_node("pve2")
    with pytest.raises(PermissionDenied):
        await tools.wake_node("pve2")


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_pve_sends_it(version: str) -> None:
    PveSchema(version).check("POST", "/nodes/pve2/wakeonlan", {})
