"""Forms out of parameter models: the right field for each, faults beside it, and nothing leaves while there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from textual.events import Key
from textual.pilot import Pilot

from proxtui.kit.app import LiveApp
from proxtui.kit.form import Filled, ParamsForm, Refused
from proxtui.kit.form_fields import Fold, Line
from proxtui.kit.form_model import asked_of, problems_of, values_of
from proxtui.kit.one_line import Notice
from proxtui.kit.prepared import Prepared
from tests.kit.changes import CloneParams

BOTH = pytest.mark.parametrize("size", [(80, 24), (160, 50)])


class FormApp(LiveApp):
    """One form, and what it answered."""

    def __init__(self, prepared: Prepared | None = None, model: type[BaseModel] = CloneParams) -> None:
        super().__init__()
        self.form = ParamsForm("Clone", model, prepared)
        self.answers: list[Filled | Refused | None] = []

    def on_mount(self) -> None:
        self.run_worker(self._ask())

    async def _ask(self) -> None:
        while True:
            self.answers.append(await self.form.ask(self))

    def line(self, name: str) -> Line:
        return next(line for line in self.form.query(Line) if line.asked.name == name)

    @property
    def faults(self) -> dict[str, str]:
        return {line.asked.name: line.problem for line in self.form.query(Line) if line.problem}

    @property
    def said(self) -> str:
        return self.form._notice.text

    @property
    def has_keys(self) -> str:
        focused = self.focused
        return next((line.asked.name for line in self.form.query(Line) if line.field is focused), "")


def test_every_kind_of_field_is_known() -> None:
    kinds = {one.name: one.kind for one in asked_of(CloneParams)}
    assert kinds == {
        "newid": "number", "name": "text", "node": "text", "target": "text", "full": "switch", "format": "choice",
        "memory": "number", "password": "secret", "tags": "list", "more": "pairs", "bwlimit": "number",
    }  # fmt: skip
    asked = {one.name: one for one in asked_of(CloneParams)}
    assert asked["format"].choices == ("", "raw", "qcow2")
    assert (asked["memory"].unit, asked["memory"].default, asked["bwlimit"].rare) == ("MiB", "512", True)
    assert next(one.name for one in asked_of(CloneParams, hidden=["node"])) == "newid"
    assert "node" not in [one.name for one in asked_of(CloneParams, hidden=["node"])]


def test_texts_become_values_and_what_is_empty_is_left_out() -> None:
    texts = {"newid": " 123 ", "name": "", "full": "yes", "format": "", "tags": "a, b,,", "more": "a=1\n\nb=x=y"}
    values = values_of(asked_of(CloneParams), {**texts, "memory": "512"})
    assert values == {
        "newid": "123",
        "full": True,
        "tags": ["a", "b"],
        "more": {"a": "1", "b": "x=y"},
        "memory": "512",
    }
    assert CloneParams(**values).more == {"b": "x=y", "a": "1"}


def test_problems_name_the_field_and_never_the_value() -> None:
    problems = problems_of(CloneParams, {"name": "Secret!", "memory": "lots"})
    assert set(problems) == {"newid", "name", "memory"}
    assert problems["newid"] == "is needed"
    assert not any("Secret" in line for line in problems.values())


@BOTH
async def test_nothing_leaves_while_a_field_is_wrong(size: tuple[int, int]) -> None:
    app = FormApp()
    async with app.run_test(size=size) as pilot:
        await pilot.press("tab", *"Web", "ctrl+s")
        await pilot.pause()
        assert app.answers == []
        assert set(app.faults) == {"newid", "name"}
        assert (app.said, app.has_keys) == ("2 fields to put right", "newid")
        shown = app.line("newid")._problem
        assert shown.display
        assert shown.render_line(0).text.strip() == "! is needed"
        # It is looked at again while it is put right.
        await pilot.press(*"12")
        assert app.faults["newid"] != "is needed"
        await pilot.press("3")
        assert set(app.faults) == {"name"}
        await pilot.press("tab", "home", "delete", "w", "ctrl+s")
        await pilot.pause()
        assert [answer.params.name for answer in app.answers if isinstance(answer, Filled)] == ["web"]


async def test_a_field_is_judged_when_it_is_left_and_not_before() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1")
        assert app.faults == {}
        await pilot.press("tab")
        await pilot.pause()
        assert set(app.faults) == {"newid"}


async def test_every_field_can_be_filled_by_keys() -> None:
    prepared = Prepared(initial={"newid": 123}, fixed={"node": "pve1"}, suggestions={"target": ["pve1", "pve2"]})
    app = FormApp(prepared)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("tab", *"copy", "tab", "down", "down", "tab", "space", "tab", "space", "space")
        await pilot.press("tab", "end", "backspace", "backspace", *"3", "tab", *"geheim", "tab", *"a, b")
        await pilot.press("tab", *"a=1", "enter", *"b=2", "ctrl+s")
        await pilot.pause()
        answer = app.answers[0]
        assert isinstance(answer, Filled)
        made: Any = answer.params
        assert (made.newid, made.name, made.node, made.target, made.full) == (123, "copy", "pve1", "pve2", True)
        assert (made.format, made.memory, made.password.get_secret_value()) == ("qcow2", 53, "geheim")
        assert (made.tags, made.more, made.bwlimit) == (["a", "b"], {"a": "1", "b": "2"}, None)
        assert "geheim" not in app.export_screenshot()


async def test_what_is_behind_a_tab_of_keys_in_one_piece_is_of_the_next_field() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in ("1", "2", "tab", "w", "e", "b"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        # The other fields show which keys went wrong where "web" never comes.
        while "b" not in "".join(line.text for line in app.form.query(Line)):
            await pilot.pause(0.01)
        assert (app.line("newid").text, app.line("name").text) == ("12", "web")


@pytest.mark.parametrize("on", ["tab", "enter"])
async def test_a_whole_form_in_one_piece_fills_the_right_fields(on: str) -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        keys = ["1", "2", "3", on, *"webserver", on, *"pve1", on, "tab", "space", on, "space", on, "9", "ctrl+s"]
        for key in keys:
            app.post_message(Key(key, key if len(key) == 1 else " " if key == "space" else None))
        while not app.answers and not app.faults:
            await pilot.pause(0.02)
        assert app.faults == {}
        answer = app.answers[0]
        assert isinstance(answer, Filled)
        made: Any = answer.params
        assert (made.newid, made.name, made.node) == (123, "webserver", "pve1")
        assert (made.full, made.format, made.memory) == (True, "raw", 5129)
        assert app.faults == {}


async def test_suggestions_are_told_and_may_come_later() -> None:
    async def ask() -> Sequence[str]:
        return ["500"]

    app = FormApp(Prepared(suggestions={"newid": ask, "target": ("pve1", "pve2")}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("down")
        assert app.line("newid").text == "500"
        app.line("target").field.focus()
        await pilot.pause()
        assert "pve1, pve2" in app.line("target").query(Notice).first().text


async def test_rare_fields_are_folded_until_wanted_or_wrong() -> None:
    app = FormApp(Prepared(initial={"newid": 123}))
    async with app.run_test(size=(80, 24)) as pilot:
        fold = app.form.query_one(Fold)
        assert not app.form.query_one("#rare").display
        fold.focus()
        await pilot.press("enter")
        await pilot.pause()
        assert app.form.query_one("#rare").display
        assert (app.has_keys, fold.display) == ("bwlimit", False)


async def test_escape_asks_when_something_was_typed() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "escape")
        assert (app.answers, app.said.startswith("esc again")) == ([], True)
        # Going on takes the question back.
        await pilot.press("2", "escape")
        assert app.answers == []
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]


async def test_escape_leaves_an_untouched_form() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]


async def test_what_the_server_refuses_stands_at_its_field() -> None:
    app = FormApp(Prepared(initial={"newid": 123}))
    async with app.run_test(size=(80, 24)) as pilot:
        app.form.refuse({"name": "already used", "vga": "unknown", "": "no quorum"})
        await pilot.pause()
        assert app.faults == {"name": "already used"}
        assert app.said == "vga: unknown; no quorum"
        assert app.has_keys == "name"


async def test_the_description_of_the_field_is_told_and_f1_gives_it_room() -> None:
    app = FormApp(Prepared(notes=("local disks go along",)))
    async with app.run_test(size=(80, 24)) as pilot:
        await told(pilot, app, "The number of the copy.")
        await pilot.press("f1")
        assert app.form.query_one("#told").has_class("-all")
        assert "local" in str(app.form.query_one("#notes").render())


async def told(pilot: Pilot[None], app: FormApp, text: str) -> None:
    await pilot.pause()
    assert text in str(app.form.query_one("#told").render())


async def test_a_long_form_scrolls_to_the_field_that_has_the_keys() -> None:
    app = FormApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.line("more").field.focus()
        await pilot.pause()
        region = app.line("more").field.region
        assert app.form.query_one(".dialog").region.contains_region(region)


@BOTH
async def test_a_refusal_is_shown_to_its_end(size: tuple[int, int]) -> None:
    app = FormApp()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        long = "the storage says " + "that there is no room for it, " * 6 + "not even a little"
        app.form.refuse({"newid": f"{long} at the field", "": f"{long} at all"})
        await pilot.pause()
        shown = " ".join(line.strip(" │") for line in lines_of_screen(app))
        assert "not even a little at the field" in shown
        assert "not even a little at all" in shown
        app.form.say("")
        await pilot.pause()
        assert not app.form._notice.display


def lines_of_screen(app: FormApp) -> list[str]:
    """The screen as it is painted."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]
