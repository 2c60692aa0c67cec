"""The app: how it starts, asks, ends, and what a bug does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual.widgets import Input

from proxtui.core.model import Fleet, Scope
from proxtui.features.guests.screen import GuestsView
from proxtui.tui.app import INTERRUPTED, ProxtuiApp, wants_ascii
from proxtui.tui.dialogs import SecondFactor
from tests.features.fakes import FakePoller, runtime_of
from tests.features.fleets import two_tenants
from tests.features.screens import SMALL, stage, text_of


class Poller(FakePoller):
    """Notes when it was started and ended; may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    async def run(self) -> None:
        self.started.set()
        try:
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_polling_starts_after_the_first_paint_and_ends_with_the_app() -> None:
    poller = Poller()
    app = ProxtuiApp(runtime_of(two_tenants(), poller=poller))  # type: ignore[arg-type]
    painted: list[bool] = []
    start = app._start_polling

    def noted() -> None:
        painted.append(app.screen.query_one("HeaderBar").size.width > 0)
        start()

    app._start_polling = noted  # type: ignore[method-assign]
    async with app.run_test(size=SMALL):
        await poller.started.wait()
        assert painted == [True]
        assert not poller.ended.is_set()
    assert poller.ended.is_set()


async def test_a_poller_that_ends_by_a_bug_ends_the_app() -> None:
    bug = RuntimeError("a bug")
    app = ProxtuiApp(runtime_of(two_tenants(), poller=Poller(bug)))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="a bug"):
        async with app.run_test(size=SMALL) as pilot:
            await pilot.pause(5)
    assert app.crash is bug
    assert app.return_code == 1


async def test_a_bug_in_a_view_says_nothing_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: GuestsView, fleet: Fleet, scope: Scope) -> Any:
        secret = "tokensecret"  # noqa: F841
        raise ZeroDivisionError("broken rows")

    monkeypatch.setattr(GuestsView, "rows_of", broken)
    app = ProxtuiApp(runtime_of(two_tenants()))  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=SMALL) as pilot:
            await pilot.pause()
    assert isinstance(app.crash, ZeroDivisionError)
    said = capsys.readouterr()
    assert "tokensecret" not in said.out + said.err
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+q", 0), ("ctrl+c", INTERRUPTED)])
async def test_the_ways_out(key: str, code: int) -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.pilot.press(key)
        await acting.pilot.pause()
    assert (acting.app.return_code or 0) == code


async def test_q_in_the_filter_is_a_letter() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("slash", "q", "q")
        assert acting.app.is_running
        assert acting.app.screen.query_one(Input).value == "qq"


async def test_a_second_factor_is_asked_for_on_the_screen() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        asked = asyncio.create_task(acting.app.ask_second_factor("code of root@pam [x]"))
        await acting.until(lambda: isinstance(acting.app.screen, SecondFactor))
        await acting.pilot.pause()
        assert "root@pam [x]" in str(acting.app.screen.query_one("#prompt").render())
        await acting.press(*"123456", "enter")
        assert await asked == "123456"
        assert not isinstance(acting.app.screen, SecondFactor)


async def test_nobody_needs_to_answer() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        asked = asyncio.create_task(acting.app.ask_second_factor("code"))
        await acting.until(lambda: isinstance(acting.app.screen, SecondFactor))
        await acting.press("1", "escape")
        assert await asked == ""


async def test_a_typed_code_is_not_shown() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        asked = asyncio.create_task(acting.app.ask_second_factor("code"))
        await acting.until(lambda: isinstance(acting.app.screen, SecondFactor))
        await acting.press(*"987654")
        shown = acting.app.export_screenshot()
        assert "987654" not in shown
        await acting.press("escape")
        await asked


async def test_badges_say_what_is_true_of_the_whole_screen() -> None:
    async with stage(two_tenants(), SMALL, read_only=True) as acting:
        assert "READ-ONLY" in acting.header
        await acting.press("P")
        assert "PAUSED" in acting.header
        assert acting.runtime.poller.paused
        await acting.press("P", "f5")
        assert "PAUSED" not in acting.header
        assert acting.runtime.poller.nudges == 1


async def test_views_are_loaded_when_first_shown() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        assert not acting.app.screen.query("#view-nodes")
        await acting.press("2")
        assert acting.app.screen.query("#view-nodes")
        assert "pve2" in text_of(acting.table)


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({}, False),
        ({"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, False),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LC_ALL": "en_US.utf8", "LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "C"}, False),
    ],
)
def test_where_only_ascii_is_safe(environ: dict[str, str], plain: bool) -> None:
    assert wants_ascii(environ) is plain
