"""What a monitoring system is told about each server, and about all of them."""

from __future__ import annotations

import pytest

from proxtui.cli.health import Level, problems_text, server_row, server_rows, summary, worst
from proxtui.cli.sight import GUESTS, NOTHING
from proxtui.core.model import Snapshot, SourceState, Trouble
from tests.features.fleets import ACME, GIB, ZETA, fleet, node, snapshot, storage, two_tenants, vm


def level_of(**known: object) -> Level:
    return server_row(snapshot(**known)).level  # type: ignore[arg-type]


def test_all_well() -> None:
    rows = server_rows(two_tenants())
    assert [row.level for row in rows] == [Level.OK, Level.OK]
    assert summary(rows) == "OK - 2 of 2 servers answered, 3 of 3 nodes online, 3 of 4 guests running"


@pytest.mark.parametrize(
    ("known", "level", "problem"),
    [
        ({"nodes": (node("pve1"), node("pve2", status="offline"))}, Level.CRITICAL, "node pve2 is offline"),
        ({"nodes": (node("pve1", status="unknown"),)}, Level.WARNING, "node pve1 is unknown"),
        ({"nodes": (node("pve1", mem=60 * GIB),)}, Level.WARNING, "memory of node pve1 is 94 % full"),
        ({"storages": (storage("local", used=95 * GIB),)}, Level.WARNING, "storage local of node pve1 is 95 % full"),
        ({"state": SourceState.DOWN, "error": "refused"}, Level.CRITICAL, "refused"),
        ({"state": SourceState.STALE, "error": "late"}, Level.CRITICAL, "late"),
        ({"state": SourceState.WAITING}, Level.CRITICAL, "no answer"),
        ({"troubles": (Trouble("the certificate has expired"),)}, Level.WARNING, "the certificate has expired"),
        ({"state": SourceState.FORBIDDEN, "error": "bad token"}, Level.UNKNOWN, "bad token"),
    ],
)
def test_what_is_wrong(known: dict[str, object], level: Level, problem: str) -> None:
    row = server_row(snapshot(**known))  # type: ignore[arg-type]
    assert (row.level, row.problems) == (level, (problem,))


def test_a_shared_storage_is_told_once() -> None:
    full = [storage("ceph", on, used=95 * GIB, shared=True) for on in ("pve1", "pve2", "pve3")]
    assert server_row(snapshot(storages=tuple(full))).problems == ("storage ceph is 95 % full",)


def test_nothing_known_has_no_numbers() -> None:
    row = server_row(Snapshot(ACME, state=SourceState.DOWN, error="refused"))
    assert (row.nodes, row.guests, row.cpu, row.mem) == (None, None, None, None)
    assert summary([row]) == "CRITICAL - 0 of 1 servers answered; acme / berlin: refused"


def test_load_is_weighted_by_processors_and_offline_nodes_do_not_count() -> None:
    nodes = (node("a", cpu=1.0, maxcpu=30), node("b", cpu=0.0, maxcpu=10), node("c", cpu=None, status="offline"))
    assert server_row(snapshot(nodes=nodes)).cpu == pytest.approx(0.75)


def test_templates_are_no_guests() -> None:
    row = server_row(snapshot(guests=(vm(1), vm(2, template=True, status="stopped"))))
    assert (row.guests, row.running) == (1, 1)


def test_broken_is_worse_than_unknown_and_nothing_is_unknown() -> None:
    assert worst([Level.OK, Level.UNKNOWN, Level.CRITICAL]) is Level.CRITICAL
    assert worst([Level.WARNING, Level.UNKNOWN]) is Level.UNKNOWN
    assert worst([]) is Level.UNKNOWN


def test_the_first_line_names_the_worst_problem() -> None:
    bad = snapshot(ZETA, nodes=(node("n1", status="offline"),), storages=(storage("x", used=99 * GIB),))
    rows = server_rows(fleet(snapshot(ACME, nodes=(node("pve1"),)), bad))
    assert summary(rows).endswith("; zeta / paris: node n1 is offline")


def test_many_problems_are_counted() -> None:
    row = server_row(snapshot(nodes=tuple(node(f"n{at}", status="offline") for at in range(5))))
    assert problems_text(row).endswith("node n2 is offline; and 2 more")


def test_guests_that_cannot_be_seen_are_unknown_and_nothing_is_wrong() -> None:
    fleet_ = fleet(snapshot(ACME, (vm(100),), (node("pve1"),)), snapshot(ZETA, nodes=(node("pve9"),)))
    seen, unseen = rows = server_rows(fleet_, {ZETA: GUESTS})
    assert (seen.guests, unseen.guests, unseen.running) == (1, None, None)
    assert (unseen.level, unseen.problems) == (Level.OK, (GUESTS,))
    assert "2 of 2 nodes online, at least 1 of 1 guests running" in summary(rows)


def test_a_login_that_sees_nothing_at_all_knows_nothing() -> None:
    (row,) = rows = server_rows(fleet(snapshot(ZETA, nodes=(node("pve9"),))), {ZETA: NOTHING})
    assert row.level is Level.UNKNOWN
    assert "guests" not in summary(rows)
    assert NOTHING in summary(rows)


def test_a_guest_of_an_offline_node_is_not_counted_as_running() -> None:
    """PVE calls it so for minutes: nobody knows."""
    guests = (vm(100, node="pve1"), vm(101, node="pve2"), vm(102, node="pve1", status="paused"))
    row = server_row(snapshot(nodes=(node("pve1"), node("pve2", status="offline")), guests=guests))
    assert (row.running, row.guests) == (2, 3)
