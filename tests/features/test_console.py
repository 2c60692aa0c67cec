"""Palette, command line, back and forward over the real rooms."""

from __future__ import annotations

import time
from typing import Any

import pytest
from textual import events

from proxtui.core.model import GuestKey, NodeKey, Scope
from proxtui.kit.command_line import CommandInput, CommandLine
from proxtui.kit.filter_bar import FilterBar, FilterInput
from proxtui.kit.help import HelpScreen
from proxtui.kit.live_table import LiveTable
from proxtui.kit.palette import Palette, PaletteInput

from .fakes import FakeClient
from .fleets import ACME, ZETA, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, SMALL, Stage, stage, text_of

SHOP = GuestKey(*ZETA, "qemu", 100)


def cursor(acting: Stage) -> Any:
    return acting.table.rows.cursor_key


def front(acting: Stage) -> str:
    return acting.app.screen.front_feature.name  # type: ignore[attr-defined,no-any-return]


def scope(acting: Stage) -> Scope:
    return acting.app.screen.scope  # type: ignore[attr-defined,no-any-return]


def line(acting: Stage) -> CommandLine:
    return acting.app.screen.query_one(CommandLine)


async def command(acting: Stage, text: str) -> None:
    await acting.press("colon")
    # The line is made when it is first asked for.
    await acting.until(lambda: bool(acting.app.screen.query(CommandInput)))
    acting.app.screen.query_one(CommandInput).put(text)
    await acting.press("enter")


def in_one_piece(acting: Stage, *keys: str) -> None:
    """Keys as a slow line delivers them: all at once."""
    for key in keys:
        acting.app.post_message(events.Key(key, key if len(key) == 1 else None))


# The palette.


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_name_leads_to_its_place(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size) as acting:
        await acting.press("2", "ctrl+p")
        assert isinstance(acting.app.screen, Palette)
        await acting.press(*"shop", "enter")
        assert front(acting) == "guests"
        assert cursor(acting) == SHOP
        assert isinstance(acting.app.focused, LiveTable)


async def test_scope_and_filter_give_way_to_what_one_goes_to() -> None:
    async with stage(two_tenants()) as acting:
        acting.app.screen.narrow(Scope("acme"))  # type: ignore[attr-defined]
        await acting.press("slash", *"web1", "enter", "ctrl+p", *"shop", "enter")
        assert cursor(acting) == SHOP
        assert scope(acting) == Scope(*ZETA)
        assert acting.app.screen.query_one(FilterBar).filter.text == ""


async def test_a_node_opens_the_nodes() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("ctrl+p", *"node:pve2", "enter")
        assert (front(acting), cursor(acting)) == ("nodes", NodeKey(*ACME, "pve2"))


async def test_actions_are_what_is_bound_now() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("ctrl+p", ">")
        shown = text_of(acting.app.screen.query_one(LiveTable))
        for words in ("Guests", "Nodes", "Pause", "Detail"):
            assert words in shown
        assert "web1" not in shown
        assert "Theme proxtui-ansi" in {entry.name for entry in acting.app.screen.finder.entries}  # type: ignore[attr-defined]
        await acting.press(*"pause", "enter")
        assert acting.runtime.poller.paused
        await acting.press("ctrl+p", *">nodes", "enter")
        assert front(acting) == "nodes"
        await acting.press("ctrl+p", *">theme contrast", "enter")
        assert acting.app.theme == "proxtui-contrast"


async def test_arrows_choose_another_line_and_escape_changes_nothing() -> None:
    async with stage(two_tenants()) as acting:
        before = cursor(acting)
        await acting.press("ctrl+p", *"pve1", "down", "up", "down", "escape")
        assert not isinstance(acting.app.screen, Palette)
        assert cursor(acting) == before
        await acting.press("ctrl+p", *"node:pve", "down", "enter")
        assert cursor(acting) == NodeKey(*ACME, "pve2")


async def test_nothing_found_leads_nowhere() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("ctrl+p", *"nosuchthing", "enter")
        assert isinstance(acting.app.screen, Palette)
        listed = acting.app.screen.query_one(LiveTable)
        assert "nothing is called «nosuchthing» in the fleet and the actions" in text_of(listed)
        field = acting.app.screen.query_one(PaletteInput)
        assert "storage: narrow" in str(field.placeholder)
        field.value = "node:zzz"
        await acting.pilot.pause()
        assert "nothing is called «zzz» in the nodes" in text_of(listed)


async def test_letters_typed_ahead_are_letters() -> None:
    async with stage(two_tenants()) as acting:
        # All keys are there before anything of the palette was painted.
        in_one_piece(acting, "ctrl+p", *"shop", "enter", "P")
        await acting.until(lambda: acting.runtime.poller.paused)
        assert cursor(acting) == SHOP


