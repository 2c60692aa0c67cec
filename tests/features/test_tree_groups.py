"""The tree by pool and by tag."""

from __future__ import annotations

import pytest

from proxtui.core.filters import parse
from proxtui.core.model import Fleet, GuestKey, Scope, SourceState
from proxtui.features.guests.rows import guest_rows
from proxtui.features.tree.groups import filter_of, group_ancestors, group_lines
from proxtui.features.tree.rows import GroupKey, MemberKey, TenantKey, TreeLine, keep_matching
from proxtui.kit.filter_bar import FilterBar

from .fleets import ACME, ZETA, container, fleet, node, snapshot, vm
from .screens import Stage, stage, text_of

WEB = GuestKey(*ACME, "qemu", 100)
PROD, DB, NONE = (GroupKey("acme", "tag", name) for name in ("prod", "db", ""))


def world() -> Fleet:
    guests = (
        vm(100, name="web1", tags=("prod", "db"), pool="gold"),
        vm(101, name="web2", tags=("prod",), status="stopped", pool="gold"),
        container(200, name="dns"),
        vm(103, name="lost", node="pve2", tags=("db",)),
    )
    nodes = (node("pve1"), node("pve2", status="offline"))
    return fleet(
        snapshot(ACME, guests, nodes), snapshot(ZETA, (vm(100, name="shop", tags=("prod",)),), (node("pve1"),))
    )


def names(lines: list[TreeLine]) -> list[str]:
    return [f"{'  ' * line.depth}{line.name} {line.note}".rstrip() for line in lines]


def test_tags_are_counted_and_a_guest_stands_in_each_of_its_own() -> None:
    lines = group_lines(world(), "tag", {PROD, DB})
    assert names(lines) == [
        "all tenants, by tag 3/5",
        "acme 2/4", "  db 1/2", "    100 web1", "    103 lost", "  prod 1/2", "    100 web1", "    101 web2",
        "  no tag 1/1", "zeta 1/1", "  prod 1/1",
    ]  # fmt: skip
    assert len({line.key for line in lines}) == len(lines)
    assert [line.thing for line in lines].count(WEB) == 2
    lost = next(line for line in lines if line.name == "103 lost")
    assert (lost.status, lost.muted) == ("unknown", True)


def test_pools_and_guests_without_one() -> None:
    assert names(group_lines(world(), "pool"))[1:4] == ["acme 2/4", "  gold 1/2", "  no pool 1/2"]


def test_a_template_is_listed_and_not_counted() -> None:
    known = fleet(
        snapshot(ACME, (vm(100, name="web1"), vm(900, name="base", status="stopped", template=True)), (node("pve1"),))
    )
    assert names(group_lines(known, "pool", {GroupKey("acme", "pool", "")})) == [
        "all tenants, by pool 1/1", "acme 1/1", "  no pool 1/1", "    100 web1", "    900 base",
    ]  # fmt: skip


def test_a_closed_tenant_keeps_its_count() -> None:
    assert names(group_lines(world(), "tag", {TenantKey("acme")}))[1:3] == ["acme 2/4", "zeta 1/1"]


def test_what_stands_above_a_match_stays_under_a_filter() -> None:
    keep = keep_matching(world(), parse("web2").matches)
    assert names(group_lines(world(), "tag", {PROD}, keep)) == [
        "all tenants, by tag 0/1", "acme 0/1", "  prod 0/1", "    101 web2", "zeta",
    ]  # fmt: skip


def test_old_knowledge_is_grey() -> None:
    old = fleet(snapshot(ACME, (vm(100, tags=("prod",)),), (node("pve1"),), state=SourceState.STALE))
    assert group_lines(old, "tag", {PROD})[-1].muted


@pytest.mark.parametrize(
    ("name", "by", "text", "found"),
    [
        ("prod", "tag", "tag:prod", 3),
        ("", "tag", "!tag:*", 1),
        ("gold", "pool", "pool:gold", 2),
        ("a b", "tag", 'tag:"a b"', 0),
    ],
)
def test_the_filter_of_a_group_finds_its_guests(name: str, by: str, text: str, found: int) -> None:
    assert filter_of(GroupKey("acme", by, name)) == text
    rows = guest_rows(world(), Scope())
    assert sum(map(parse(text).matches, rows)) == found


def test_where_a_guest_is_found_again() -> None:
    assert group_ancestors(WEB, world(), "tag") == [
        MemberKey(PROD, WEB), MemberKey(DB, WEB), PROD, DB, TenantKey("acme"),
    ]  # fmt: skip


async def into_tree(acting: Stage) -> None:
    acting.tree.focus()
    await acting.press("g")


async def test_b_goes_through_the_ways() -> None:
    async with stage(world()) as acting:
        await into_tree(acting)
        seen = []
        for _ in range(3):
            await acting.press("b")
            seen.append(text_of(acting.tree).splitlines()[0].split("  ")[0].strip("▸ "))
        assert seen == ["all tenants, by pool", "all tenants, by tag", "all tenants"]


async def test_enter_on_a_tag_narrows_to_it_and_again_widens() -> None:
    async with stage(world()) as acting:
        await into_tree(acting)
        await acting.press("b", "b", "down", "down", "down", "enter")
        assert acting.tree.line is not None
        assert acting.tree.line.key == PROD
        assert acting.table.shown == 2
        assert acting.app.screen.query_one(FilterBar).filter.text == "tag:prod"
        assert acting.tree.line.key == PROD
        await acting.press("enter")
        assert acting.table.shown == 4


async def test_enter_on_a_member_goes_to_the_guest() -> None:
    async with stage(world()) as acting:
        await into_tree(acting)
        await acting.press("b", "b", "down", "down", "l", "down", "enter")
        assert acting.table.rows.cursor_key == WEB
