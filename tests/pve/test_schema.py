"""The checker says no where PVE says no: without that its yes is worth nothing."""

from __future__ import annotations

from typing import Any

import pytest

from .schema import VERSIONS, PveSchema, needs_schema

pytestmark = needs_schema
VM = "/nodes/pve1/qemu/100"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("method", "path", "params", "said"),
    [
        ("POST", f"{VM}/status/explode", {}, "no such call"),
        ("GET", f"{VM}/status/start", {}, "no such call"),
        ("POST", f"{VM}/status/start", {"force": True}, "force: is not defined"),
        ("POST", f"{VM}/clone", {}, "newid: is missing"),
        ("POST", f"{VM}/clone", {"newid": 7}, "7 is not within 100"),
        ("POST", f"{VM}/clone", {"newid": "abc"}, "no integer"),
        ("POST", f"{VM}/clone", {"newid": 200, "full": "yes"}, "no boolean"),
        ("POST", f"{VM}/clone", {"newid": 200, "format": "vhd"}, "none of"),
        ("POST", f"{VM}/clone", {"newid": 200, "name": "a_b"}, "dns-name"),
        ("PUT", f"{VM}/resize", {"disk": "scsi0", "size": "five"}, "does not match"),
        ("PUT", f"{VM}/resize", {"disk": "scsi77", "size": "5G"}, "none of"),
        ("POST", "/nodes/pve1/qemu", {"vmid": 200, "net0": "virtio,bridge=vmbr0,colour=red"}, "colour is no part"),
        ("POST", "/nodes/pve1/qemu", {"vmid": 200, "scsi77x": "a:1"}, "not defined"),
        ("POST", f"{VM}/snapshot", {"snapname": "x" * 41}, "too few or too many"),
        ("POST", "/nodes/pve_1/qemu", {"vmid": 200}, "pve-node"),
        ("PUT", f"{VM}/config", {"force": True}, "needs delete too"),
    ],
)
def test_what_pve_refuses_is_found(version: str, method: str, path: str, params: dict[str, Any], said: str) -> None:
    assert said in "; ".join(PveSchema(version).problems(method, path, params))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_pve_takes_passes(version: str) -> None:
    schema = PveSchema(version)
    schema.check("POST", "/nodes/pve1/qemu", {"vmid": 200, "net0": "virtio,bridge=vmbr0", "scsi0": "local:8,ssd=on"})
    schema.check("POST", f"{VM}/agent/exec", {"command": ["ls", "-l"], "input-data": None})
    schema.check("POST", f"{VM}/status/start")
    assert schema.returns("PUT", f"{VM}/config") == {"type": "null"}
    assert schema.has("GET", "/nodes/pve1/lxc/200/migrate") is (version == "9.2")


def test_a_wrong_request_fails_the_test_that_sent_it() -> None:
    with pytest.raises(AssertionError, match=r"PVE 8.4, POST .*: there is no such call"):
        PveSchema("8.4").check("POST", "/nowhere")