async def test_ten_thousand_names_answer_a_key_in_time() -> None:
    guests = tuple(vm(100 + at, name=f"web-{at:05}") for at in range(10_000))
    async with stage(fleet(snapshot(ACME, guests, (node("pve1"),)))) as acting:
        await acting.press("ctrl+p")
        palette = acting.app.screen
        assert isinstance(palette, Palette)
        took = []
        for query in ("w", "we", "web-0", "42", "pve1 9"):
            start = time.process_time()
            palette.find(query)
            took.append(time.process_time() - start)
        assert sorted(took)[2] < 0.05


# The command line.


async def test_views_by_name_and_nickname() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "nodes")
        assert front(acting) == "nodes"
        await command(acting, "g")
        assert front(acting) == "guests"
        assert not line(acting).display


async def test_filter_scope_theme_and_go() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "filter tag:prod")
        assert (acting.table.shown, acting.app.screen.query_one(FilterInput).value) == (1, "tag:prod")
        await command(acting, "filter")
        assert acting.table.shown == 4
        await command(acting, "scope zeta/paris")
        assert (scope(acting), acting.table.total) == (Scope(*ZETA), 1)
        await command(acting, "scope")
        assert acting.table.total == 4
        await command(acting, "theme proxtui-light")
        assert acting.app.theme == "proxtui-light"
        await command(acting, "go shop")
        assert cursor(acting) == SHOP


async def test_a_scope_may_be_a_node_or_everything() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "scope pve2")
        assert scope(acting) == Scope(*ACME, "pve2")
        await command(acting, "scope all")
        assert scope(acting) == Scope()
        await command(acting, "scope acme/berlin/pve1")
        assert scope(acting) == Scope(*ACME, "pve1")
        await command(acting, "scope")
        assert scope(acting) == Scope()
        assert acting.app.screen.commands.complete("scope a")[0] == "scope all"  # type: ignore[attr-defined]


async def test_a_view_with_the_name_of_a_section() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "cluster ha")
        assert (front(acting), acting.front.board.section.name) == ("cluster", "ha")
        await command(acting, "guests snap")
        assert (front(acting), acting.front.section.name, acting.front.split.is_open) == ("guests", "Snapshots", True)


async def test_no_theme_is_left_out_without_a_word() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await command(acting, "theme zzz")
        said = line(acting).said
        assert said.startswith("there is no theme zzz; there are proxtui")
        names = said.partition("there are ")[2].partition(" and ")[0].split(", ")
        assert f"and {len(acting.app.looks.names) - len(names)} more" in said
        assert len(said) <= 78


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("overview ha", "overview has no sections"),
        (
            "cluster hq",
            "there is no section hq; there are nodes, ha, replication, backup, uncovered, snapshots, "
            "pools, log, access",
        ),
        ("gests", "there is no command :gests; nearest is :guests"),
        ("filter cpu>x", "filter, column 1: cpu>x: x is not a number"),
        ("scope acm", "no server, tenant or node named acm; nearest is acme"),
        ("theme proxtui-ligth", "there is no theme proxtui-ligth; nearest is proxtui-light"),
        ("go shopp", "nothing is called shopp; nearest is shop"),
    ],
)
async def test_what_is_wrong_is_said_below_the_line(text: str, said: str) -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await command(acting, text)
        assert line(acting).said == said
        field = acting.app.focused
        assert isinstance(field, CommandInput)
        assert field.value == text
        await acting.press("escape")
        assert not line(acting).display
        assert isinstance(acting.app.focused, LiveTable)


async def test_a_name_of_several_things_opens_the_palette() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "go pve1")
        assert isinstance(acting.app.screen, Palette)
        assert acting.app.screen.query_one(PaletteInput).value == "pve1"
        await acting.press("enter")
        assert front(acting) == "nodes"


async def test_tab_completes_and_up_brings_back() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("colon", *"no", "tab")
        field: Any = acting.app.focused
        assert field.value == "nodes"
        await acting.press("enter", "colon", "up")
        assert field.value == "nodes"
        await acting.press("down", *"theme proxtui-", "tab")
        first = field.value
        await acting.press("tab")
        assert field.value != first
        assert field.value.startswith("theme proxtui-")
        await acting.press("escape", "colon", *"sc")
        assert line(acting).said == "scope"


async def test_q_and_help_are_commands() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "help")
        assert isinstance(acting.app.screen, HelpScreen)
        assert ":overview" in text_of(acting.app.screen.query_one(LiveTable))
        shown = {row.keys for row in acting.app.screen.query_one(LiveTable).rows.all}  # type: ignore[attr-defined]
        assert {":scope TENANT[/SERVER[/NODE]] or all", ":quit", "^p"} <= shown
        await acting.press("escape")
        await command(acting, "q")
        await acting.pilot.pause()
    assert not acting.app.is_running


