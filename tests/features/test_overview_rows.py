"""The totals of the overview: what is unknown is never a zero, and what is shared is counted once."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from proxtui.core.model import Fleet, Scope, ServerRef, SourceState
from proxtui.features.overview.amounts import Amount, of_known, total
from proxtui.features.overview.rows import COLUMNS, TotalRow, summary, total_rows
from proxtui.features.overview.sight import Sight, sight_of
from proxtui.pve.access import Permissions
from proxtui.pve.models import ProxmoxNode, ProxmoxVM

from .fleets import ACME, GIB, ZETA, container, fleet, node, snapshot, storage, two_tenants, vm

LAB = ServerRef("acme", "lab")
DEAD = {"state": SourceState.DOWN, "taken_at": None, "error": "no route to host"}


def texts(row: TotalRow) -> dict[str, str]:
    return {column.key: column.text(row) for column in COLUMNS}


def by_key(known: Fleet, scope: Scope | None = None, **sights: Sight) -> dict[tuple[str, ...], TotalRow]:
    seen = {ref: sights[ref.server] for ref in (ACME, LAB, ZETA) if ref.server in sights}
    return {row.key: row for row in total_rows(known, scope or Scope(), seen)}


def test_everything_then_each_server() -> None:
    rows = total_rows(two_tenants(), Scope())
    assert [row.name for row in rows] == ["all servers", "acme / berlin", "zeta / paris"]
    assert texts(rows[0])["running"] == "3/4"
    assert texts(rows[0])["online"] == "3/3"
    assert texts(rows[1])["running"] == "2/3"
    assert summary(rows) == "4 guests"


def test_a_tenant_with_several_servers_has_a_row_of_its_own() -> None:
    known = fleet(snapshot(ACME, (vm(100),)), snapshot(LAB, (vm(100), vm(101))), snapshot(ZETA))
    rows = total_rows(known, Scope())
    assert [row.name for row in rows] == ["all servers", "acme", "  berlin", "  lab", "zeta / paris"]
    assert texts(rows[1])["running"] == "3/3"
    assert rows[1].scope == Scope("acme")


def test_one_server_needs_no_sum() -> None:
    rows = total_rows(two_tenants(), Scope("zeta", "paris"))
    assert [row.key for row in rows] == [("zeta", "paris")]


def test_a_silent_server_makes_the_sum_a_lower_bound() -> None:
    rows = by_key(fleet(snapshot(ACME, (vm(100), vm(101)), (node("pve1"),)), snapshot(ZETA, **DEAD)))
    assert texts(rows[()])["running"] == "2+/2+"
    assert texts(rows[()])["status"] == "1 of 2 known"
    assert texts(rows["zeta", "paris"])["running"] == "–/–"
    assert texts(rows["zeta", "paris"])["mem"] == "–"
    assert summary(list(rows.values())) == "at least 2 guests (1 server unknown)"


def test_when_nobody_answered_nothing_is_known() -> None:
    rows = by_key(fleet(snapshot(ACME, **DEAD), snapshot(ZETA, state=SourceState.WAITING, taken_at=None)))
    for row in rows.values():
        shown = texts(row)
        assert [shown[key] for key in ("running", "online", "cpu", "mem", "disk")] == ["–/–", "–/–", "–", "–", "–"]
        assert all(column.value(row) is None for column in COLUMNS if column.key in ("running", "cpu", "mem", "disk"))
    assert summary(list(rows.values())) == "– guests (2 servers unknown)"


def test_the_last_known_rows_of_a_server_that_is_down_are_shown_but_not_added() -> None:
    down = snapshot(ZETA, (vm(1000),), (node("pve"),), state=SourceState.DOWN, taken_at=100.0)
    rows = by_key(fleet(snapshot(ACME, (vm(100),), (node("pve1"),)), down))
    assert texts(rows["zeta", "paris"])["running"] == "1/1"
    assert rows["zeta", "paris"].muted
    assert texts(rows["zeta", "paris"])["age"] == "15m"
    assert texts(rows[()])["running"] == "1+/1+"


def test_a_shared_storage_counts_once_and_a_local_one_on_every_node() -> None:
    shared = [storage("ceph", f"pve{at}", shared=True, used=10 * GIB, total=100 * GIB) for at in (1, 2, 3)]
    local = [storage("local", f"pve{at}", shared=False, used=GIB, total=10 * GIB) for at in (1, 2, 3)]
    row = by_key(fleet(snapshot(ACME, storages=(*shared, *local))))["acme", "berlin"]
    assert row.figures.disk == Amount(13 * GIB)
    assert row.figures.maxdisk == Amount(130 * GIB)


def test_a_shared_storage_is_known_as_soon_as_one_node_knows_it() -> None:
    unseen = storage("ceph", "pve1", shared=True, used=None, total=None)
    seen = storage("ceph", "pve2", shared=True, used=5 * GIB, total=10 * GIB)
    row = by_key(fleet(snapshot(ACME, storages=(unseen, seen))))["acme", "berlin"]
    assert row.figures.disk == Amount(5 * GIB)


def test_a_storage_that_nobody_knows_makes_the_sum_a_lower_bound() -> None:
    row = by_key(fleet(snapshot(ACME, storages=(storage("local"), storage("nfs", used=None, total=None)))))
    assert texts(row["acme", "berlin"])["disk"] == "64 GiB+  64 %"


def test_what_runs_on_an_offline_node_is_unknown() -> None:
    off = ProxmoxNode(node="pve2", status="offline", maxcpu=16)
    known = fleet(snapshot(ACME, (vm(100), vm(101, node="pve2")), (node("pve1"), off)))
    row = by_key(known)["acme", "berlin"]
    assert texts(row)["running"] == "1+/2"
    assert texts(row)["online"] == "1/2"
    assert texts(row)["cpu"] == "50 %"


def test_when_all_nodes_are_offline_what_runs_is_unknown() -> None:
    known = fleet(snapshot(ACME, (vm(100),), (ProxmoxNode(node="pve1", status="offline"),)))
    assert texts(by_key(known)["acme", "berlin"])["running"] == "–/1"


def test_without_sys_audit_the_loads_are_unknown_and_the_nodes_are_not() -> None:
    bare = fleet(snapshot(ACME, (container(200),), (ProxmoxNode(node="pve1", status="online"),)))
    shown = texts(by_key(bare)["acme", "berlin"])
    assert (shown["online"], shown["cpu"], shown["mem"], shown["running"]) == ("1/1", "–", "–", "1/1")


def test_what_the_login_may_not_see_is_unknown() -> None:
    bare = fleet(snapshot(ACME, (), (ProxmoxNode(node="pve1", status="online"),)), snapshot(ZETA, (vm(100),)))
    rows = by_key(bare, berlin=Sight(guests=False, storages=False))
    assert texts(rows["acme", "berlin"])["running"] == "–/–"
    assert texts(rows["acme", "berlin"])["disk"] == "–"
    assert texts(rows[()])["running"] == "1+/1+"
    assert texts(rows[()])["status"] == "2 servers"


def test_the_scope_of_a_node_narrows_everything() -> None:
    row = by_key(two_tenants(), Scope("acme", "berlin", "pve1"))["acme", "berlin"]
    assert (texts(row)["running"], texts(row)["online"]) == ("2/2", "1/1")
    assert row.figures.disk == Amount(64 * GIB)


def test_guests_in_an_unknown_state_are_not_called_stopped() -> None:
    known = fleet(snapshot(ACME, (ProxmoxVM(vmid=100, node="pve1"), vm(101))))
    assert texts(by_key(known)["acme", "berlin"])["running"] == "1+/2"


def test_sums() -> None:
    assert total([]) == Amount(0)
    assert total([Amount(1), Amount(2)]) == Amount(3)
    assert total([Amount(1), Amount(None, True)]) == Amount(1, True)
    assert total([Amount(None, True)]) == Amount(None, True)
    assert of_known([None, 0]) == Amount(0, True)


@pytest.mark.parametrize(
    ("paths", "seen"),
    [
        ({}, Sight(False, False, False)),
        ({"/": {"Sys.Audit": True}}, Sight(False, False, True)),
        ({"/vms/100": {"VM.Audit": True}}, Sight(True, False, False)),
        ({"/": dict.fromkeys(("VM.Audit", "Datastore.Audit", "Sys.Audit"), True)}, Sight()),
    ],
)
def test_what_a_login_sees(paths: dict[str, dict[str, bool]], seen: Sight) -> None:
    assert sight_of(Permissions(MappingProxyType(paths))) == seen


def test_unknown_permissions_hide_nothing() -> None:
    assert sight_of(None) == Sight()


@pytest.mark.parametrize(
    ("path", "told"), [("", ""), ("direct", ""), ("tailscale", " by tailscale"), ("ssh", " by ssh")]
)
def test_a_way_that_is_not_the_usual_one_is_told(path: str, told: str) -> None:
    (row,) = total_rows(fleet(snapshot(path=path)), Scope())
    assert texts(row)["name"] == f"{row.name}{told}"


def test_a_server_that_is_switched_off_is_told_and_not_counted() -> None:
    spare, alone = ServerRef("acme", "spare"), ServerRef("new", "first")
    known = Fleet(two_tenants().snapshots, two_tenants().now, off=(spare, alone))
    rows = {row.key: row for row in total_rows(known, Scope())}
    status = next(column for column in COLUMNS if column.key == "status")
    for ref in (spare, alone):
        row = rows[tuple(ref)]
        assert (row.name, row.muted, row.field("status"), row.unknown) == (" / ".join(ref), True, "off", 0)
        assert status.text(row) == "off"
    assert (rows[()].servers, rows[()].unknown) == (2, 0)
    assert summary(list(rows.values())) == summary(total_rows(two_tenants(), Scope()))
    (only,) = total_rows(known, Scope("acme", "spare"))
    assert only.key == tuple(spare)
