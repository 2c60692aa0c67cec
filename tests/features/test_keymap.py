"""Keys of one's own: what is refused, what works, and that help and key line tell the truth."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.widgets import Static

from proxtui.config.models import Config, Settings
from proxtui.errors import NetworkError, UsageError
from proxtui.features.consoles.operations import CONSOLES
from proxtui.kit.help import HelpScreen
from proxtui.kit.keymap import _bound, named_keys, read_keymap
from proxtui.kit.view import LiveView
from proxtui.registry import FEATURES

from .fleets import ZETA, two_tenants
from .screens import LARGE, stage, text_of


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"puase": "f9"}, "there is no action puase; nearest is pause"),
        ({"pause": "f5"}, "pause: f5 is Refresh now already"),
        ({"pause": "d"}, "pause: d is Detail already"),
        ({"pause": "b"}, "pause: b is "),
        ({"pause": "f9", "refresh": "f9"}, "f9 is given to both pause and refresh"),
        ({"pause": "ctrl+nothing"}, "pause: ctrl+nothing is no key; write x, F, ?, f5 or ctrl+x"),
        ({"pause": ""}, "pause: nothing is no key"),
        ({"nodes": "1"}, "nodes: 1 is Guests already"),
    ],
)
def test_what_cannot_be_is_one_line(keys: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_keymap(keys, FEATURES)
    assert str(caught.value).startswith(f"settings.keys: {said}")


def test_keys_may_be_exchanged() -> None:
    swapped = {"guests": "2", "nodes": "1", "help": "?", "pause": "f9, F"}
    assert read_keymap(swapped, FEATURES) == {"guests": "2", "nodes": "1", "help": "question_mark", "pause": "f9,F"}


def test_what_one_can_press_has_a_name_but_the_ways_out_and_the_order_of_the_parts() -> None:
    nameless = {binding.key for _, binding in _bound(FEATURES) if not binding.id and not binding.system}
    assert nameless <= {"escape", "tab", "shift+tab", "ctrl+c", "ctrl+q"}


def test_names_are_listed_with_what_they_do_and_where() -> None:
    named = {one.name: one for one in named_keys(FEATURES)}
    assert named["up"].keys == ("up", "k")
    assert set(named["up"].places) >= {"table", "tree", "log"}
    assert named["detail"].text == "Detail"
    assert all(one.text and one.places for one in named.values())


async def test_keys_of_tables_and_rooms_can_be_others_too() -> None:
    config = Config(settings=Settings(keys={"detail": "f7", "down": "J", "kind": "f9", "open": "f8"}))
    async with stage(two_tenants(), LARGE, config=config) as acting:
        first = acting.table.cursor_row
        await acting.press("J")
        assert acting.table.cursor_row is not first
        await acting.press("k")
        assert acting.table.cursor_row is first
        await acting.press("d")
        assert not acting.app.screen.query("DetailPane")
        await acting.press("f7")
        await acting.until(lambda: bool(acting.app.screen.query("DetailPane")))
        assert "f7 Detail" in text_of(acting.app.screen.query_one("KeyBar"))


async def test_help_and_key_line_say_what_is_bound() -> None:
    keys = {"pause": "f9", "guests": "2", "nodes": "1", "help": "f1", "palette": "ctrl+k"}
    config = Config(settings=Settings(keys=keys))
    async with stage(two_tenants(), LARGE, config=config) as acting:
        bar = text_of(acting.app.screen.query_one("KeyBar"))
        assert "f9 Pause" in bar
        assert "^k Go to" in bar
        assert "f1 " in bar
        await acting.press("1")
        assert acting.app.screen.query("#view-nodes")
        await acting.press("P")
        assert not acting.runtime.poller.paused
        await acting.press("f9")
        assert acting.runtime.poller.paused
        await acting.press("f1")
        assert isinstance(acting.app.screen, HelpScreen)
        rows = {row.text: row.keys for row in acting.app.screen.query_one("LiveTable").rows.all}  # type: ignore[attr-defined]
        assert (rows["Pause"], rows["Nodes"], rows["Go to"]) == ("f9", "1", "^k")
        await acting.press("escape", "slash", "1", "f")
        assert acting.app.screen.query_one("FilterInput").value == "1f"  # type: ignore[attr-defined]


async def test_what_is_said_names_the_keys_that_one_has() -> None:
    config = Config(settings=Settings(keys={"pause": "f9", "filter": "F", "read-again": "f8"}))
    async with stage(two_tenants(), LARGE, config=config) as acting:
        await acting.press("f9")
        acting.runtime.store.fail(ZETA, NetworkError("no route", stage="connect"), next_try_at=None)
        await acting.pilot.pause(0.25)
        assert "paused, f9 goes on: " in text_of(acting.app.screen.query_one("#trouble"))
        await acting.press("F", *"web1", "enter", "d")
        way_out = acting.app.screen.query_one("#filter-end", Static)
        assert str(way_out.render()) == "F esc clears"
        await acting.press("2", "d", *["full_stop"] * 7)
        assert "f8 asks" in text_of(acting.pane.query_one("Facts"))


async def test_the_sweep_of_snapshots_names_the_key_that_one_has() -> None:
    async with stage(two_tenants(), LARGE, config=Config(settings=Settings(keys={"sweep": "f8"}))) as acting:
        await acting.press("5", *["right"] * 5)
        await acting.until(lambda: "not asked yet (f8 asks)" in acting.header)
        assert "press f8 to ask" in text_of(acting.front.facts)


@pytest.mark.parametrize("use", ["vnc", "ssh"])
def test_a_bare_key_is_called_as_its_line_in_the_menu(use: str) -> None:
    label = next(one.label for one in CONSOLES if one.verb == use)
    keys = {one.action: one.description for one in LiveView.BINDINGS if isinstance(one, Binding)}
    assert keys[f"console('{use}')"] == label