async def test_a_command_in_one_piece_runs_whole_and_runs_no_letter() -> None:
    async with stage(two_tenants()) as acting:
        in_one_piece(acting, "colon", *"nodes", "enter", "P")
        await acting.until(lambda: acting.runtime.poller.paused)
        assert front(acting) == "nodes"
        in_one_piece(acting, "colon", *"Pq", "enter", *"qP")
        field = acting.app.screen.query_one(CommandInput)
        await acting.until(lambda: field.value == "PqqP")
        assert acting.app.is_running
        assert acting.runtime.poller.paused


@pytest.mark.parametrize("key", ["ctrl+p", "ctrl+t"])
async def test_a_command_that_one_leaves_is_gone_and_does_not_run(key: str) -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("colon")
        await acting.until(lambda: bool(acting.app.screen.query(CommandInput)))
        await acting.press(*"node", key)
        desk = acting.app.screen_stack[0]
        await acting.until(lambda: acting.app.screen is not desk)
        assert not desk.query_one(CommandLine).display
        await acting.press("escape")
        await acting.until(lambda: acting.app.screen is desk)
        assert (acting.app.focused, front(acting)) == (acting.table, "guests")
        await acting.press("colon")
        assert desk.query_one(CommandInput).value == ""


async def test_lines_that_nobody_types_in_any_more_fold_up() -> None:
    async with stage(two_tenants()) as acting:
        screen, bar = acting.app.screen, acting.app.screen.query_one(FilterBar)
        await acting.press("colon")
        await acting.until(lambda: bool(screen.query(CommandInput)))
        await acting.press(*"node")
        screen.set_focus(None)
        await acting.press()
        assert line(acting).display, "the terminal was left for a moment"
        screen.set_focus(screen.query_one(CommandInput))
        # As by a click.
        screen.set_focus(acting.table)
        await acting.until(lambda: not line(acting).display)
        for text in ("", "shop"):
            await acting.press("slash", *text)
            screen.set_focus(acting.table)
            await acting.until(lambda text=text: bar.display is bool(text))
        assert bar.filter.text == "shop"


async def test_finding_keys_are_text_in_fields() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("slash", "colon", "[", "]")
        assert acting.app.screen.query_one(FilterInput).value == ":[]"
        assert not acting.app.screen.query(CommandLine)


# Back and forward.


async def test_back_brings_view_scope_row_and_filter() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("slash", *"web", "enter")
        at = cursor(acting)
        await acting.press("2")
        await command(acting, "scope zeta")
        await command(acting, "filter")
        await acting.press("left_square_bracket")
        assert (front(acting), scope(acting)) == ("nodes", Scope())
        await acting.press("left_square_bracket")
        assert (front(acting), scope(acting), cursor(acting)) == ("guests", Scope(), at)
        assert acting.app.screen.query_one(FilterBar).filter.text == "web"
        assert acting.table.shown == 1
        await acting.press("left_square_bracket")
        assert front(acting) == "guests"
        await acting.press("right_square_bracket", "right_square_bracket")
        assert (front(acting), scope(acting)) == ("nodes", Scope("zeta"))


async def test_a_jump_is_one_step() -> None:
    async with stage(two_tenants()) as acting:
        acting.app.screen.narrow(Scope("acme"))  # type: ignore[attr-defined]
        await acting.press("2", "ctrl+p", *"shop", "enter")
        assert (front(acting), scope(acting)) == ("guests", Scope(*ZETA))
        await acting.press("left_square_bracket")
        assert (front(acting), scope(acting)) == ("nodes", Scope("acme"))


async def test_what_the_key_line_leaves_out_is_found_by_its_name() -> None:
    async with stage(two_tenants(), clients={ref: FakeClient() for ref in (ACME, ZETA)}) as acting:
        await acting.press("ctrl+p", *">ask guests", "enter")
        await acting.until(lambda: acting.front.wish is not None)
        await acting.press("colon", *"sweep", "enter")
        await acting.until(lambda: acting.front.wish is None)
        await acting.press("2", "colon", *"sweep", "enter")
        line = acting.app.screen.query_one(CommandLine)
        await acting.until(lambda: "nothing here is asked guest by guest" in line.said)


async def test_a_hint_is_made_of_whole_words() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("colon")
        line = acting.app.screen.query_one(CommandLine)
        said = line.said.split("  ")
        names = [command.name for command in line.commands.all]
        assert said[:-1] == names[: len(said) - 1]
        assert said[-1] == f"+{len(names) - len(said) + 1} more"
        assert len(line.said) <= SMALL[0] - 2
