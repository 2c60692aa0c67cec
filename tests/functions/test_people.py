"""``audit-log``, ``delete-user`` and ``connection-metrics``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .desks import BEN, Office

ROW = {
    "id", "createdAt", "tenantId", "serverId", "userId", "actionType", "resourceType", "resourceId", "resourceName",
    "phase", "result", "message", "operationId", "details",
}  # fmt: skip
AT = {"serverId": "acme/prod"}


def saved(office: Office, times: int) -> None:
    for number in range(times):
        body = {"action": "update", "tenantId": "acme", "description": f"number {number}"}
        office.call("tenants", body)


def test_the_audit_is_read_page_by_page(office: Office) -> None:
    assert office.call("audit-log", {"tenantId": "empty"}) == {"logs": [], "total": 0, "limit": 50, "offset": 0}
    saved(office, 3)
    told = office.call("audit-log", {"tenantId": "acme"})
    assert all(set(row) == ROW for row in told["logs"])
    assert told["total"] == len(told["logs"]) == 6
    page = office.call("audit-log", {"tenantId": "acme", "limit": 2, "offset": 3})
    assert page["logs"] == told["logs"][3:5]
    assert (page["total"], page["limit"], page["offset"]) == (6, 2, 3)


def test_each_filter_leaves_what_it_says(office: Office) -> None:
    saved(office, 1)
    vm = office.vm(running=False)
    office.call("vm-actions", {"node": vm.node, "vmid": vm.vmid, "action": "start"})
    now = datetime.now(UTC)

    def found(**more: Any) -> set[str]:
        return {row["actionType"] for row in office.call("audit-log", {"tenantId": "acme", **more})["logs"]}

    assert found() == {"tenants.update", "guests.start"}
    assert found(actionType="guests.*") == found(resourceType="qemu") == {"guests.start"}
    assert found(userId="anna") == {"tenants.update", "guests.start"}
    assert found(userId="ben") == set()
    assert found(startDate=(now - timedelta(hours=1)).isoformat()) == {"tenants.update", "guests.start"}
    assert found(endDate="2020-01-01") == set()
    assert found(endDate=now.date().isoformat(), startDate=now.date().isoformat()) != set()


@pytest.mark.parametrize(
    ("more", "status"),
    [({"tenantId": "nope"}, 404), ({"startDate": "yesterday"}, 400), ({"limit": 0}, 400), ({"offset": -1}, 400)],
)
def test_what_cannot_be_asked_is_refused(office: Office, more: dict[str, Any], status: int) -> None:
    assert office.refused("audit-log", {"tenantId": "acme"} | more).status == status


def test_somebody_who_is_deleted_opens_nothing_any_more(office: Office) -> None:
    told = office.call("delete-user", {"userId": "ben"})
    assert told["success"] is True
    assert [one["serverId"] for one in told["rotate"]] == ["acme/prod"]
    assert all(set(one) == {"serverId", "identity"} for one in told["rotate"])
    assert office.refused("delete-user", {"userId": "ben"}).status == 404


def test_nobody_deletes_themselves_and_a_viewer_nobody(office: Office) -> None:
    assert office.refused("delete-user", {"userId": "anna"}).status == 403
    assert office.refused("delete-user", {"userId": "anna"}, by=BEN).status == 403


def test_metrics_that_nobody_recorded_are_unknown(office: Office) -> None:
    assert office.call("connection-metrics", {"action": "get-summary", **AT}) == {
        "summary": {
            "totalAttempts": 0, "successCount": 0, "failureCount": 0, "successRate": None, "avgResponseTime": None,
        }
    }  # fmt: skip
    assert office.call("connection-metrics", {"action": "get-history", **AT}) == {
        "history": {"hourly": [], "summary": {"totalAttempts": 0, "successCount": 0, "avgResponseTime": None}}
    }


def test_what_is_recorded_is_counted(office: Office) -> None:
    good = {"action": "record", **AT, "success": True, "responseTimeMs": 40, "usedTailscale": True, "retryCount": 1}
    assert office.call("connection-metrics", good) == {"success": True}
    bad = {"action": "record", **AT, "success": False, "errorMessage": "no route"}
    assert office.call("connection-metrics", bad) == {"success": True}
    told = office.call("connection-metrics", {"action": "get-summary", **AT})["summary"]
    assert told == {
        "totalAttempts": 2, "successCount": 1, "failureCount": 1, "successRate": 50.0, "avgResponseTime": 40.0,
    }  # fmt: skip
    history = office.call("connection-metrics", {"action": "get-history", **AT})["history"]
    assert history["summary"] == {"totalAttempts": 2, "successCount": 1, "avgResponseTime": 40.0}
    assert [set(hour) for hour in history["hourly"]] == [{"time", "successRate", "avgResponseTime", "attempts"}]


def test_calls_of_functions_are_recorded_too(office: Office) -> None:
    office.call("list-vms", AT)
    assert office.call("connection-metrics", {"action": "get-summary", **AT})["summary"]["totalAttempts"] > 0


@pytest.mark.parametrize("action", ["record", "get-summary", "get-history"])
def test_metrics_are_of_servers_that_there_are(office: Office, action: str) -> None:
    more = {"success": True} if action == "record" else {}
    assert office.refused("connection-metrics", {"action": action, "serverId": "acme/nope", **more}).status == 404
