"""The exporter's text, read by the parser of ``prometheus_client``: whole, true, and nothing that is not known."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from benchmarks import fleet as made_up
from proxtui.core.model import Fleet, GuestKey, ServerRef, SourceState
from proxtui.exporter.openmetrics import Calls, Facts, render
from proxtui.pve.models import ClusterMember, ClusterStatus, Version
from proxtui.pve.resources import decode_resources
from tests.features.fleets import ACME, GIB, NOW, ZETA, container, fleet, node, snapshot, storage, two_tenants, vm

Parsed = dict[str, dict[tuple[tuple[str, str], ...], float]]


def parsed(facts: Facts | Fleet) -> Parsed:
    text = render(facts if isinstance(facts, Facts) else Facts(facts)).decode()
    assert text.endswith("# EOF\n")
    found: Parsed = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            of = found.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in of, f"{sample.name} twice: {labels}"
            of[labels] = sample.value
    return found


def value(found: Parsed, name: str, /, **labels: str) -> float | None:
    hits = [number for at, number in found.get(name, {}).items() if labels.items() <= dict(at).items()]
    assert len(hits) <= 1
    return hits[0] if hits else None


def one(**known: Any) -> Parsed:
    return parsed(fleet(snapshot(**known)))


def test_every_sample_says_whose_it_is() -> None:
    found = parsed(two_tenants())
    both = [dict(labels)["tenant"] for labels in found["pve_up"] if dict(labels)["id"] == "qemu/100"]
    assert both == ["acme", "zeta"]
    assert value(found, "pve_up", id="qemu/101", tenant="acme", server="berlin") == 0
    assert all(
        {"tenant", "server"} <= dict(labels).keys() for name in found if name[:3] == "pve" for labels in found[name]
    )


def test_the_names_of_the_known_exporter() -> None:
    guests = (vm(100, tags=("a", "b"), lock="backup", hastate="started", netin=5, netout=6, diskread=7, diskwrite=8),)
    place = storage("ceph", used=1, total=9, status="available", shared=True, type="rbd", content=("images",))
    known = fleet(snapshot(ACME, guests, (node("pve1", level="c"),), (place,)))
    cluster = ClusterStatus(name="prod", quorate=True, version=3, nodes=(ClusterMember(name="pve1", nodeid=1),))
    version = Version(version="8.4.1", release="8.4", repoid="abc")
    found = parsed(Facts(known, {ACME: version}, {ACME: cluster}))
    assert value(found, "pve_guest_info", id="qemu/100", name="vm100", tags="a;b", type="qemu", template="0") == 1
    assert value(found, "pve_storage_info", id="storage/pve1/ceph", plugintype="rbd", content="images") == 1
    assert value(found, "pve_node_info", id="node/pve1", level="c", nodeid="1") == 1
    assert value(found, "pve_cluster_info", id="cluster/prod", quorate="1", nodes="1", version="3") == 1
    assert value(found, "pve_version_info", release="8.4", repoid="abc", version="8.4.1", server="berlin") == 1
    assert value(found, "pve_up", id="cluster/prod") == 1
    assert value(found, "pve_up", id="storage/pve1/ceph") == 1
    assert value(found, "pve_storage_shared", id="storage/pve1/ceph") == 1
    assert value(found, "pve_lock_state", id="qemu/100", state="backup") == 1
    assert value(found, "pve_ha_state", id="qemu/100", state="started") == 1
    assert value(found, "pve_cpu_usage_ratio", id="qemu/100") == 0.25
    assert value(found, "pve_memory_usage_bytes", id="node/pve1") == 48 * GIB
    counters = {"network_receive": 5, "network_transmit": 6, "disk_read": 7, "disk_written": 8}
    assert {name: value(found, f"pve_{name}_bytes_total", id="qemu/100") for name in counters} == counters


def test_unknown_is_absent_and_never_zero() -> None:
    found = one(guests=(vm(100, mem=None, cpu=None),), storages=(storage("nfs", used=None, total=None),))
    assert value(found, "pve_memory_usage_bytes", id="qemu/100") is None
    assert value(found, "pve_disk_usage_bytes", id="qemu/100") is None
    assert value(found, "pve_up", id="storage/pve1/nfs") is None
    assert value(found, "pve_up", id="qemu/100") == 1


@pytest.mark.parametrize("state", [SourceState.STALE, SourceState.DOWN, SourceState.FORBIDDEN])
def test_old_values_of_a_silent_server_are_not_told_as_of_now(state: SourceState) -> None:
    found = parsed(fleet(snapshot(ACME, (vm(100),), (node("pve1"),), state=state), snapshot(ZETA, (vm(7),))))
    assert value(found, "pve_up", id="server/berlin") == 0
    assert value(found, "pve_up", id="server/paris") == 1
    assert {dict(at)["server"] for at in found["pve_guest_info"]} == {"paris"}
    assert not [at for at in found["pve_up"] if dict(at)["server"] == "berlin" and dict(at)["id"] != "server/berlin"]
    assert value(found, "proxtui_source_state", server="berlin", state=str(state)) == 1
    assert value(found, "proxtui_source_state", server="berlin", state="fresh") == 0
    assert value(found, "proxtui_source_age_seconds", server="berlin") == 2


def test_a_server_that_never_answered_has_neither_age_nor_state_of_being_up() -> None:
    found = one(state=SourceState.WAITING, taken_at=None)
    assert "pve_up" not in found
    assert "proxtui_source_age_seconds" not in found
    assert value(found, "proxtui_source_state", state="waiting") == 1


def test_what_runs_on_an_offline_node_is_unknown() -> None:
    found = one(guests=(vm(100), vm(101, node="pve2")), nodes=(node("pve1"), node("pve2", status="offline")))
    assert value(found, "pve_up", id="node/pve2") == 0
    assert value(found, "pve_cpu_usage_ratio", id="node/pve2") is None
    assert value(found, "pve_up", id="qemu/101") is None
    assert value(found, "pve_guest_info", id="qemu/101", node="pve2") == 1


def test_guests_that_pve_names_no_more_or_that_may_not_be_seen_are_left_out() -> None:
    gone = GuestKey(*ACME, "qemu", 101)
    found = parsed(fleet(snapshot(ACME, (vm(100), vm(101)), recalled={gone: NOW})))
    assert [dict(at)["id"] for at in found["pve_guest_info"]] == ["qemu/100"]
    blind = one(guests_unseen=True, nodes=(node("pve1"),))
    assert value(blind, "proxtui_source_guests_unseen") == 1
    assert "pve_guest_info" not in blind


def test_a_paused_guest_runs_and_a_template_says_that_it_is_one() -> None:
    found = one(guests=(vm(100, status="paused"), container(101, template=True, status="stopped")))
    assert value(found, "pve_up", id="qemu/100") == 1
    assert value(found, "pve_guest_info", id="lxc/101", template="1") == 1


def test_a_name_cannot_break_out_of_its_label() -> None:
    evil = 'x"} 1\n# EOF\\'
    found = one(guests=(vm(100, name=evil, tags=('a"b',)),))
    assert value(found, "pve_guest_info", name=evil, tags='a"b') == 1


def test_what_proxtui_knows_of_itself() -> None:
    facts = Facts(
        fleet(snapshot(ACME)), requests={ACME: 12}, certificates={ACME: 1.8e9}, calls={ACME: Calls(10, 0.9, None)}
    )
    found = parsed(facts)
    assert value(found, "proxtui_requests_total", server="berlin") == 12
    assert value(found, "proxtui_source_certificate_expiry_timestamp_seconds") == 1.8e9
    assert value(found, "proxtui_connection_attempts") == 10
    assert value(found, "proxtui_connection_success_ratio") == 0.9
    assert value(found, "proxtui_connection_average_seconds") is None
    assert list(found["proxtui_build_info"].values()) == [1]


def test_ten_thousand_guests_are_all_there() -> None:
    rows = made_up.rows(10_000)
    ref = ServerRef("acme", "big")
    inventory = decode_resources(made_up.body(rows, seed=1))
    known = snapshot(ref, inventory.guests, inventory.nodes, inventory.storages)
    found = parsed(fleet(known))
    ids = {dict(at)["id"]: number for at, number in found["pve_up"].items()}
    assert set(ids) == {row["id"] for row in rows} | {"server/big"}
    told = {row["id"]: float(row["status"] in ("running", "online", "available")) for row in rows}
    assert {at: number for at, number in ids.items() if at in told} == told
    memory = {dict(at)["id"]: number for at, number in found["pve_memory_usage_bytes"].items()}
    assert memory == {row["id"]: row["mem"] for row in rows if "mem" in row}
