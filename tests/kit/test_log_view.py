"""The log: it keeps to its end, finds words, and paints foreign text letter by letter."""

from __future__ import annotations

from textual.app import App, ComposeResult

from proxtui.core.rows import Tone
from proxtui.kit.log_pane import LogPane
from proxtui.kit.log_view import LogView


class LogApp(App[None]):
    def compose(self) -> ComposeResult:
        yield LogView(empty="nothing yet")


def shown(log: LogView) -> list[str]:
    return [log.render_line(y).text.rstrip() for y in range(log.size.height)]


def tell(log: LogView, *lines: str) -> None:
    log.set_lines(lines, [Tone.PLAIN] * len(lines))


async def test_it_follows_the_end_until_somebody_scrolls_up() -> None:
    async with LogApp().run_test(size=(40, 5)) as pilot:
        log = pilot.app.query_one(LogView)
        assert shown(log)[2].strip() == "nothing yet"
        tell(log, *(f"line {at}" for at in range(20)))
        await pilot.pause()
        assert shown(log)[-1] == "line 19"
        log.focus()
        await pilot.press("up")
        assert not log.following
        tell(log, *(f"line {at}" for at in range(30)))
        await pilot.pause()
        assert shown(log)[-1] == "line 18"
        await pilot.press("G")
        tell(log, *(f"line {at}" for at in range(40)))
        await pilot.pause()
        assert shown(log)[-1] == "line 39"


async def test_hits_go_around_the_ends() -> None:
    async with LogApp().run_test(size=(40, 5)) as pilot:
        log = pilot.app.query_one(LogView)
        tell(log, "Error one", "fine", "two ERROR", "fine", "fine", "fine", "fine", "fine")
        assert log.look_for("error") == 2
        assert log.hit == 2
        assert log.next_hit(1) is True
        assert log.hit == 0
        assert log.next_hit(1) is False
        assert log.hit == 2
        log.next_hit(1)
        assert log.next_hit(-1) is True
        assert log.hit == 2
        assert log.look_for("nowhere") == 0
        log.next_hit(1)
        assert log.hit is None


async def test_foreign_text_is_only_text() -> None:
    async with LogApp().run_test(size=(20, 5)) as pilot:
        log = pilot.app.query_one(LogView)
        tell(log, "[red]x[/red]", "a\x1b[31mb\u202ec", "日本" * 20, "İ is lower in two", "")
        log.look_for("is")
        lines = shown(log)
        assert lines[0] == "[red]x[/red]"
        assert lines[1] == "a[31mbc"
        assert lines[2].endswith("…")
        assert all(strip.cell_length == 20 for strip in (log.render_line(y) for y in range(5)))


async def test_a_search_that_goes_around_says_so() -> None:
    class PaneApp(App[None]):
        def compose(self) -> ComposeResult:
            yield LogPane()

    async with PaneApp().run_test(size=(80, 8)) as pilot:
        pane = pilot.app.query_one(LogPane)
        pane.tell("log", ["error", "fine", "error"], [Tone.PLAIN] * 3, note="log: 3 lines", empty="")
        pane.find()
        await pilot.press(*"error")
        pane.next_hit(1)
        assert "from the first line again" in pane.title
        pane.next_hit(1)
        assert "again" not in pane.title
        pane.next_hit(1)
        pane.next_hit(-1)
        assert "from the last line again" in pane.title


async def test_a_log_of_fifty_thousand_lines_is_searched_once() -> None:
    async with LogApp().run_test(size=(40, 5)) as pilot:
        log = pilot.app.query_one(LogView)
        lines = [f"line {at}" for at in range(50_000)]
        log.set_lines(lines, [Tone.PLAIN] * 50_000)
        log.look_for("line 4999")
        first = log.hits
        log.set_lines(list(lines), [Tone.PLAIN] * 50_000)
        log.next_hit(1)
        assert log.hits is first
        assert len(first) == 11
        log.set_lines([*lines, "line 49990"], [Tone.PLAIN] * 50_001)
        assert len(log.hits) == 12
