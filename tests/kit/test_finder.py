"""What the palette finds, in which order, and how long it takes for ten thousand names."""

from __future__ import annotations

import time

from proxtui.core.model import GuestKey, NodeKey, SourceState, StorageKey
from proxtui.kit.finder import Entry, Finder, fleet_entries, split_query
from proxtui.kit.palette import COLUMNS
from tests.features.fleets import ACME, container, fleet, node, snapshot, storage, vm


def names(found: list[Entry]) -> list[str]:
    return [entry.name for entry in found]


def test_whole_names_come_first_then_beginnings_word_starts_parts_and_other_fields() -> None:
    elsewhere = Entry("VM", "mail", words="mail web pve1")
    finder = Finder([elsewhere, *(Entry("VM", name) for name in ("cobweb", "shop-web", "web1", "web"))])
    assert names(finder.search("WEB")) == ["web", "web1", "shop-web", "cobweb", "mail"]


def test_a_word_that_starts_later_counts_as_a_start_too() -> None:
    finder = Finder([Entry("VM", "xwebx"), Entry("VM", "cobweb-web")])
    assert names(finder.search("web")) == ["cobweb-web", "xwebx"]


def test_every_word_must_stand_somewhere() -> None:
    finder = Finder([Entry("VM", "web1", words="prod"), Entry("VM", "web2", words="test")])
    assert names(finder.search("web prod")) == ["web1"]
    assert finder.search("web nowhere") == []


def test_a_vmid_is_as_good_as_a_name() -> None:
    finder = Finder([Entry("VM", "x100", number="7"), Entry("VM", "db", words="db 100", number="100")])
    assert names(finder.search("100")) == ["db", "x100"]
    assert names(finder.named("100")) == ["db"]
    assert finder.named("10") == []


def test_prefixes_narrow_to_a_kind() -> None:
    finder = Finder([Entry("VM", "a"), Entry("CT", "b"), Entry("node", "c"), Entry("storage", "d"), Entry("do", "e")])
    assert [names(finder.search(query)) for query in ("vm:", "ct:", "guest:", "node:c", "storage: d", ">", "> e")] == [
        ["a"], ["b"], ["a", "b"], ["c"], ["d"], ["e"], ["e"]
    ]  # fmt: skip
    assert len(finder.search("")) == 5
    assert split_query(" VM:Web  1") == (("VM",), ["web", "1"])


def test_a_shared_storage_is_one_place() -> None:
    shared = [storage("ceph", f"pve{at}", shared=True) for at in (1, 2)]
    local = [storage("local", f"pve{at}") for at in (1, 2)]
    world = fleet(snapshot(ACME, (vm(100, name="web"), container(200)), (node("pve1"),), (*shared, *local)))
    found = list(fleet_entries(world, {GuestKey, NodeKey, StorageKey}))
    assert names(found) == ["pve1", "ceph", "local", "local", "web", found[-1].name]
    assert [entry.place for entry in found][1:4] == [
        StorageKey(*ACME, "pve1", "ceph"), StorageKey(*ACME, "pve1", "local"), StorageKey(*ACME, "pve2", "local")
    ]  # fmt: skip
    assert len({entry.key for entry in found}) == len(found)
    assert list(fleet_entries(world, set())) == []


def test_ten_thousand_names_are_searched_well_within_a_key_press() -> None:
    finder = Finder(
        Entry("VM", f"web-{at:05}.example.org", words=f"pve{at % 16} prod", number=str(at)) for at in range(10_000)
    )
    queries = ("w", "we", "web", "web-", "09", "prod pve3", "nowhere", "org 77")
    took = []
    for query in queries:
        start = time.process_time()
        finder.search(query)
        took.append(time.process_time() - start)
    assert sorted(took)[len(took) // 2] < 0.05


def test_what_runs_on_an_offline_node_is_only_what_was_last_heard() -> None:
    guests = (vm(100), vm(101, node="pve2"), vm(102, node="pve2", status="unknown"))
    nodes = (node("pve1"), node("pve2", status="offline"))
    found = list(fleet_entries(fleet(snapshot(ACME, guests, nodes)), {GuestKey}))
    assert [(one.status, one.muted) for one in found] == [("running", False), ("running?", True), ("unknown", True)]
    state = next(column for column in COLUMNS if column.key == "status")
    assert [state.text(one) for one in found] == ["● running", "◌ running?", "? unknown"]
    down = fleet(snapshot(ACME, guests[:1], nodes[:1], state=SourceState.DOWN))
    assert [one.muted for one in fleet_entries(down, {GuestKey, NodeKey})] == [True, True]


def test_nothing_of_a_server_that_does_not_answer_is_said_to_be_so_now() -> None:
    silent = snapshot(
        ACME, (vm(100),), (node("pve1"),), (storage("local", status="available"),), state=SourceState.STALE
    )
    found = list(fleet_entries(fleet(silent), {GuestKey, NodeKey, StorageKey}))
    assert {one.kind: (one.status, one.muted) for one in found} == {
        "VM": ("running?", True), "node": ("online?", True), "storage": ("available?", True),
    }  # fmt: skip
