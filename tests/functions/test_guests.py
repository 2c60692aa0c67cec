"""``list-vms``, ``vm-actions``, ``vm-console`` and ``proxmox-api`` over the simulated cluster."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from proxtui.functions import FunctionError, answer, invoke
from proxtui.pve.client import ProxmoxClient
from proxtui.sim.faults import Fault

from .desks import BEN, Office

VM = {
    "vmid", "name", "status", "type", "node", "cpu", "maxcpu", "mem", "maxmem", "disk", "maxdisk", "uptime",
    "template", "tenantId", "serverId",
}  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"tenantId": "acme"}, {"serverId": "acme/prod"}, {"serverId": "prod"}])
def test_guests_have_all_documented_fields_and_the_servers_stand_beside(office: Office, body: dict[str, str]) -> None:
    told = office.call("list-vms", body)
    assert set(told) == {"vms", "sources"}
    assert len(told["vms"]) == len(office.site.guests)
    assert all(set(vm) == VM for vm in told["vms"])
    assert {vm["type"] for vm in told["vms"]} == {"qemu", "lxc"}
    assert {vm["status"] for vm in told["vms"]} <= {"running", "stopped", "paused", "unknown"}
    assert all(vm["disk"] is None for vm in told["vms"] if vm["type"] == "qemu")
    assert told["sources"] == [
        {"tenantId": "acme", "serverId": "acme/prod", "status": "fresh", "error": None},
    ]


def test_a_paused_vm_is_paused_and_few_are_asked_for_it(office: Office) -> None:
    vm = office.vm(running=True)
    assert office.call("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": "suspend"})["success"]
    before = len(office.world.requests.recent)
    told = {one["vmid"]: one["status"] for one in office.call("list-vms")["vms"]}
    assert told[vm.vmid] == "paused"
    assert list(told.values()).count("paused") == 1
    asked = [one.path for one in list(office.world.requests.recent)[before:] if "/qemu" in one.path]
    assert len(asked) <= len(office.site.nodes), "one request for each node, at once after the change"


def test_where_the_list_does_not_tell_the_vms_are_asked_themselves(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm = office.vm(running=True)
    assert office.call("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": "suspend"})["success"]
    get = ProxmoxClient.get

    async def silent(client: ProxmoxClient, path: str, **more: Any) -> Any:
        data = await get(client, path, **more)
        if path.endswith("/qemu"):
            return [{name: value for name, value in row.items() if name != "qmpstatus"} for row in data]
        return data

    monkeypatch.setattr(ProxmoxClient, "get", silent)
    told = {one["vmid"]: one["status"] for one in office.call("list-vms")["vms"]}
    assert told[vm.vmid] == "paused"
    assert list(told.values()).count("paused") == 1
    asked = {one.path for one in office.world.requests.recent if one.path.endswith("/status/current")}
    running = [one for one in office.site.guests.values() if one.kind == "qemu" and one.running]
    assert len(asked) == len(running)


def test_a_node_that_does_not_tell_who_is_paused_is_named(office: Office) -> None:
    office.world.faults.add(Fault(kind="status", status=595, path="/nodes/*/qemu"))
    told = office.call("list-vms")
    assert len(told["vms"]) == len(office.site.guests)
    assert "are paused is not known" in told["sources"][0]["error"]


def test_a_tenant_without_servers_has_no_guests(office: Office) -> None:
    assert office.call("list-vms", {"tenantId": "empty"}) == {"vms": [], "sources": []}


@pytest.mark.parametrize(
    ("actions", "ends", "status"),
    [
        (("start",), "start", "running"),
        (("start", "stop"), "stop", "stopped"),
        (("start", "shutdown"), "shutdown", "stopped"),
        (("start", "reset"), "reset", "running"),
        (("start", "suspend"), "suspend", "paused"),
        (("start", "suspend", "resume"), "resume", "running"),
    ],
)
def test_every_action_is_sent_as_what_it_is_called(
    office: Office, actions: tuple[str, ...], ends: str, status: str
) -> None:
    vm = office.vm(running=False)
    vm.agent = vm.agent_up = True
    for action in actions:
        told = office.call("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": action, "vmType": "qemu"})
        assert set(told) == {"success", "upid", "message"}
        assert told["success"] is True
        assert told["upid"].startswith("UPID:")
    assert office.sent()[-1] == ("POST", f"/nodes/{vm.node}/qemu/{vm.vmid}/status/{ends}")
    assert vm.qmpstatus == status


def test_a_viewer_changes_nothing_and_the_refusal_is_in_the_audit(office: Office) -> None:
    vm = office.vm(running=False)
    error = office.refused("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": "start"}, by=BEN)
    assert (error.status, error.exit_code) == (403, 13)
    assert office.sent() == []
    rows = office.call("audit-log", {"tenantId": "acme", "userId": "ben"})["logs"]
    assert [(row["actionType"], row["result"]) for row in rows] == [("guests.start", "denied")]


def test_the_lock_refuses_a_change(office: Office) -> None:
    vm = office.vm(running=False)
    error = office.refused("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": "start"}, read_only=True)
    assert (error.status, error.exit_code, office.sent()) == (403, 13, [])


@pytest.mark.parametrize("name", ["vm-actions", "vm-console"])
def test_a_guest_that_is_not_there_is_404(office: Office, name: str) -> None:
    more = {"action": "start"} if name == "vm-actions" else {}
    error = office.refused(name, {"node": "pve1", "vmid": 99_999, **more})
    assert (error.status, error.exit_code) == (404, 14)


def test_a_container_has_no_reset(office: Office) -> None:
    one = next(one for one in office.site.guests.values() if one.kind == "lxc")
    body = {"node": one.node, "vmid": one.vmid, "vmType": "lxc", "action": "reset"}
    assert office.refused("vm-actions", body).status == 400


def test_a_console_is_a_websocket_of_ours_and_pve_is_not_asked_before_somebody_came(office: Office) -> None:
    vm = office.vm(running=True)
    told = office.call("vm-console", {"node": vm.node, "vmid": vm.vmid})
    assert set(told) == {
        "ticket", "port", "user", "upid", "websocketUrl", "proxmoxHost", "proxmoxPort", "node", "vmid", "vmType",
    }  # fmt: skip
    assert (told["proxmoxHost"], told["proxmoxPort"], told["vmType"], told["upid"]) == (
        "lab.example", "8006", "qemu", "",
    )  # fmt: skip
    url = urlsplit(told["websocketUrl"])
    assert (url.scheme, url.hostname, url.port, url.path) == ("ws", "127.0.0.1", told["port"], "/vnc-relay")
    assert parse_qs(url.query)["vmid"] == [str(vm.vmid)]
    assert told["ticket"] not in told["websocketUrl"]
    assert office.sent() == []
    logs = office.call("audit-log", {"tenantId": "acme", "actionType": "console.*"})["logs"]
    assert {row["actionType"] for row in logs} == {"console.open", "console.close"}
    assert told["ticket"] not in str(logs)


def test_who_invokes_a_console_has_it_at_once_and_it_stays_for_its_viewer(office: Office) -> None:
    vm = office.vm(running=True)
    told = invoke("vm-console", {"node": vm.node, "vmid": vm.vmid}, desk=office.desk(viewer_seconds=1.0))
    socket.create_connection(("127.0.0.1", told["port"]), timeout=5).close()
    with pytest.raises(FunctionError) as caught:
        invoke("vm-console", {"node": vm.node, "vmid": vm.vmid}, desk=office.desk(BEN))
    assert caught.value.status == 403


async def test_a_console_needs_somebody_who_takes_its_answer(office: Office) -> None:
    vm = office.vm(running=True)
    with pytest.raises(FunctionError) as caught:
        await answer("vm-console", {"node": vm.node, "vmid": vm.vmid}, office.desk())
    assert caught.value.status == 400


def test_a_viewer_gets_no_console(office: Office) -> None:
    vm = office.vm(running=True)
    assert office.refused("vm-console", {"node": vm.node, "vmid": vm.vmid}, by=BEN).status == 403


def test_get_goes_through_also_for_a_viewer(office: Office) -> None:
    told = office.call("proxmox-api", {"path": "/cluster/resources?type=vm"}, by=BEN)
    assert {row["type"] for row in told["data"]} == {"qemu", "lxc"}
    assert office.call("proxmox-api", {"path": "/version", "serverId": "acme/prod"})["data"]["release"]


def test_another_method_is_a_change_that_only_admins_make(office: Office) -> None:
    vm = office.vm(running=False)
    body = {"path": f"/nodes/{vm.node}/qemu/{vm.vmid}/status/start", "method": "POST"}
    assert office.refused("proxmox-api", body, by=BEN).status == 403
    assert office.refused("proxmox-api", body, read_only=True).status == 403
    assert office.sent() == []
    told = office.call("proxmox-api", body)
    assert told["data"].startswith("UPID:")
    assert told["success"] is True
    assert vm.running


def test_a_request_is_recorded_by_its_template_without_what_it_carries(office: Office) -> None:
    vm = office.vm(running=False)
    path = f"/nodes/{vm.node}/qemu/{vm.vmid}/config"
    told = office.call("proxmox-api", {"path": path, "method": "PUT", "body": {"description": "hush-hush"}})
    assert (told["data"], told["success"]) == (None, True)
    logs = office.call("audit-log", {"tenantId": "acme", "actionType": "call.proxmox-api"})["logs"]
    assert [row["phase"] for row in logs] == ["outcome", "intent"]
    assert logs[0]["details"]["template"] == "/nodes/{node}/qemu/{vmid}/config"
    assert logs[0]["details"]["method"] == "PUT"
    assert "hush-hush" not in str(logs)
    assert office.call("proxmox-api", {"path": path})["data"]["description"] == "hush-hush"


@pytest.mark.parametrize("denied", ["call.proxmox-api", "call.*", "guests.delete"])
def test_a_rule_that_denies_it_or_what_it_could_be_takes_it_away(office: Office, denied: str) -> None:
    from proxtui.config.vault.edits import Put

    office.vault.reload()
    office.vault.save(Put(("settings", "denied_operations"), [denied]))
    error = office.refused("proxmox-api", {"path": "/pools", "method": "POST", "body": {"poolid": "x"}})
    assert error.status == 403
    assert "among denied_operations" in str(error)
    assert office.sent() == []
    assert office.call("proxmox-api", {"path": "/version"})["success"]


def test_what_is_inside_a_guest_is_not_for_viewers(office: Office) -> None:
    vm = office.vm(running=True)
    body = {"path": f"/nodes/{vm.node}/qemu/{vm.vmid}/agent/file-read?file=/etc/shadow"}
    assert office.refused("proxmox-api", body, by=BEN).status == 403


@pytest.mark.parametrize("path", ["https://evil.example/x", "/nodes/../access", "//evil/x", "?x=1", "/a b"])
def test_only_a_path_of_the_api_is_a_path(office: Office, path: str) -> None:
    assert office.refused("proxmox-api", {"path": path}).status == 400


def test_what_pve_does_not_know_is_an_error_of_its_own(office: Office) -> None:
    error = office.refused("proxmox-api", {"path": "/nodes/pve1/qemu/99999/config"})
    assert error.status in (404, 500)


def test_a_server_that_fails_is_500_and_says_why(office: Office) -> None:
    office.world.faults.add(Fault(kind="status", status=503))
    error = office.refused("list-vms")
    assert (error.status, error.exit_code) == (500, 1)
    assert error.details["kind"]


def test_a_login_that_pve_refuses_is_401(office: Office) -> None:
    office.site.tokens.clear()
    error = office.refused("list-vms")
    assert (error.status, error.exit_code) == (401, 11)
