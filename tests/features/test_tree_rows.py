"""The tree as lines: order, counts, what is open, and what a filter leaves."""

from __future__ import annotations

from msgspec.structs import replace

from proxtui.core.model import GuestKey, NodeKey, Scope, ServerRef, SourceState, StorageKey
from proxtui.core.rows import Tone
from proxtui.features.tree.rows import FLEET, TenantKey, TreeLine, ancestors, tree_lines

from .fleets import ACME, NOW, ZETA, fleet, node, snapshot, storage, two_tenants, vm

WEB = GuestKey(*ACME, "qemu", 100)
PVE1 = NodeKey(*ACME, "pve1")


def names(lines: list[TreeLine]) -> list[str]:
    return ["  " * line.depth + line.name for line in lines]


def test_tenants_and_servers_are_open_and_nodes_closed() -> None:
    lines = tree_lines(two_tenants())
    assert names(lines) == [
        "all tenants", "acme", "  berlin", "    pve1", "    pve2", "zeta", "  paris", "    pve1",
    ]  # fmt: skip
    assert [line.note for line in lines] == ["3/4", "2/3", "2/3", "2/2", "0/1", "1/1", "1/1", "1/1"]


def test_an_open_node_shows_guests_by_vmid_and_then_storages() -> None:
    lines = tree_lines(two_tenants(), {PVE1})
    inside = [line for line in lines if line.depth == 3]
    assert [(line.kind, line.name, line.note) for line in inside] == [
        ("qemu", "100 web1", ""), ("lxc", "200 dns", ""), ("storage", "local", "64 %"),
    ]  # fmt: skip
    assert all(line.is_open is None for line in inside)


def test_a_filter_counts_and_lists_only_what_it_lets_through() -> None:
    kept = {GuestKey(*ACME, "lxc", 200), GuestKey(*ACME, "qemu", 101)}
    lines = tree_lines(two_tenants(), {PVE1}, kept.__contains__)
    assert names(lines) == [
        "all tenants", "acme", "  berlin", "    pve1", "      200 dns", "    pve2", "zeta", "  paris",
    ]  # fmt: skip
    assert [line.note for line in lines] == ["1/2", "1/2", "1/2", "1/1", "", "0/1", "", ""]


def test_a_closed_tenant_hides_its_servers_but_not_its_count() -> None:
    lines = tree_lines(two_tenants(), {TenantKey("acme")})
    assert names(lines) == ["all tenants", "acme", "zeta", "  paris", "    pve1"]
    assert lines[1].note == "2/3"


def test_keys_are_unique_even_when_names_repeat() -> None:
    lines = tree_lines(two_tenants(), {PVE1, NodeKey(*ACME, "pve2"), NodeKey(*ZETA, "pve1")})
    assert len({line.key for line in lines}) == len(lines)


def test_what_choosing_a_line_narrows_to() -> None:
    scopes = {line.key: line.scope for line in tree_lines(two_tenants(), {PVE1})}
    assert scopes[FLEET] == Scope()
    assert scopes[TenantKey("acme")] == Scope("acme")
    assert scopes[ServerRef("acme", "berlin")] == Scope("acme", "berlin")
    assert scopes[PVE1] == scopes[StorageKey(*ACME, "pve1", "local")] == Scope("acme", "berlin", "pve1")


def test_servers_say_what_is_wrong_with_them() -> None:
    known = fleet(
        snapshot(ACME, (vm(100),), (node("pve1"),), state=SourceState.STALE, taken_at=NOW - 25),
        snapshot(ServerRef("acme", "bonn"), state=SourceState.WAITING, taken_at=None),
        snapshot(ServerRef("acme", "ulm"), state=SourceState.DOWN, taken_at=None),
        snapshot(ServerRef("acme", "kiel"), state=SourceState.FORBIDDEN, taken_at=None),
    )
    lines = {line.name: line for line in tree_lines(known)}
    assert {name: lines[name].note for name in ("berlin", "bonn", "ulm", "kiel")} == {
        "berlin": "1/1 20s", "bonn": "waiting", "ulm": "down", "kiel": "refused",
    }  # fmt: skip
    assert lines["ulm"].note_tone is Tone.BAD
    assert lines["berlin"].muted
    assert (lines["pve1"].muted, lines["pve1"].status) == (True, "unknown")
    assert lines["bonn"].is_open is None
    assert lines["acme"].note == "1/1"


