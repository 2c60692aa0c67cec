"""``tenants``, ``tenant-settings`` and ``tenant-stats``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxtui.sim.faults import Fault

from .desks import BEN, Office

TENANT = {"id", "slug", "name", "description", "isActive", "serverCount"}
SETTINGS = {
    "primaryColor", "secondaryColor", "accentColor", "logoUrl", "notificationEmail", "defaultConnectionTimeout",
    "autoHealthCheckInterval",
}  # fmt: skip
STATS = {
    "totalServers", "onlineServers", "offlineServers", "totalVMs", "runningVMs", "totalUsers", "recentConnections",
}  # fmt: skip


def test_tenants_are_listed(office: Office) -> None:
    told = office.call("tenants", {"action": "list"})["tenants"]
    assert all(set(one) == TENANT for one in told)
    assert [(one["id"], one["serverCount"]) for one in told] == [("acme", 1), ("empty", 0)]


def test_a_tenant_is_made_and_changed(office: Office) -> None:
    made = office.call("tenants", {"action": "create", "name": "Beta Ltd", "slug": "beta", "description": "B"})[
        "tenant"
    ]
    assert (set(made), made["id"], made["description"]) == (TENANT, "beta", "B")
    body = {"action": "update", "tenantId": "beta", "name": "Beta", "isActive": False}
    told = office.call("tenants", body)["tenant"]
    assert (told["name"], told["isActive"], told["description"]) == ("Beta", False, "B")
    assert office.refused("tenants", {"action": "create", "name": "Again", "slug": "beta"}).status == 400
    assert office.refused("tenants", {"action": "update", "tenantId": "nope", "name": "x"}).status == 404


def test_settings_are_there_before_anybody_said_them_and_change_one_by_one(office: Office) -> None:
    before = office.call("tenant-settings", {"action": "get", "tenantId": "acme"}, by=BEN)["settings"]
    assert set(before) == SETTINGS
    assert (before["primaryColor"], before["logoUrl"]) == ("#3b82f6", None)
    said: dict[str, Any] = {"primaryColor": "#112233", "defaultConnectionTimeout": 12_000}
    told = office.call("tenant-settings", {"action": "update", "tenantId": "acme", "settings": said})["settings"]
    assert told == before | said
    gone = office.call("tenant-settings", {"action": "update", "tenantId": "acme", "settings": {"primaryColor": None}})[
        "settings"
    ]
    assert gone["primaryColor"] == "#3b82f6"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("tenants", {"action": "create", "name": "x", "slug": "x"}),
        ("tenants", {"action": "update", "tenantId": "acme", "name": "x"}),
        ("tenant-settings", {"action": "update", "tenantId": "acme", "settings": {"primaryColor": "#000000"}}),
    ],
)
def test_viewers_change_nothing(office: Office, name: str, body: dict[str, Any]) -> None:
    assert office.refused(name, body, by=BEN).status == 403
    assert office.call("tenants", {"action": "list"})["tenants"][0]["name"] == "Acme"


@pytest.mark.parametrize(
    "settings", [{"primaryColor": "no colour"}, {"defaultConnectionTimeout": 1}, {"notificationEmail": "x"}]
)
def test_a_wrong_setting_is_named_as_it_was_said(office: Office, settings: dict[str, Any]) -> None:
    error = office.refused("tenant-settings", {"action": "update", "tenantId": "acme", "settings": settings})
    assert (error.status, error.details["field"]) == (400, next(iter(settings)))


def test_the_seven_numbers_count_what_runs_and_no_template(office: Office) -> None:
    vm = office.vm(running=True)
    office.call("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": "suspend"})
    told = office.call("tenant-stats", {"tenantId": "acme"})
    stats, guests = told["stats"], [one for one in office.site.guests.values() if not one.template]
    assert set(stats) == STATS
    assert stats["recentConnections"] > 0
    assert stats | {"recentConnections": 0} == {
        "totalServers": 1, "onlineServers": 1, "offlineServers": 0, "totalVMs": len(guests),
        "runningVMs": sum(one.running for one in guests), "totalUsers": 2, "recentConnections": 0,
    }  # fmt: skip
    assert [one["status"] for one in told["sources"]] == ["fresh"]


def test_a_silent_server_makes_numbers_unknown_and_not_zero(office: Office) -> None:
    office.world.faults.add(Fault(kind="status", status=503))
    told = office.call("tenant-stats", {"tenantId": "acme"})
    assert (told["stats"]["totalVMs"], told["stats"]["runningVMs"]) == (None, None)
    assert told["stats"]["totalServers"] == 1
    assert told["sources"][0]["error"]


def test_an_empty_tenant_has_nothing_and_knows_it(office: Office) -> None:
    stats = office.call("tenant-stats", {"tenantId": "empty"})["stats"]
    assert set(stats) == STATS
    assert stats == dict.fromkeys(STATS, 0) | {"totalUsers": 1}
    assert office.refused("tenant-stats", {"tenantId": "nope"}).status == 404


def test_variables_name_a_server_that_is_read_and_not_changed(office: Office) -> None:
    config = office.desk().config
    more = {"vault": None, "config": replace(config, users=())}
    told = office.call("tenants", {"action": "list"}, **more)["tenants"]
    assert [one["id"] for one in told] == ["acme", "empty"]
    body = {"action": "create", "name": "x", "slug": "x"}
    assert office.refused("tenants", body, **more).status == 400
