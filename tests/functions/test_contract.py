"""Every function and every action: an example of its request gives its response, and all of them have one."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from proxtui.functions import FUNCTIONS
from proxtui.functions.calling import function_of

from .desks import TOKEN, Office

AT, OF = {"serverId": "acme/prod"}, {"tenantId": "acme"}
GUEST = {"node": "NODE", "vmid": 0}
"""Filled with a guest of the cluster."""
EXAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("list-vms", AT | OF),
    ("vm-actions", GUEST | AT | {"action": "shutdown", "vmType": "qemu"}),
    ("vm-console", GUEST | AT | {"vmType": "qemu"}),
    ("proxmox-servers", {"action": "list"} | OF),
    ("proxmox-servers", {"action": "create", "name": "new", "host": "pve9", "port": 8006, "apiToken": TOKEN} | OF),
    ("proxmox-servers", {"action": "update", "useTailscale": True, "tailscaleHostname": "prod.ts.example"} | AT),
    ("proxmox-servers", {"action": "delete"} | AT),
    ("proxmox-servers", {"action": "health-check"} | AT),
    ("connectivity-test", {"host": "pve9", "port": 8006, "apiToken": TOKEN}),
    ("connection-metrics", {"action": "record", "success": True, "responseTimeMs": 12.5} | AT),
    ("connection-metrics", {"action": "get-summary"} | AT),
    ("connection-metrics", {"action": "get-history"} | AT),
    ("tenants", {"action": "list"}),
    ("tenants", {"action": "create", "name": "Beta", "slug": "beta"}),
    ("tenants", {"action": "update", "isActive": False} | OF),
    ("tenant-settings", {"action": "get"} | OF),
    ("tenant-settings", {"action": "update", "settings": {"autoHealthCheckInterval": 60_000}} | OF),
    ("tenant-stats", OF),
    ("audit-log", OF | {"limit": 10, "offset": 0, "resourceType": "qemu", "endDate": "2026-11-22T00:00:00Z"}),
    ("delete-user", {"userId": "ben"}),
    ("proxmox-api", {"path": "/cluster/resources", "method": "GET", "body": {"type": "vm"}} | AT),
]


def actions_of(name: str) -> list[str | None]:
    """The actions that tell the calls of a function apart."""
    calls = function_of(name).calls
    if len(calls) == 1:
        return [None]
    return [get_args(call.request.model_fields["action"].annotation)[0] for call in calls]


@pytest.mark.parametrize(("name", "body"), EXAMPLES)
def test_a_request_gives_the_whole_response(office: Office, name: str, body: dict[str, Any]) -> None:
    if "node" in body:
        vm = office.vm(running=True)
        body = body | {"node": vm.node, "vmid": vm.vmid}
    function = function_of(name)
    call = function.call_of(function.understood(body))
    told = office.call(name, body)
    assert call.response.model_validate(told).document == told
    assert set(told) == {field.alias for field in call.response.model_fields.values()}


def test_there_is_an_example_of_all() -> None:
    every = {(name, action) for name in FUNCTIONS for action in actions_of(name)}
    shown = {(name, body.get("action") if len(actions_of(name)) > 1 else None) for name, body in EXAMPLES}
    assert shown == every


@pytest.mark.parametrize(("name", "body"), EXAMPLES)
def test_nothing_but_what_is_documented_is_taken(office: Office, name: str, body: dict[str, Any]) -> None:
    error = office.refused(name, body | {"server_id": "acme/prod", "vmid": 100})
    assert error.status == 400
    assert "server_id" in error.details["errors"]
