"""The rows of the cluster room: what is unknown stays unknown, and old answers are greyed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from proxtui.core.model import GuestKey, NodeKey, Scope, SourceState
from proxtui.core.rows import Tone
from proxtui.core.snapshots import Sweep
from proxtui.core.survey import Finding
from proxtui.errors import ApiError
from proxtui.features.cluster.guarding import user_state
from proxtui.features.cluster.kept import KeptRecords
from proxtui.features.cluster.records import Record, guest_key
from proxtui.features.cluster.rows import ha_state, ha_wanted, quorum_line, sync_state
from proxtui.features.cluster.sections import SECTIONS, section
from proxtui.features.cluster.service import Grant, HaItem, Member, Panel, ask_ha
from proxtui.features.cluster.snapshots import SnapshotRecords, sweep_lines, unread
from proxtui.pve.listing import Listing
from proxtui.pve.models import ClusterMember, ClusterStatus, ProxmoxNode, ProxmoxVM
from proxtui.pve.models_access import AccessUser
from proxtui.pve.models_cluster import HaEntry, HaResource, Pool, ReplicationJob
from proxtui.pve.models_guest import GuestSnapshot

from .fakes import FakeClient, denied, runtime_of
from .fleets import ACME, ZETA, container, fleet, node, snapshot, vm

TODAY = 1_795_305_420.0
NO_RULES = ApiError("Method 'GET /cluster/ha/rules' not implemented", status=501, method="GET", path="/")
"""What 8.x answers."""


def members(quorate: bool | None, name: str | None = "prod", **online: bool | None) -> Panel[Member]:
    status = ClusterStatus(name=name, quorate=quorate)
    return Panel([Member(ClusterMember(name=one, online=up), status) for one, up in online.items()])


def texts(record: Record[Any], name: str) -> dict[str, str]:
    return {column.key: column.text(record) for column in section(name).columns}


@pytest.mark.parametrize(
    ("panel", "word", "tone"),
    [
        (members(True, pve1=True, pve2=False), "quorate; 1 of 2 nodes online; offline: pve2", Tone.WARN),
        (members(True, pve1=True, pve2=True), "quorate; 2 of 2 nodes online", Tone.GOOD),
        (members(True, pve1=True, pve2=None), "1 of 2 nodes online; unknown: pve2", Tone.WARN),
        (members(False, pve1=True), "NO QUORUM", Tone.BAD),
        (members(None, pve1=None), "quorum unknown", Tone.WARN),
        (members(None, None, pve1=True), "stands alone", Tone.MUTED),
        (members(True), "no node is known", Tone.WARN),
    ],
)
def test_quorum(panel: Panel[Member], word: str, tone: Tone) -> None:
    line = quorum_line(panel)
    assert word in line.text
    assert line.tone is tone


def test_nobody_knows_what_a_node_that_is_not_there_thinks_of_the_quorum() -> None:
    rows = list(section("nodes").records(snapshot(ACME), members(True, pve1=True, pve2=False), TODAY))
    assert [texts(row, "nodes")["quorate"] for row in rows] == ["yes", "–"]


@pytest.mark.parametrize(("nodeid", "shown"), [(0, "–"), (None, "–"), (2, "2")])
def test_a_node_that_stands_alone_has_no_id(nodeid: int | None, shown: str) -> None:
    alone = Panel([Member(ClusterMember(name="pve1", online=True, nodeid=nodeid), ClusterStatus())])
    (row,) = section("nodes").records(snapshot(ACME), alone, TODAY)
    assert texts(row, "nodes")["nodeid"] == shown


def test_many_nodes_that_are_away_are_not_all_named() -> None:
    away = {f"pve{number}": False for number in range(9)}
    assert quorum_line(members(False, **away)).text.endswith("offline: pve0, pve1, pve2, pve3, pve4 and 4 more")


def test_a_member_leads_to_its_node() -> None:
    (row,) = section("nodes").records(snapshot(ACME), members(True, pve1=None), TODAY)
    assert row.target == NodeKey(*ACME, "pve1")
    assert texts(row, "nodes")["status"] == "unknown"


async def test_ha_joins_what_runs_with_what_is_configured() -> None:
    client = FakeClient(
        **{
            "/cluster/ha/status/current": [
                {"id": "service:vm:100", "type": "service", "sid": "vm:100", "state": "error", "node": "pve1"},
                {"id": "fencing", "type": "fencing", "status": "armed (CRM watchdog armed)", "armed-state": "armed"},
            ],
            "/cluster/ha/resources": [{"sid": "vm:100", "state": "stopped"}, {"sid": "ct:200"}],
            "/cluster/ha/rules": [],
        }
    )
    panel = await ask_ha(client)  # type: ignore[arg-type]
    rows = list(section("ha").records(snapshot(ACME, (vm(100), container(200))), panel, TODAY))
    shown = [(texts(row, "ha")["sid"], texts(row, "ha")["state"], texts(row, "ha")["wanted"]) for row in rows]
    assert shown == [("fencing", "armed", ""), ("ct:200", "–", "started"), ("vm:100", "error", "stopped")]
    assert rows[2].target == GuestKey(*ACME, "qemu", 100)


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        (
            {
                "/cluster/ha/resources": [{"sid": "vm:100"}],
                "/cluster/ha/rules": [
                    {"rule": "here", "type": "node-affinity", "resources": "vm:100,ct:1", "nodes": "pve1"},
                    {"rule": "apart", "type": "resource-affinity", "resources": "vm:100", "disable": 1},
                ],
            },
            "apart (off), here",
        ),
        ({"/cluster/ha/resources": [{"sid": "vm:100", "group": "gold"}], "/cluster/ha/rules": NO_RULES}, "gold"),
    ],
)
async def test_rules_of_9_stand_where_groups_of_8_do(answers: dict[str, Any], shown: str) -> None:
    client = FakeClient(**{"/cluster/ha/status/current": [], "/cluster/ha/groups": [{"group": "gold"}], **answers})
    panel = await ask_ha(client)  # type: ignore[arg-type]
    assert list(panel.problems) == []
    (row,) = section("ha").records(snapshot(ACME), panel, TODAY)
    assert texts(row, "ha")["group"] == shown


async def test_ha_without_its_configuration_says_what_is_missing() -> None:
    refused = denied("/", "Sys.Audit")
    paths = {"/cluster/ha/resources": refused, "/cluster/ha/rules": refused}
    panel = await ask_ha(FakeClient(**{"/cluster/ha/status/current": [], **paths}))  # type: ignore[arg-type]
    assert list(panel.problems) == ["configuration, rules: missing privilege Sys.Audit on /"]
    assert panel.partial


def test_what_ha_does_not_say_is_unknown() -> None:
    bare = HaItem(HaEntry(id="service:vm:1", type="service", sid="vm:1"), None)
    assert (ha_state(bare), ha_wanted(bare)) == (None, None)
    assert ha_state(HaItem(None, HaResource(sid="vm:1"))) is None


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, "unknown"),
        ({"enabled": False}, "off"),
        ({"state_known": True}, "never"),
        ({"state_known": True, "last_sync": 1}, "ok"),
        ({"state_known": True, "last_sync": 1, "fail_count": 2}, "failed"),
        ({"state_known": True, "last_sync": 1, "error": "no route"}, "failed"),
        ({"state_known": True, "running": True}, "running"),
    ],
)
def test_replication(known: dict[str, Any], state: str) -> None:
    assert sync_state(ReplicationJob(id="100-0", **known)) == state


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, "on"),
        ({"enabled": False}, "off"),
        ({"expire": 1}, "expired"),
        ({"expire": int(TODAY) + 9}, "on"),
        ({"totp_locked": True}, "locked"),
    ],
)
def test_users(known: dict[str, Any], state: str) -> None:
    assert user_state(Grant(None, AccessUser(userid="a@pve", **known)), TODAY) == state
    assert user_state(Grant(None, None), TODAY) is None


def pools(known: Any, *problems: str) -> str:
    (row,) = section("pools").records(known, Panel([Pool(poolid="gold")], problems), TODAY)
    return texts(row, "pools")["running"]


def test_guests_of_a_pool() -> None:
    guests = (vm(100, pool="gold"), vm(101, pool="gold", status="stopped"), vm(102))
    assert pools(snapshot(ACME, guests)) == "1/2"
    assert pools(snapshot(ACME)) == "0/0"
    assert pools(snapshot(ACME), "missing privilege VM.Audit on /vms") == "–/–"


def test_what_runs_on_an_offline_node_is_unknown_in_a_pool_too() -> None:
    off = (ProxmoxNode(node="pve2", status="offline"),)
    far = vm(101, pool="gold", node="pve2")
    assert pools(snapshot(ACME, (vm(100, pool="gold"), far), off)) == "1+/2"
    assert pools(snapshot(ACME, (far,), off)) == "–/1"
    assert pools(snapshot(ACME, (ProxmoxVM(vmid=100, node="pve1", pool="gold"),))) == "–/1"


def test_old_answers_are_greyed_and_the_scope_is_kept() -> None:
    panel = members(True, pve1=True)
    known = fleet(snapshot(ACME), snapshot(ZETA, state=SourceState.STALE))
    findings = {ACME: Finding(panel, 1.0, "time-out"), ZETA: Finding(panel, 1.0)}
    assert [row.muted for row in section("nodes").rows(known, findings, TODAY)] == [True, True]
    assert [row.muted for row in section("nodes").rows(known, {ACME: Finding(panel, 1.0)}, TODAY)] == [False]
    assert [row.ref for row in section("nodes").rows(known, findings, TODAY, Scope("zeta"))] == [ZETA]


def test_lines_name_the_server_only_among_several() -> None:
    findings = {ACME: Finding(problem="missing privilege Sys.Audit on /", forbidden=True)}
    (line,) = section("ha").lines([ACME], findings)
    assert line.text == "missing privilege Sys.Audit on /"
    (line,) = section("ha").lines([ACME, ZETA], findings)
    assert line.text.startswith("acme / berlin: ")


def test_a_vmid_is_found_whatever_kind_it_is() -> None:
    known = snapshot(ACME, (container(200),))
    assert guest_key(known, 200) == GuestKey(*ACME, "lxc", 200)
    assert guest_key(known, 1) is None
    assert guest_key(known, None) is None


def test_snapshots_by_age() -> None:
    taken = Listing((GuestSnapshot(name="old", snaptime=int(TODAY) - 40 * 86_400), GuestSnapshot(name="timeless")))
    findings = {GuestKey(*ACME, "qemu", 100): Finding(taken, 1.0)}
    known, records = snapshot(ACME, (vm(100),)), SnapshotRecords()
    rows = records.of(known, Scope(), findings, TODAY)
    assert [texts(row, "snapshots")["age"] for row in rows] == ["40d", "–"]
    assert section("snapshots").columns[0].tone(rows[0]) is Tone.BAD
    assert records.of(known, Scope(node="pve9"), findings, TODAY) == []


def test_rows_of_snapshots_are_made_anew_only_when_something_changed() -> None:
    key = GuestKey(*ACME, "qemu", 100)
    findings = {key: Finding(Listing((GuestSnapshot(name="old", snaptime=1),)), 1.0)}
    known, records = snapshot(ACME, (vm(100),)), SnapshotRecords()
    minute = TODAY // 60 * 60
    (first,) = records.of(known, Scope(), findings, minute)
    assert records.of(known, Scope(), findings, minute + 59)[0] is first
    assert records.of(known, Scope(), findings, minute + 60)[0] is not first
    moved = snapshot(ACME, (vm(100, node="pve2"),))
    assert records.of(moved, Scope(), findings, minute + 60)[0].fields["node"] == "pve2"


async def test_a_sweep_says_what_it_did_not_read() -> None:
    client = FakeClient(**{"/nodes/pve1/qemu/100/snapshot": [{"name": "current"}]})
    off = ProxmoxNode(node="pve2", status="offline")
    known = fleet(snapshot(ACME, (vm(100), vm(101, node="pve2"), vm(9, template=True)), (node("pve1"), off)))
    sweep = Sweep(lambda _ref: client, runtime_of(known).clock)  # type: ignore[arg-type, return-value]
    assert unread(sweep, known, Scope()) == 2
    await sweep.run(known, Scope(), lambda: None)
    assert unread(sweep, known, Scope()) == 1
    assert [line.text for line in sweep_lines(sweep, known, Scope())][1:] == ["1 guest: node pve2 is offline"]
    assert unread(sweep, known, Scope(node="pve1")) == 0
    assert unread(sweep, fleet(snapshot(ACME, guests_unseen=True)), Scope()) is None


def test_every_section_has_a_name_of_its_own_and_columns_of_its_own() -> None:
    assert len({one.name for one in SECTIONS}) == len(SECTIONS)
    for one in SECTIONS:
        keys = [column.key for column in one.columns]
        assert len(set(keys)) == len(keys)
        assert not one.sort or one.sort in keys


def test_rows_are_made_anew_only_where_something_is_new() -> None:
    kept = KeptRecords()
    nodes, pools = section("nodes"), section("pools")
    findings = {ref: Finding(members(True, pve1=True), 1.0) for ref in (ACME, ZETA)}
    acme, zeta = snapshot(ACME, (vm(100),), (node("pve1"),)), snapshot(ZETA, (vm(100),), (node("pve1"),))
    first = kept.of(nodes, fleet(acme, zeta), findings, TODAY, Scope())
    assert len(first) == 2
    # A later poll that brought nothing new.
    later = replace(acme, taken_at=2_000.0)
    assert kept.of(nodes, fleet(later, zeta), findings, TODAY + 1, Scope()) is first
    assert kept.of(nodes, fleet(later, zeta), findings, TODAY + 60, Scope()) is not first
    again = kept.of(nodes, fleet(later, zeta), findings, TODAY + 60, Scope())
    stale = kept.of(nodes, fleet(replace(acme, state=SourceState.DOWN), zeta), findings, TODAY + 60, Scope())
    assert [row.muted for row in stale] == [True, False]
    assert stale[1] is again[1]
    answered = {**findings, ZETA: Finding(members(True, pve1=False, pve2=True), 2.0)}
    assert len(kept.of(nodes, fleet(later, zeta), answered, TODAY + 60, Scope())) == 3
    assert [row.ref for row in kept.of(nodes, fleet(later, zeta), findings, TODAY + 60, Scope("zeta"))] == [ZETA]
    assert kept.of(pools, fleet(later, zeta), {}, TODAY, Scope()) == []
