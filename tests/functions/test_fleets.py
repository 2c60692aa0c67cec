"""Several servers, of which one is silent or tells nothing; and one open configuration for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.vault.edits import add_server
from proxtui.core.model import ServerRef
from proxtui.features.audit.places import usual_files
from proxtui.functions import FunctionError, invoke
from proxtui.functions.opening import usual_desk
from proxtui.sim.app import create_app
from proxtui.sim.faults import Fault
from proxtui.sim.transport import SimTransport
from tests.walks.world import make_world

from .desks import Office


@pytest.fixture
def two(office: Office) -> dict[str, Any]:
    """``acme/far`` is a second cluster with the same names; gives what its calls need."""
    far = make_world("small", now=office.clock.time)
    token = far.sites["lab"].announced
    assert token is not None
    credentials = {"token_id": token.full, "token_secret": token.secret}
    office.vault.reload()
    office.vault.save(add_server("acme", "far", ["far.example:8006"], credentials=credentials))
    transports = {
        ServerRef("acme", "prod"): SimTransport(create_app(office.world, "lab")),
        ServerRef("acme", "far"): SimTransport(create_app(far, "lab")),
    }
    return {"opening": {"transports": transports, "clock": office.clock}, "far": far}


def test_the_same_guest_on_two_servers_is_two_guests_and_must_be_named(office: Office, two: dict[str, Any]) -> None:
    two.pop("far")
    told = office.call("list-vms", **two)
    assert {vm["serverId"] for vm in told["vms"]} == {"acme/prod", "acme/far"}
    vm = office.vm(running=False)
    body = {"node": vm.node, "vmid": vm.vmid, "action": "start"}
    assert office.refused("vm-actions", body, **two).status == 400
    assert office.refused("proxmox-api", {"path": "/version"}, **two).status == 400
    assert office.sent() == []
    assert office.call("vm-actions", body | {"serverId": "acme/prod"}, **two)["success"]
    assert vm.running


def test_one_silent_server_takes_nothing_from_the_others_and_is_named(office: Office, two: dict[str, Any]) -> None:
    two.pop("far").faults.add(Fault(kind="status", status=503))
    told = office.call("list-vms", **two)
    assert {vm["serverId"] for vm in told["vms"]} == {"acme/prod"}
    lines = {one["serverId"]: one["error"] for one in told["sources"]}
    assert lines["acme/prod"] is None
    assert lines["acme/far"]
    stats = office.call("tenant-stats", {"tenantId": "acme"}, **two)["stats"]
    assert stats["totalServers"] == 2
    assert stats["onlineServers"] == 1
    assert stats["totalVMs"] == sum(not one.template for one in office.site.guests.values())


def test_a_login_that_may_see_no_guest_does_not_say_that_there_is_none(office: Office) -> None:
    office.site.acl.clear()
    told = office.call("list-vms")
    assert told["vms"] == []
    assert "VM.Audit" in told["sources"][0]["error"]
    assert office.call("tenant-stats", {"tenantId": "acme"})["stats"]["totalVMs"] is None


def test_a_program_with_a_wrong_key_is_in_the_audit(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    place = tmp_path / "xdg" / "proxtui"
    place.parent.mkdir()
    office.seat.path.parent.rename(place)
    key = tmp_path / "wrong"
    key.write_bytes(b"w" * 32)
    key.chmod(0o600)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(key))
    with pytest.raises(FunctionError) as caught:
        invoke("tenants", {"action": "list"})
    assert caught.value.status == 401
    assert usual_files().db.exists()
    key.write_bytes(b"r" * 32)
    desk = usual_desk()
    assert [one["id"] for one in invoke("tenants", {"action": "list"}, desk=desk)["tenants"]] == ["acme", "empty"]
    announced = office.site.announced
    assert announced is not None
    assert announced.secret not in json.dumps(invoke("proxmox-servers", {"action": "list"}))
