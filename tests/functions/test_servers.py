"""``proxmox-servers`` and ``connectivity-test``: what is asked, what is saved, and what is told of a secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from proxtui.pve.stages import Stage
from proxtui.pve.tls import CertificateInfo

from .desks import BEN, TOKEN, Office

PIN = ":".join(["AB"] * 32)
SERVER = {
    "id", "tenantId", "name", "host", "port", "tokenId", "useTailscale", "tailscaleHostname", "connectionTimeout",
    "isActive", "trust", "fingerprints",
}  # fmt: skip
NEW: dict[str, Any] = {
    "action": "create", "tenantId": "acme", "name": "lab", "host": "pve9.example", "port": 8006, "apiToken": TOKEN,
    "useTailscale": True, "tailscaleHostname": "pve9.ts.example", "connectionTimeout": 9000,
}  # fmt: skip


def untrusted(office: Office) -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    shown = CertificateInfo(
        subject="CN=pve9", issuer="CN=PVE", names=("pve9",), not_before=day, not_after=day, fingerprint=PIN
    )  # fmt: skip
    office.found = replace(
        office.found, verdict="tls", version=None, is_trusted=False, certificate=shown, advice="Pin it.",
        stages=(Stage("tls", "failed", 1.0, "it is not trusted"),),
    )  # fmt: skip


@pytest.mark.parametrize("body", [{"action": "list"}, {"action": "list", "tenantId": "acme"}])
def test_servers_are_listed_without_their_secrets(office: Office, body: dict[str, str]) -> None:
    told = office.call("proxmox-servers", body, by=BEN)
    (one,) = told["servers"]
    assert set(one) == SERVER
    assert (one["id"], one["tenantId"], one["host"], one["port"]) == ("acme/prod", "acme", "lab.example", 8006)
    announced = office.site.announced
    assert announced is not None
    assert announced.secret not in str(told)


def test_a_server_is_asked_and_then_added(office: Office) -> None:
    told = office.call("proxmox-servers", NEW)["server"]
    assert set(told) == SERVER
    assert (told["id"], told["tokenId"], told["connectionTimeout"]) == ("acme/lab", "root@pam!full", 9000)
    assert (told["useTailscale"], told["tailscaleHostname"]) == (True, "pve9.ts.example")
    assert len(office.call("proxmox-servers", {"action": "list"})["servers"]) == 2
    rows = office.call("audit-log", {"tenantId": "acme", "actionType": "servers.add"})["logs"]
    assert rows[0]["result"] == "ok"
    assert TOKEN.rpartition("=")[2] not in str(rows)


def test_a_server_that_is_not_trusted_is_not_added_and_shows_its_certificate(office: Office) -> None:
    untrusted(office)
    error = office.refused("proxmox-servers", NEW)
    assert error.status == 500
    assert error.details["certificate"]["fingerprint"] == PIN
    assert len(office.call("proxmox-servers", {"action": "list"})["servers"]) == 1
    saved = office.call("proxmox-servers", NEW | {"test": False, "fingerprint": PIN})["server"]
    assert (saved["trust"], saved["fingerprints"]) == ("fingerprint", [PIN])


def test_a_server_is_changed_switched_off_and_taken_away(office: Office) -> None:
    at = {"serverId": "acme/prod"}
    told = office.call("proxmox-servers", {"action": "update", **at, "isActive": False, "port": 8007})["server"]
    assert (told["isActive"], told["port"], told["host"]) == (False, 8007, "lab.example")
    assert office.refused("list-vms", at).status == 400
    assert office.call("proxmox-servers", {"action": "update", **at, "apiToken": TOKEN})["server"]["tokenId"] == (
        "root@pam!full"
    )
    assert office.call("proxmox-servers", {"action": "delete", **at}) == {"success": True}
    assert office.call("proxmox-servers", {"action": "list"}) == {"servers": []}


@pytest.mark.parametrize(
    "body", [NEW, {"action": "update", "serverId": "prod", "port": 1}, {"action": "delete", "serverId": "prod"}]
)
def test_viewers_change_no_server_and_nothing_under_the_lock(office: Office, body: dict[str, Any]) -> None:
    assert office.refused("proxmox-servers", body, by=BEN).status == 403
    assert office.refused("proxmox-servers", body, read_only=True).status == 403
    assert [one["port"] for one in office.call("proxmox-servers", {"action": "list"})["servers"]] == [8006]


def test_health_is_asked_now(office: Office) -> None:
    told = office.call("proxmox-servers", {"action": "health-check", "serverId": "acme/prod"})
    assert set(told) == {
        "success", "status", "responseTime", "version", "nodeCount", "path", "fingerprint", "error",
    }  # fmt: skip
    assert (told["success"], told["status"], told["version"], told["nodeCount"]) == (True, "online", "9.2.4", 2)
    untrusted(office)
    told = office.call("proxmox-servers", {"action": "health-check", "serverId": "acme/prod"})
    assert (told["success"], told["status"], told["fingerprint"]) == (False, "untrusted", PIN)


def test_a_way_to_a_server_is_tested_without_saving_it(office: Office) -> None:
    body = {"host": "pve9.example", "port": 8006, "apiToken": TOKEN}
    told = office.call("connectivity-test", body)
    assert set(told) == {"success", "responseTime", "version", "error", "fingerprint", "advice"}
    assert (told["success"], told["version"], told["error"]) == (True, "9.2.4", None)
    untrusted(office)
    told = office.call("connectivity-test", body)
    assert (told["success"], told["version"], told["error"]) == (False, None, "it is not trusted")
    assert told["fingerprint"] == PIN
    assert len(office.call("proxmox-servers", {"action": "list"})["servers"]) == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"apiToken": "no token"}, "apiToken"),
        ({"connectionTimeout": 1}, "connectionTimeout"),
        ({"name": "Not a slug"}, "name"),
        ({"port": 0}, "port"),
        ({"port": "8006"}, "port"),
        ({"colour": "red"}, "colour"),
        ({"apiToken": None}, "apiToken"),
    ],
)
def test_a_wrong_field_is_named_as_the_request_calls_it(office: Office, more: dict[str, Any], field: str) -> None:
    error = office.refused("proxmox-servers", NEW | more)
    assert (error.status, error.exit_code) == (400, 2)
    assert field in (error.details.get("field"), *error.details.get("errors", ()))
    assert "no token" not in str(error.document)


def test_an_action_that_there_is_not_is_400(office: Office) -> None:
    assert office.refused("proxmox-servers", {"action": "explode"}).status == 400
    assert office.refused("proxmox-servers", {}).status == 400
    assert office.refused("proxmox-servers", []).status == 400
