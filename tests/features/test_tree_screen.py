"""The tree as its user meets it."""

from __future__ import annotations

from msgspec.structs import replace

from proxtui.core.model import GuestKey, NodeKey, Scope, StorageKey
from proxtui.features.tree.rows import FLEET, TenantKey

from .fleets import ACME, ZETA, fleet, node, snapshot, two_tenants, vm
from .screens import SMALL, Stage, stage, text_of

PVE1 = NodeKey(*ACME, "pve1")
WEB = GuestKey(*ACME, "qemu", 100)


async def into_tree(acting: Stage) -> None:
    acting.tree.focus()
    await acting.press("g")


async def test_it_is_painted_with_signs_and_counts() -> None:
    async with stage(two_tenants()) as acting:
        lines = [line.split() for line in text_of(acting.tree).splitlines()[:4]]
        assert lines == [
            ["all", "tenants", "3/4"],
            ["▾", "acme", "2/3"],
            ["▾", "◆", "berlin", "2/3"],
            ["▸", "▸", "◆", "pve1", "2/2"],
        ]


async def test_keys_walk_unfold_and_fold() -> None:
    async with stage(two_tenants()) as acting:
        await into_tree(acting)
        await acting.press("down", "down", "down")
        assert acting.tree.line is not None
        assert acting.tree.line.key == PVE1
        await acting.press("l", "right")
        assert acting.tree.line.key == WEB
        assert "● 100 web1" in text_of(acting.tree)
        await acting.press("h")
        assert acting.tree.line.key == PVE1
        await acting.press("left", "left")
        assert acting.tree.line.key == ACME
        assert "100 web1" not in text_of(acting.tree)
        await acting.press("G")
        assert acting.tree.line.key == NodeKey(*ZETA, "pve1")
        await acting.press("k", "j", "pageup", "home")
        assert acting.tree.line.key == FLEET


async def test_a_guest_in_the_tree_moves_the_table() -> None:
    async with stage(two_tenants()) as acting:
        await into_tree(acting)
        await acting.press("down", "down", "down", "l", "down")
        await acting.until(lambda: acting.front.row.key == WEB)
        assert acting.app.focused is acting.tree
        await acting.press("down")
        await acting.until(lambda: acting.front.row.key == GuestKey(*ACME, "lxc", 200))


async def test_enter_on_a_guest_brings_its_table_forward_even_from_another_scope() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("2")
        await into_tree(acting)
        await acting.press("down", "down", "down", "l", "down")
        acting.tree.post_message(scoped_to_zeta())
        await acting.pilot.pause()
        await acting.press("enter")
        await acting.until(lambda: acting.app.focused is acting.guests.table)
        assert acting.guests.row is not None
        assert acting.guests.row.key == WEB


def scoped_to_zeta() -> object:
    from proxtui.kit.view import Scoped

    return Scoped(Scope("zeta"))


async def test_a_node_in_the_tree_moves_the_node_table() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("2")
        await into_tree(acting)
        await acting.press("down", "down", "down", "down")
        await acting.until(lambda: acting.front.row.key == NodeKey(*ACME, "pve2"))


async def test_the_cursor_stays_on_its_line_when_lines_come_and_go() -> None:
    async with stage(two_tenants()) as acting:
        await into_tree(acting)
        await acting.press("down", "down", "down", "l")
        [berlin, paris] = two_tenants().snapshots
        nodes = {NodeKey(*ACME, name): node(name) for name in ("pve0", "pve1", "pve2")}
        await acting.put(fleet(replace(berlin, nodes=nodes), paris))
        assert acting.tree.line is not None
        assert acting.tree.line.key == PVE1
        assert acting.tree.lines[3].key == NodeKey(*ACME, "pve0")


async def test_ten_thousand_guests_cost_what_is_in_sight() -> None:
    many = fleet(snapshot(ACME, tuple(vm(100 + at) for at in range(10_000)), (node("pve1"),)))
    async with stage(many) as acting:
        await into_tree(acting)
        await acting.press("down", "down", "down", "l", "G")
        assert acting.tree.line is not None
        assert acting.tree.line.key == GuestKey(*ACME, "qemu", 10_099)
        assert len(acting.tree._on_screen) <= acting.tree.size.height
        assert "10099 vm10099" in text_of(acting.tree)


async def test_at_eighty_columns_it_folds_away_and_comes_back() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        assert not acting.tree.region
        await acting.press("t")
        assert acting.tree.region.width
        await acting.press("t")
        assert not acting.tree.region


async def test_a_click_on_the_fold_sign_opens_and_a_double_click_narrows() -> None:
    async with stage(two_tenants()) as acting:
        await acting.pilot.click(acting.tree, offset=(5, 3))
        assert StorageKey(*ACME, "pve1", "local") in {line.key for line in acting.tree.lines}
        await acting.pilot.click(acting.tree, offset=(12, 1), times=2)
        await acting.pilot.pause()
        assert acting.tree.scope == Scope("acme")
        assert acting.tree.line is not None
        assert acting.tree.line.key == TenantKey("acme")


async def test_names_too_long_stay_apart() -> None:
    names = [f"frankfurt-rack-east-n{number:02}" for number in (1, 2)]
    world = fleet(snapshot(ACME, (), tuple(map(node, names)), ()))
    async with stage(world) as acting:
        shown = [line.split()[-2] for line in text_of(acting.tree).splitlines() if "…" in line]
        assert len(set(shown)) == 2
        assert [name[-3:] for name in shown] == ["n01", "n02"]
