"""The tasks view as its user meets it."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import SourceState
from proxtui.features.tasks.rows import moment
from proxtui.kit.live_table import LiveTable

from .fakes import denied
from .fleets import ACME, ZETA, container, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, SMALL, Stage, stage, text_of
from .test_tasks_service import LogClient

START = 0x6A00F000


def upid(number: int, kind: str = "qmstart", ident: str = "100", node: str = "pve1") -> str:
    return f"UPID:{node}:{number:08X}:00005678:{START + number:08X}:{kind}:{ident}:root@pam:"


def entry(number: int, kind: str = "qmstart", ident: str = "100", **known: Any) -> dict[str, Any]:
    name = upid(number, kind, ident)
    ended = {"status": "OK", "endtime": START + number + 5} if "status" not in known else {}
    return {"upid": name, "node": "pve1", "type": kind, "id": ident, "user": "root@pam", **ended, **known}


class TasksClient(LogClient):
    """A cluster with some tasks, whose logs are all the same."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        super().__init__()
        self.entries: Any = list(entries)

    async def get(self, path: str, *, params: Any = None) -> Any:
        if path != "/cluster/tasks":
            return await super().get(path, params=params)
        self.asked.append(path)
        if isinstance(self.entries, Exception):
            raise self.entries
        return self.entries


def some() -> TasksClient:
    failed = entry(9, "vzdump", "200", status="job errors", endtime=START + 99)
    running = {key: value for key, value in entry(2, "qmclone", "101").items() if key not in ("status", "endtime")}
    return TasksClient(entry(1), failed, running, entry(4, status="WARNINGS: 3", endtime=START + 10))


def known() -> Any:
    return fleet(snapshot(ACME, (vm(100, name="web1"), vm(101), container(200, name="dns")), (node("pve1"),)))


async def come(acting: Stage) -> None:
    await acting.press("4")
    await acting.until(lambda: acting.table.total == 4)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_running_first_then_the_newest_with_their_outcomes(size: tuple[int, int]) -> None:
    async with stage(known(), size, clients={ACME: some()}) as acting:
        await come(acting)
        shown = acting.lines(acting.table)[1:]
        assert [line.split()[1] for line in [line.lstrip("▸ ") for line in shown]] == [
            "running", "error", "WARNINGS", "OK",
        ]  # fmt: skip
        assert "VM clone" in shown[0]
        assert "101 vm101" in shown[0]
        assert "200 dns" in shown[1]
        assert "4 tasks" in acting.header


async def test_a_filter_finds_what_failed() -> None:
    async with stage(known(), clients={ACME: some()}) as acting:
        await come(acting)
        await acting.press("slash", *"status:error type:vzdump", "enter")
        assert acting.table.shown == 1
        assert "1 of 4 tasks" in acting.header


async def test_the_log_follows_its_end_until_somebody_scrolls_up() -> None:
    client = some()
    client.lines = [f"line {at}" for at in range(1, 101)]
    async with stage(known(), SMALL, clients={ACME: client}) as acting:
        await come(acting)
        await acting.press("enter")
        log = acting.front.panel.log_pane.log_view
        await acting.until(lambda: "line 100" in text_of(log))
        assert "follows" in acting.front.panel.log_pane.title
        client.lines += ["line 101"]
        acting.front.lookout.now()
        await acting.until(lambda: "line 101" in text_of(log))
        log.focus()
        await acting.press("g")
        client.lines += ["line 102"]
        acting.front.lookout.now()
        await acting.until(lambda: len(log.lines) == 102)
        assert text_of(log).startswith("line 1\n")
        await acting.press("G")
        assert "line 102" in text_of(log)


async def test_words_are_found_in_the_log() -> None:
    client = some()
    client.lines = [f"step {at}{' ERROR [b]x' if at in (5, 50) else ''}" for at in range(1, 101)]
    async with stage(known(), SMALL, clients={ACME: client}) as acting:
        await come(acting)
        await acting.press("enter")
        pane = acting.front.panel.log_pane
        await acting.until(lambda: len(pane.log_view.lines) == 100)
        await acting.press("f", *"ffo", *["backspace"] * 3, *"error [b]", "enter")
        assert "step 50 ERROR [b]x" in text_of(pane.log_view)
        assert pane.title.startswith("2 of 2 lines")
        await acting.press("N")
        assert "step 5 ERROR [b]x" in text_of(pane.log_view)
        await acting.press("n")
        assert pane.title.startswith("2 of 2 lines")
        await acting.press("f", "escape")
        assert pane.word == ""
        await acting.press("escape")
        assert isinstance(acting.app.focused, LiveTable)
        assert not acting.front.split.is_open


async def test_another_task_has_another_log() -> None:
    client = some()
    client.lines = ["one", "two"]
    async with stage(known(), clients={ACME: client}) as acting:
        await come(acting)
        await acting.press("enter")
        await acting.until(lambda: len(acting.front.panel.log_pane.log_view.lines) == 2)
        client.lines = ["three"]
        await acting.press("down")
        await acting.until(lambda: acting.front.panel.log_pane.log_view.lines == ("three",))
        assert "back up 200 dns" in text_of(acting.front.panel.query_one("PaneTitle"))
        assert any(fact.text == "job errors" for fact in acting.front.panel.facts)


async def test_a_forbidden_server_is_named_and_not_down() -> None:
    client = TasksClient()
    client.entries = denied("/", "Sys.Audit")
    async with stage(two_tenants(), clients={ACME: client, ZETA: TasksClient(entry(1))}) as acting:
        await acting.press("4")
        await acting.until(lambda: acting.table.total == 1 and acting.front.notice.text)
        assert acting.front.notice.text == "acme / berlin: tasks not read: missing privilege Sys.Audit on /"
        assert "down" not in acting.header


async def test_nothing_is_asked_while_the_view_is_behind_or_all_is_paused() -> None:
    client = some()
    async with stage(known(), clients={ACME: client}) as acting:
        await come(acting)
        await acting.press("1")
        client.asked.clear()
        acting.front.changed()
        acting.app.screen.query_one("TasksView")._ask_again()  # type: ignore[attr-defined]
        assert client.asked == []
        acting.runtime.poller.paused = True
        await acting.press("4")
        acting.front._ask_again()
        assert client.asked == []


async def test_without_an_answer_no_tasks_are_not_called_none() -> None:
    silent = fleet(snapshot(ACME, state=SourceState.DOWN, taken_at=None, error="no answer"))
    async with stage(silent) as acting:
        await acting.press("4")
        assert "no tasks here" not in text_of(acting.table)


def test_today_needs_no_date() -> None:
    assert len(moment(START, START + 1)) == len("14:03:10")
    assert len(moment(START, START + 90_000)) == len("11-22 14:03")
    assert moment(None) == "–"
