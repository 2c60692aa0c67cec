"""400, 401, 403, 404 and 500 of every function and every action, or a word on why it never answers with one of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from proxtui.features.audit.places import usual_files
from proxtui.functions import FunctionError, invoke
from proxtui.sim.faults import Fault

from .desks import BEN, Office
from .test_contract import EXAMPLES

Key = tuple[str, str | None]
EVERY = {(name, body.get("action") if name != "vm-actions" else None): body for name, body in EXAMPLES}
all_of_them = pytest.mark.parametrize("key", EVERY, ids=str)

WRONG: Mapping[Key, dict[str, Any]] = {
    ("list-vms", None): {"serverId": 7},
    ("vm-actions", None): {"action": "explode"},
    ("vm-console", None): {"vmid": 99},
    ("proxmox-servers", "list"): {"tenantId": ""},
    ("proxmox-servers", "create"): {"port": 99_999},
    ("proxmox-servers", "update"): {"useTailscale": "yes"},
    ("proxmox-servers", "delete"): {"serverId": None},
    ("proxmox-servers", "health-check"): {"serverId": ""},
    ("connectivity-test", None): {"port": 0},
    ("connection-metrics", "record"): {"responseTimeMs": -1},
    ("connection-metrics", "get-summary"): {"serverId": 1},
    ("connection-metrics", "get-history"): {"serverId": []},
    ("tenants", "list"): {"action": "lists"},
    ("tenants", "create"): {"slug": "No Slug"},
    ("tenants", "update"): {"isActive": "no"},
    ("tenant-settings", "get"): {"tenantId": 5},
    ("tenant-settings", "update"): {"settings": {"defaultConnectionTimeout": "soon"}},
    ("tenant-stats", None): {"tenantId": None},
    ("audit-log", None): {"limit": 0},
    ("delete-user", None): {"userId": ""},
    ("proxmox-api", None): {"method": "BREW"},
}
CHANGES: tuple[Key, ...] = (
    ("vm-actions", None), ("vm-console", None), ("proxmox-servers", "create"), ("proxmox-servers", "update"),
    ("proxmox-servers", "delete"), ("tenants", "create"), ("tenants", "update"), ("tenant-settings", "update"),
    ("delete-user", None),
)  # fmt: skip
"""Refused to a viewer and under the lock, and where no audit can be kept."""
ASKS: tuple[Key, ...] = (("list-vms", None), ("proxmox-api", None))
"""Reads that fail as the server that they ask does."""
NAMELESS: tuple[Key, ...] = (("connectivity-test", None), ("tenants", "list"), ("tenants", "create"))
"""These name nothing that could be missing."""
METRICS: tuple[Key, ...] = tuple(key for key in EVERY if key[0] == "connection-metrics")
TELLS: tuple[Key, ...] = (
    ("proxmox-servers", "list"), ("proxmox-servers", "health-check"), ("connectivity-test", None), ("tenants", "list"),
    ("tenant-settings", "get"), ("tenant-stats", None),
)  # fmt: skip
"""Told from what is configured, or a failure of the server is itself the answer: nothing is left that could fail."""


def body_of(office: Office, key: Key) -> dict[str, Any]:
    body = EVERY[key]
    if "node" in body:
        vm = office.vm(running=True)
        body = body | {"node": vm.node, "vmid": vm.vmid}
    return body


def test_every_function_is_in_these_tables() -> None:
    assert set(WRONG) == set(EVERY)
    assert {*CHANGES, *ASKS, *METRICS, *TELLS, ("audit-log", None)} == set(EVERY)


@all_of_them
def test_400(office: Office, key: Key) -> None:
    before = len(office.world.requests.recent)
    error = office.refused(key[0], body_of(office, key) | WRONG[key])
    assert (error.status, error.exit_code) == (400, 2)
    assert len(office.world.requests.recent) == before, "a wrong request is asked of nobody"


@all_of_them
def test_401(office: Office, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration is locked, and no key of it at hand."""
    body = body_of(office, key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg").mkdir()
    office.seat.path.parent.rename(tmp_path / "xdg" / "proxtui")
    with pytest.raises(FunctionError) as caught:
        invoke(key[0], body)
    assert (caught.value.status, caught.value.exit_code) == (401, 11)
    assert "proxtui unlock" in caught.value.document["error"]


@pytest.mark.parametrize("more", [{"by": BEN}, {"read_only": True}], ids=["role", "lock"])
@pytest.mark.parametrize("key", CHANGES, ids=str)
def test_403(office: Office, key: Key, more: dict[str, Any]) -> None:
    error = office.refused(key[0], body_of(office, key), **more)
    assert (error.status, error.exit_code) == (403, 13)
    assert office.sent() == []


@pytest.mark.parametrize("key", [key for key in EVERY if key not in CHANGES], ids=str)
def test_what_only_looks_is_for_viewers_and_under_the_lock(office: Office, key: Key) -> None:
    body = body_of(office, key)
    assert office.call(key[0], body, by=BEN, read_only=True)
    assert office.sent() == []


@pytest.mark.parametrize("key", ASKS, ids=str)
def test_403_by_pve(office: Office, key: Key) -> None:
    office.world.faults.add(Fault(kind="status", status=403))
    error = office.refused(key[0], body_of(office, key))
    assert (error.status, error.exit_code) == (403, 12)


@pytest.mark.parametrize("key", [key for key in EVERY if key not in NAMELESS], ids=str)
def test_404(office: Office, key: Key) -> None:
    body = body_of(office, key)
    name = next(name for name in ("serverId", "tenantId", "userId") if name in body)
    error = office.refused(key[0], body | {name: "nope"})
    assert (error.status, error.exit_code) == (404, 14)
    assert "'nope'" in error.document["error"]


@pytest.mark.parametrize("key", ASKS, ids=str)
def test_500_of_a_server_that_fails(office: Office, key: Key) -> None:
    office.world.faults.add(Fault(kind="status", status=503))
    error = office.refused(key[0], body_of(office, key))
    assert (error.status, error.exit_code) == (500, 1)


@pytest.mark.parametrize("key", [*CHANGES, ("audit-log", None)], ids=str)
def test_500_where_the_audit_cannot_be_kept_or_read(office: Office, key: Key) -> None:
    (usual_files().folder / "audit.db").mkdir(parents=True)
    error = office.refused(key[0], body_of(office, key))
    assert (error.status, error.exit_code) == (500, 1)
    assert office.sent() == [], "nothing is changed that cannot be told"
    assert {one.name for one in office.desk().known.users} == {"anna", "ben"}


@pytest.mark.parametrize("key", METRICS, ids=str)
def test_500_where_the_metrics_cannot_be_used(office: Office, key: Key) -> None:
    (usual_files().folder / "metrics.db").mkdir(parents=True)
    error = office.refused(key[0], body_of(office, key))
    assert (error.status, error.exit_code) == (500, 1)


@pytest.mark.parametrize("key", TELLS, ids=str)
def test_what_tells_of_failures_does_not_fail_with_them(office: Office, key: Key) -> None:
    office.world.faults.add(Fault(kind="status", status=503))
    assert office.call(key[0], body_of(office, key))
