"""One finds again what one left: order, columns, groups, the view in front, saved views, what was typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Config, Endpoint, Server, Settings, Tenant
from proxtui.core.memory import Memory
from proxtui.core.model import Scope
from proxtui.kit.command_line import CommandInput, CommandLine
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.live_table import LiveTable
from proxtui.kit.palette import Palette

from .fleets import two_tenants
from .screens import LARGE, Stage, stage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "proxtui" / "state.json"


def written(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


async def command(acting: Stage, text: str) -> None:
    await acting.press("colon")
    await acting.until(lambda: isinstance(acting.app.focused, CommandInput))
    acting.app.screen.query_one(CommandInput).value = text
    await acting.press("enter")
    # It goes away, or stays and says why.
    await acting.until(lambda: not isinstance(acting.app.focused, CommandInput) or said(acting))


def said(acting: Stage) -> str:
    return acting.app.screen.query_one(CommandLine).said


def ordered_by(acting: Stage) -> tuple[str, bool]:
    return acting.table.rows.sort, acting.table.rows.descending


async def test_the_next_start_finds_order_columns_group_and_view(file: Path) -> None:
    memory = Memory(file)
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await acting.press("2", "i")
        await acting.press("1", "b", "C")
        acting.app.screen.query_one(LiveTable).move_to("maxcpu")
        await acting.press("space", "enter")
        acting.table.focus()
        await acting.press("greater_than_sign", "2")
        left = ordered_by(acting)
        await memory.save()
    async with stage(two_tenants(), LARGE, memory=Memory(file)) as acting:
        assert acting.app.screen.query("#view-nodes")
        assert ordered_by(acting) == left == ("node", True)
        await acting.press("1")
        assert acting.front.group == "node"
        assert "maxcpu" in acting.front.wanted
        assert len(acting.table.rows.heads) > 1
        assert ordered_by(acting)[0] != "name"


async def test_many_keys_are_one_write_off_the_loop(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxtui.kit.desk.KEEP_AFTER", 0.5)
    memory = Memory(file)
    saves = []
    save = memory.save

    async def counted() -> None:
        dirty = memory.is_dirty
        await save()
        # Afterwards: what is being written is not dirty any more, and not yet in the file.
        saves.append(dirty)

    monkeypatch.setattr(memory, "save", counted)
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await acting.press("i", "i", "i", "b")
        await acting.until(lambda: bool(saves))
        assert saves == [True]
        assert written(file)["tenants"]["*"]["views"]["guests"]["group"] == "node"


async def test_each_tenant_has_its_own_and_the_way_back_is_as_it_was() -> None:
    async with stage(two_tenants(), LARGE) as acting:
        live: Any = acting.app.screen
        live.narrow(Scope("acme"))
        await acting.press("i", "b")
        assert (ordered_by(acting), acting.front.group) == (("name", True), "node")
        live.narrow(Scope("acme", "berlin"))
        assert acting.front.group == "node"
        live.narrow(Scope())
        assert (ordered_by(acting), acting.front.group) == (("name", False), "")
        live.narrow(Scope("acme"))
        assert (ordered_by(acting), acting.front.group) == (("name", True), "node")
        await acting.press("2")
        live.narrow(Scope("zeta"))
        await acting.press("1")
        # Of this one nothing is known: it stays as it is.
        assert acting.front.group == "node"


async def test_an_only_tenant_is_the_whole_fleet() -> None:
    server = Server(name="berlin", endpoints=(Endpoint(host="pve1"),))
    config = Config(tenants=(Tenant(slug="acme", name="Acme", servers=(server,)),))
    async with stage(two_tenants(), LARGE, config=config) as acting:
        await acting.press("b")
        assert acting.app.memory.get("tenants", "acme", "views", "guests", "group") == "node"


async def test_the_tree_is_built_as_it_was() -> None:
    memory = Memory()
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        acting.tree.focus()
        await acting.press("b")
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        assert acting.tree.way == "pool"
        await acting.press("b")
        assert acting.front.group == "node"


@pytest.mark.parametrize("junk", [7, [], {"views": 1}, {"views": {"guests": {"sort": [], "group": {}, "more": 5}}}])
async def test_junk_in_the_file_changes_nothing(junk: Any) -> None:
    memory = Memory()
    memory.put(junk, "tenants", "*")
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        assert (ordered_by(acting), acting.front.group) == (("name", False), "")
        assert "name" in acting.front.wanted


async def test_the_name_stays_whatever_the_file_says() -> None:
    memory = Memory()
    memory.put({"fewer": ["name", "uptime"], "more": ["nothing"]}, "tenants", "*", "views", "guests")
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        assert "name" in acting.front.wanted
        assert not {"uptime", "nothing"} & acting.front.wanted


async def test_a_theme_is_worn_again_unless_one_is_asked_for() -> None:
    memory = Memory()
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await command(acting, "theme proxtui-light")
        await acting.pilot.pause()
    assert memory.get("theme") == "proxtui-light"
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        assert acting.app.theme == "proxtui-light"
    asked = Config(settings=Settings(theme="proxtui-mono"))
    async with stage(two_tenants(), LARGE, memory=memory, config=asked) as acting:
        assert acting.app.theme == "proxtui-mono"
    memory.put("gone", "theme")
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        assert acting.app.theme == "proxtui-dark"


async def test_a_view_is_saved_shown_completed_and_forgotten() -> None:
    async with stage(two_tenants(), LARGE) as acting:
        live: Any = acting.app.screen
        live.narrow(Scope("acme"))
        await acting.press("i", "b", "slash", *"web", "enter")
        await command(acting, "save busy")
        assert said(acting) == "busy is saved until you quit: :view busy shows it"
        live.narrow(Scope())
        await acting.press("escape", "2")
        assert live.commands.complete("view b") == ["view busy"]
        await command(acting, "view busy")
        assert live.scope == Scope("acme")
        assert acting.app.screen.query_one(FilterBar).filter.text == "web"
        assert (ordered_by(acting), acting.front.group) == (("name", True), "node")
        assert {row.guest.name for row in acting.table.rows.shown} == {"web1"}  # type: ignore[attr-defined]
        await acting.press("left_square_bracket")
        assert live.scope == Scope()
        await command(acting, "forget busy")
        await command(acting, "view busy")
        assert said(acting) == "no view is saved as busy; :save makes one"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("save", "a name is one word"),
        ("save two words", "a name is one word"),
        ("view bussy", "no view is saved as bussy; nearest is busy"),
        ("view gone", "gone is of nowhere / x, which is not configured here"),
        ("view odd", "odd is of a view that is not here"),
        ("view broken", "filter"),
        ("forget nothing", "no view is saved as nothing; there are broken, busy, gone, odd"),
    ],
)
async def test_what_cannot_be_is_said_in_one_line(line: str, answer: str) -> None:
    memory = Memory()
    kept = {
        "busy": {"view": "guests"},
        "gone": {"view": "guests", "scope": ["nowhere", "x"]},
        "odd": {"view": "elsewhere"},
        "broken": {"view": "guests", "filter": "cpu>"},
        "bad name\x1b": {},
    }
    memory.put(kept, "saved")
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await command(acting, line)
        await acting.until(lambda: answer in said(acting))


async def test_the_palette_has_them() -> None:
    memory = Memory()
    memory.put({"view": "nodes", "scope": [], "filter": "", "arrangement": {"group": "status"}}, "saved", "ill")
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await acting.press("ctrl+p", *">saved ill")
        assert isinstance(acting.app.screen, Palette)
        await acting.press("enter")
        assert acting.front.group == "status"


async def test_lines_and_filters_come_back() -> None:
    memory = Memory()
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await command(acting, "nodes")
        await command(acting, "filter token-of-mine")
        await acting.press("1", "slash", *"web", "enter", "slash", *"1", "enter", "escape")
    assert memory.get("commands") == ["nodes"]
    assert memory.get("filters") == ["web", "web1"]
    async with stage(two_tenants(), LARGE, memory=memory) as acting:
        await acting.press("colon", "up")
        assert acting.app.screen.query_one(CommandInput).value == "nodes"
        await acting.press("escape", "slash", "up", "up")
        field: Any = acting.app.screen.query_one("FilterInput")
        assert field.value == "web"
        await acting.press("down", "enter")
        assert acting.table.filter.text == "web1"


async def test_what_is_wrong_with_the_file_is_said_once(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("{", encoding="utf-8")  # noqa: ASYNC240  before anything runs
    async with stage(two_tenants(), LARGE, memory=Memory(file)) as acting:
        await acting.until(lambda: "cannot be used, it is no JSON" in said(acting))
        assert acting.app.memory.news() == ""
