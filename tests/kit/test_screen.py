"""The live screen: data to the view in front, the frame around it, and silence while nothing changes."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input, Static

from proxtui.core.model import GuestKey, NodeKey, Scope
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.header_bar import HeaderBar
from proxtui.kit.help import HelpScreen, help_rows
from proxtui.kit.key_bar import KeyBar
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Notice, OneLine
from proxtui.kit.too_small import TooSmall, too_small_lines
from proxtui.kit.view import Chosen, LiveView
from tests.kit.fakes import BERLIN, PARIS, FakeRuntime, GuestsView, NodesView, Row, ScreenApp

WIDE, NARROW = (120, 30), (80, 24)


def line(app: ScreenApp, kind: type[OneLine]) -> str:
    return app.live.query_one(kind).render_line(0).text


def front(app: ScreenApp) -> GuestsView:
    view = app.live.front
    assert isinstance(view, GuestsView)
    return view


async def later(app: ScreenApp, pilot: Pilot[None], runtime: FakeRuntime, seconds: float = 1.0) -> None:
    """Let the held clock move on, so that the next change is shown at once."""
    runtime.clock.now += seconds
    await pilot.pause()


async def test_the_first_view_is_in_front_with_data_and_the_keys() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert (front(app).table.shown, front(app).table.has_focus) == (6, True)
        assert line(app, HeaderBar).split() == ["fleet", "▸", "Guests", "6", "of", "6", "guests", "◆", "2", "fresh"]


async def test_what_the_store_learns_is_shown_at_once_and_bursts_are_one() -> None:
    runtime = FakeRuntime()
    app = ScreenApp(runtime)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await later(app, pilot, runtime)
        shows = front(app).shows
        for number in range(50):
            runtime.clock.now += 0.001
            runtime.poll(names=("web", "db", f"new{number}"))
        await pilot.pause()
        assert front(app).shows == shows + 1
        assert any(row.name == "new49" for row in front(app).table.rows.shown if isinstance(row, Row))


async def test_an_idle_fresh_screen_shows_nothing_twice() -> None:
    runtime = FakeRuntime()
    app = ScreenApp(runtime)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await later(app, pilot, runtime)
        shows = front(app).shows
        runtime.poll()
        runtime.poll(PARIS)
        runtime.store.age()
        await pilot.pause(1.2)
        assert front(app).shows == shows


async def test_a_server_that_fails_is_said_and_its_age_is_counted() -> None:
    runtime = FakeRuntime()
    app = ScreenApp(runtime)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await later(app, pilot, runtime)
        runtime.fail()
        await pilot.pause()
        assert "1 of 2 stale 1s" in line(app, HeaderBar)
        notice = app.live.query_one("#trouble", Notice)
        assert notice.display
        assert "zeta / paris: pve1:8006: connection refused" in notice.text
        assert front(app).table.total == 6
        runtime.clock.now += 30
        await pilot.pause(1.3)
        assert "stale 30s" in line(app, HeaderBar)
        runtime.poll(BERLIN)
        runtime.poll(PARIS)
        await later(app, pilot, runtime)
        await pilot.pause(0.3)
        assert not notice.display
        assert line(app, HeaderBar).rstrip().endswith("◆ 2 fresh")


async def test_badges_are_never_left_out() -> None:
    runtime = FakeRuntime(read_only=True, unverified=True)
    app = ScreenApp(runtime)
    async with app.run_test(size=(44, 24)) as pilot:
        await pilot.pause()
        assert " TLS NOT VERIFIED   READ-ONLY " in line(app, HeaderBar)
        await pilot.resize_terminal(160, 50)
        await pilot.press("P")
        assert " TLS NOT VERIFIED   READ-ONLY   PAUSED  ◆ 2 fresh" in line(app, HeaderBar)
        assert runtime.poller.paused
        await pilot.press("P")
        assert "PAUSED" not in line(app, HeaderBar)


async def test_refresh_asks_the_poller() -> None:
    runtime = FakeRuntime()
    app = ScreenApp(runtime)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("ctrl+r", "f5")
        assert runtime.poller.nudged == 2


async def test_digits_switch_views_and_only_the_one_in_front_is_given_data() -> None:
    runtime = FakeRuntime()
    app = ScreenApp(runtime)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        guests = front(app)
        await pilot.press("2")
        nodes = front(app)
        assert isinstance(nodes, NodesView)
        assert (nodes.table.total, nodes.table.has_focus, guests.display) == (2, True, False)
        assert "▸ Nodes  2 nodes" in line(app, HeaderBar)
        await later(app, pilot, runtime)
        shows = guests.shows
        runtime.poll(names=("web",))
        await pilot.pause()
        assert guests.shows == shows
        await pilot.press("1")
        assert front(app) is guests
        assert guests.table.total == 4


async def test_the_filter_works_while_one_types_and_says_what_it_does_not_understand() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("slash", *"we")
        assert front(app).table.shown == 2
        assert "2 of 6 guests" in line(app, HeaderBar)
        bar = app.live.query_one(FilterBar)
        await pilot.press(*("backspace",) * 2, *"cpu>x")
        assert bar.error == "filter, column 1: cpu>x: x is not a number"
        # What cannot be understood hides nothing.
        assert front(app).table.shown == 6
        notice = bar.query_one("#filter-error", Notice)
        assert notice.text == f"{bar.error} - nothing is filtered"
        await pilot.press("enter")
        assert bar.query_one(Input).has_focus
        assert notice.text == f"not taken: {bar.error}"
        await pilot.press("escape")
        assert (bar.display, bar.error, front(app).table.shown, front(app).table.has_focus) == (False, "", 6, True)


async def test_while_a_filter_is_half_typed_the_one_kept_before_is_in_force() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("slash", *"web", "enter", "slash", *" cpu>")
        bar = app.live.query_one(FilterBar)
        assert (bar.filter.text, front(app).table.shown) == ("web", 2)
        assert "filter, column 5: cpu>" in bar.query_one("#filter-error", Notice).text
        assert bar.query_one("#filter-error", Notice).text.endswith(" - in force: web")
        await pilot.press(*"90")
        assert front(app).table.shown == 0
        await pilot.press("backspace", "backspace", "enter")
        assert (bar.query_one(Input).has_focus, front(app).table.shown) == (True, 2)


async def test_how_a_filter_is_cleared_stands_beside_it() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("slash", *"web")
        end = app.live.query_one("#filter-end", Static)
        assert str(end.content) == ""
        await pilot.press("enter")
        await pilot.pause()
        assert str(end.content) == "esc clears"


async def test_a_kept_filter_stays_in_sight_belongs_to_its_view_and_escape_clears_it() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=NARROW) as pilot:
        await pilot.press("slash", *"pve1", "enter")
        bar = app.live.query_one(FilterBar)
        assert (bar.display, front(app).table.has_focus, front(app).table.shown) == (True, True, 0)
        assert "no guest matches «pve1» - esc clears" in "".join(
            front(app).table.render_line(y).text for y in range(front(app).table.size.height)
        )
        assert "esc Clear filter" in line(app, KeyBar)
        await pilot.press("2")
        assert (bar.display, front(app).table.filter.text, front(app).table.shown) == (False, "", 2)
        await pilot.press("1")
        assert (bar.display, bar.query_one(Input).value, front(app).table.shown) == (True, "pve1", 0)
        await pilot.press("escape")
        assert (bar.display, bar.filter.text, front(app).table.filter.text) == (False, "", "")
        assert front(app).table.shown == 6
        assert "Clear filter" not in line(app, KeyBar)


async def test_the_sidebar_folds_away_when_narrow_and_comes_when_asked() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        sidebar = app.live.query_one("#sidebar")
        table = sidebar.query_one(LiveTable)
        assert (sidebar.display, table.total) == (True, 2)
        await pilot.press("shift+tab")
        assert table.has_focus
        await pilot.resize_terminal(*NARROW)
        await pilot.pause()
        assert (sidebar.display, front(app).table.has_focus) == (False, True)
        await pilot.press("t")
        assert sidebar.display
        await pilot.press("t")
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert not sidebar.display


async def test_the_sidebar_narrows_the_views_and_the_poller() -> None:
    runtime = FakeRuntime()
    app = ScreenApp(runtime)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("shift+tab", "down", "enter")
        await pilot.pause()
        assert app.live.scope == Scope("zeta", "paris")
        assert runtime.poller.attended == [[PARIS]]
        assert front(app).table.total == 3
        assert line(app, HeaderBar).startswith(" zeta ▸ paris ▸ Guests")


async def test_who_has_the_keys_leads_and_the_other_follows() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        followed: list[object] = []
        sidebar = app.live.sidebar
        assert isinstance(sidebar, LiveView)
        sidebar.reveal = lambda key: bool(followed.append(key))  # type: ignore[method-assign, func-returns-value]
        await pilot.press("down")
        assert followed == [GuestKey("zeta", "paris", "qemu", 101)]
        await pilot.press("shift+tab")
        assert sidebar.has_focus_within
        front(app).table.move(5)
        await pilot.pause()
        await pilot.pause()
        assert len(followed) == 1


async def test_choosing_a_thing_brings_the_view_that_shows_it() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        front(app).post_message(Chosen(NodeKey("zeta", "paris", "pve1")))
        await pilot.pause()
        await pilot.pause()
        assert isinstance(front(app), NodesView)
        row = front(app).table.cursor_row
        assert row is not None
        assert row.key == NodeKey("zeta", "paris", "pve1")


async def test_the_key_line_tells_what_works_now_and_never_cuts_a_word() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert line(app, KeyBar).startswith(" enter Open  / Filter  q Quit  1 Guests  2 Nodes  ")
        assert line(app, KeyBar).rstrip().endswith("? Help")
        await pilot.resize_terminal(50, 20)
        await pilot.pause()
        assert line(app, KeyBar).rstrip() == " enter Open  / Filter  q Quit  1 Guests  ? more"
        await pilot.press("slash")
        await pilot.pause()
        assert line(app, KeyBar).split() == ["enter", "Keep", "filter", "esc", "Clear", "filter"]


async def test_a_click_on_the_key_line_presses_the_key() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await pilot.click(KeyBar, offset=(line(app, KeyBar).index("Nodes"), 0))
        await pilot.pause()
        assert isinstance(front(app), NodesView)


async def test_help_is_made_from_what_is_bound_and_scrolls() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        told = {(row.keys, row.text, row.where) for row in help_rows(app.live)}
        assert ("↓ j", "Down", "table") in told
        # What Textual binds and names is not ours to explain.
        assert not {"Focus Next", "Page Left", "Scroll Up", "Copy selected text"} & {text for _, text, _ in told}
        groups = [row.head for row in help_rows(app.live) if row.head]
        assert groups == ["Move", "Find", "This view", "Everywhere", "Filters"]
        assert all(row.text[0].isupper() for row in help_rows(app.live))
        assert ("2", "Nodes", "screen") in told
        assert any(where == "filter" and "cpu>80" in keys for keys, _, where in told)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        table = app.screen.query_one(LiveTable)
        await pilot.press("G")
        assert table.cursor_row is not None
        assert table.first_line > 0
        await pilot.press("escape")
        assert app.screen is app.live


async def test_help_greys_what_has_no_use_now_and_needs_no_arrows_in_ascii() -> None:
    app = ScreenApp(FakeRuntime(), ascii_only=True)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        rows = {row.text: row for row in help_rows(app.live)}
        assert rows["Down"].keys == "down j"
        assert all(row.keys.isascii() for row in rows.values())
        assert rows["Clear filter"].muted
        await pilot.press("slash", *"web", "enter")
        assert not {row.text: row for row in help_rows(app.live)}["Clear filter"].muted


async def test_no_room_is_one_clear_line_and_the_screen_comes_back() -> None:
    app = ScreenApp(FakeRuntime())
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        cover = app.live.query_one(TooSmall)
        assert not cover.display
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        shown = [cover.render_line(y).text.strip() for y in range(5)]
        assert [text for text in shown if text] == ["too small: 20x5,", "needs 40x10"]
        assert cover.region == app.screen.region
        await pilot.resize_terminal(*NARROW)
        await pilot.pause()
        assert not cover.display
        assert front(app).table.has_focus
        await pilot.press("down")
        assert front(app).table.rows.cursor == 1


def test_the_wording_fits_any_size() -> None:
    from textual.geometry import Size

    assert too_small_lines(Size(39, 9)) == ["too small: 39x9, needs 40x10"]
    assert too_small_lines(Size(12, 3)) == ["12x3 < 40x10"]
    assert too_small_lines(Size(18, 1)) == ["18x1 < 40x10"]


async def test_the_store_is_left_when_the_screen_goes() -> None:
    runtime = FakeRuntime()
    async with ScreenApp(runtime).run_test(size=NARROW) as pilot:
        await pilot.pause()
        assert runtime.store._listeners
    assert not runtime.store._listeners