def test_before_the_first_answer_nothing_is_counted() -> None:
    lines = tree_lines(fleet(snapshot(ACME, state=SourceState.WAITING, taken_at=None)))
    assert [line.note for line in lines] == ["", "", "waiting"]


def test_an_offline_node_claims_no_running_guest() -> None:
    known = fleet(snapshot(ACME, (vm(100), vm(101, node="pve2")), (node("pve1", status="offline"), node("pve2"))))
    lines = {line.key: line for line in tree_lines(known, {PVE1})}
    assert lines[PVE1].note == "offline –/1"
    assert lines[PVE1].note_tone is Tone.BAD
    assert not lines[PVE1].muted
    assert lines[WEB].muted
    assert lines[WEB].status == "unknown"
    assert lines[ACME].note == "1/2"


def test_guests_of_a_node_that_is_not_listed_are_not_lost() -> None:
    lines = tree_lines(fleet(snapshot(ACME, (vm(100, node="ghost"),), ())), {NodeKey(*ACME, "ghost")})
    assert names(lines)[-2:] == ["    ghost", "      100 vm100"]


def test_a_filter_keeps_what_stands_above() -> None:
    lines = tree_lines(two_tenants(), {PVE1}, keep=lambda key: key == WEB)
    assert names(lines) == ["all tenants", "acme", "  berlin", "    pve1", "      100 web1", "zeta", "  paris"]
    assert lines[2].note == "1/1"


def test_a_filter_can_keep_one_storage() -> None:
    local = StorageKey(*ZETA, "pve1", "local")
    lines = tree_lines(two_tenants(), {NodeKey(*ZETA, "pve1")}, keep=lambda key: key == local)
    assert names(lines)[-2:] == ["    pve1", "      local"]


def test_a_full_storage_and_a_locked_guest_stand_out() -> None:
    known = snapshot(ACME, (vm(100, lock="backup"),), (node("pve1"),), (storage("local", used=95 * 1024**3),))
    lines = tree_lines(fleet(known), {PVE1})
    assert (lines[-2].note, lines[-2].note_tone) == ("backup", Tone.WARN)
    assert lines[-1].note_tone is Tone.BAD


def test_the_lines_that_can_stand_for_a_guest() -> None:
    assert ancestors(WEB, two_tenants()) == [WEB, PVE1, ACME, TenantKey("acme")]
    gone = GuestKey(*ACME, "qemu", 999)
    assert ancestors(gone, two_tenants()) == [gone, ACME, TenantKey("acme")]


def test_guests_that_may_not_be_seen_are_unknown_not_none() -> None:
    hidden = replace(snapshot(ACME, (), (node("pve1"),)), guests_unseen=True)
    lines = {line.name: line.note for line in tree_lines(fleet(hidden))}
    assert lines["pve1"] == ""
    seen = {line.name: line.note for line in tree_lines(fleet(snapshot(ACME, (), (node("pve1"),))))}
    assert seen["pve1"] == "0/0"


def test_a_server_that_is_switched_off_is_neither_down_nor_counted() -> None:
    spare, alone = ServerRef("acme", "spare"), ServerRef("new", "first")
    known = replace(two_tenants(), off=(spare, alone))
    lines = tree_lines(known)
    off = next(line for line in lines if line.key == spare)
    assert (off.kind, off.status, off.note, off.tone, off.muted, off.is_open) == (
        "server", "off", "off", Tone.MUTED, True, None,
    )  # fmt: skip
    assert off.scope == Scope("acme", "spare")
    before = {line.key: line.note for line in tree_lines(two_tenants())}
    assert {line.key: line.note for line in lines if line.key in before} == before
    assert [line.key for line in lines][-2:] == [TenantKey("new"), alone]
    closed = tree_lines(known, {TenantKey("acme")})
    assert spare not in [line.key for line in closed]
