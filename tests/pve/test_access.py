from __future__ import annotations

from proxtui.pve.access import AccessTools, Permissions, permissions_of

from .fakes import FakeClient, data


async def test_permissions_are_read() -> None:
    client = FakeClient({"/access/permissions": data({"/vms/100": {"VM.Audit": 1, "VM.Console": "0"}})})
    permissions = await AccessTools(client).permissions()
    assert permissions.allows("/vms/100", "VM.Audit")
    assert permissions.allows("/vms/100", "VM.Console")
    assert not permissions.allows("/vms/100", "VM.PowerMgmt")
    assert client.asked == ["/access/permissions"]


def test_what_stands_above_holds_below_when_it_propagates() -> None:
    permissions = permissions_of({"/": {"Sys.Audit": 1}, "/vms": {"VM.Audit": 1, "VM.Console": 0}})
    assert permissions.allows("/vms/7000", "VM.Audit")
    assert not permissions.allows("/vms/7000", "VM.Console")
    assert permissions.allows("/vms", "VM.Console")
    assert permissions.allows("/nodes/pve1", "Sys.Audit")


def test_the_nearest_path_decides_and_nothing_beyond_it() -> None:
    permissions = permissions_of({"/": {"VM.PowerMgmt": 1}, "/vms": {"VM.Audit": 1}, "/vms/100": {"VM.Console": 1}})
    assert not permissions.allows("/vms/100", "VM.Audit")
    assert not permissions.allows("/vms/200", "VM.PowerMgmt")
    assert permissions.allows("/storage/local", "VM.PowerMgmt")


def test_a_token_without_rights_has_none() -> None:
    permissions = permissions_of({})
    assert not permissions
    assert not permissions.allows("/", "Sys.Audit")
    assert not Permissions().allows("/vms/100", "VM.Audit")


def test_nonsense_grants_nothing() -> None:
    permissions = permissions_of({"/": None, "/vms": ["VM.Audit"], "/nodes": {"Sys.Audit": "maybe"}})
    assert not permissions.allows("/vms/100", "VM.Audit")
    assert not permissions.allows("/nodes/pve1", "Sys.Audit")
    assert not permissions.allows("/nodes", "Sys.Audit")
    assert not permissions


def test_paths_may_end_in_a_slash() -> None:
    assert permissions_of({"/vms": {"VM.Audit": 1}}).allows("/vms/100/", "VM.Audit")
