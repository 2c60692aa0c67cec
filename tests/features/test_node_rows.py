"""Node rows: counts, offline nodes, and an auditor who may not see loads."""

from __future__ import annotations

from msgspec.structs import replace

from proxtui.core.census import Census
from proxtui.core.filters import parse
from proxtui.core.model import NodeKey, Scope, SourceState
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.features.nodes.rows import COLUMNS, NodeRow, node_rows
from proxtui.pve.models import ProxmoxNode

from .fleets import ACME, NOW, container, fleet, node, snapshot, two_tenants, vm

COLUMN = {column.key: column for column in COLUMNS}


def text(row: NodeRow, key: str) -> str:
    return COLUMN[key].text(row)


def test_guests_are_counted_where_they_live() -> None:
    guests = (vm(100), vm(101, status="stopped"), container(200), vm(102, node="pve2"))
    first, second = node_rows(fleet(snapshot(ACME, guests, (node("pve2"), node("pve1")))))
    assert (first.key.node, text(first, "running")) == ("pve1", "2/3")
    assert (second.key.node, text(second, "running")) == ("pve2", "1/1")


def test_an_offline_node_is_clear_and_claims_no_running_guest() -> None:
    known = fleet(snapshot(ACME, (vm(100),), (ProxmoxNode(node="pve1", status="offline", maxcpu=8),)))
    [row] = node_rows(known)
    assert text(row, "status") == "offline"
    assert COLUMN["status"].tone(row) is Tone.BAD
    assert text(row, "running") == f"{UNKNOWN}/1"
    assert COLUMN["running"].value(row) is None
    assert [text(row, key) for key in ("cpu", "mem", "disk", "uptime")] == [UNKNOWN] * 4
    assert text(row, "maxcpu") == "8"
    assert not row.muted


def test_without_sys_audit_only_the_name_and_the_state_are_known() -> None:
    [row] = node_rows(fleet(snapshot(ACME, (), (ProxmoxNode(node="pve1", status="online"),))))
    assert text(row, "status") == "online"
    assert not row.muted
    for column in COLUMNS:
        assert isinstance(column.text(row), str)
    assert text(row, "cpu") == UNKNOWN


def test_a_stale_server_greys_its_nodes_and_says_how_old_they_are() -> None:
    known = fleet(snapshot(ACME, (), (node("pve1"),), state=SourceState.STALE, taken_at=NOW - 130))
    [row] = node_rows(known)
    assert row.muted
    assert (text(row, "age"), text(row, "status")) == ("2m", "online?")


def test_scope_narrows_to_one_node_of_one_tenant() -> None:
    rows = node_rows(two_tenants(), Scope("acme", "berlin", "pve1"))
    assert [row.key for row in rows] == [NodeKey("acme", "berlin", "pve1")]


def test_loads_filter_and_colour() -> None:
    known = fleet(snapshot(ACME, (), (node("pve1", cpu=0.95), node("pve2", cpu=0.1))))
    wanted = parse("cpu>80 node:pve*")
    [row] = [row for row in node_rows(known) if wanted.matches(row)]
    assert row.key.node == "pve1"
    assert COLUMN["cpu"].tone(row) is Tone.BAD
    assert text(row, "mem") == "48 GiB  75 %"
    assert COLUMN["mem"].tone(row) is Tone.WARN


def test_guests_that_may_not_be_seen_are_not_counted_as_none() -> None:
    hidden = replace(snapshot(ACME, (), (node("pve1"),)), guests_unseen=True)
    row = node_rows(fleet(hidden))[0]
    assert (row.running, row.guests, text(row, "running")) == (None, None, UNKNOWN)


def test_a_census_that_is_kept_counts_as_a_new_one_does() -> None:
    census = Census()
    before = fleet(snapshot(ACME, (vm(100), vm(101)), (node("pve1"), node("pve2"))))
    assert [(row.running, row.guests) for row in node_rows(before, census=census)] == [(2, 2), (0, 0)]
    after = fleet(snapshot(ACME, (vm(100, node="pve2"), vm(101, status="stopped")), (node("pve1"), node("pve2"))))
    assert [(row.running, row.guests) for row in node_rows(after, census=census)] == [(0, 1), (1, 1)]
    assert node_rows(after, census=census) == node_rows(after)
    assert census.of(after.snapshots[0]) is census.of(after.snapshots[0])
