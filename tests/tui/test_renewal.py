"""A dashboard follows its configuration: opened anew where somebody was, never over what is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events

from proxtui.config.keyed import keyed
from proxtui.config.secret import Secret
from proxtui.config.vault.edits import Delete, Put
from proxtui.config.vault.opened import OpenVault
from proxtui.core.actor import read_actor
from proxtui.core.registrar import Registrar
from proxtui.kit.one_line import Notice
from proxtui.kit.setup_menu import Lines
from proxtui.kit.setup_view import closed_line, show_lines
from proxtui.kit.theme import Looks, theme_files
from proxtui.tui.app import ProxtuiApp
from proxtui.tui.configured import Configured
from proxtui.tui.renewal import DEEDS
from tests.config.vaults import ROOT_KEY, WALL_KEY, fill, new_vault, opened, seat_in
from tests.core.gating import MemoryJournal
from tests.features.fakes import runtime_of
from tests.features.fleets import two_tenants
from tests.features.screens import SMALL, Stage

COLOUR = Put(("tenants", "acme", "colour"), "#112233")


@asynccontextmanager
async def dashboard(vault: OpenVault, **more: Any) -> AsyncIterator[Stage]:
    registrar = Registrar(vault, MemoryJournal(), read_actor({}, opened_by="anna"), {}, now=lambda: 1_000.0)
    runtime = runtime_of(two_tenants(), config=keyed(vault, {}), registrar=registrar)
    app = ProxtuiApp(runtime, configured=Configured(runtime.config, vault), **more)  # type: ignore[arg-type]
    async with app.run_test(size=SMALL) as pilot:
        acting = Stage(app, pilot, runtime)
        await acting.until(lambda: acting.front is not None and app.renewal._unsubscribe is not None)
        yield acting


async def test_a_change_here_ends_it_to_be_opened_anew_at_the_same_place(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    async with dashboard(vault) as acting:
        await acting.press("2")
        await acting.runtime.registrar.save("tenants.update", [COLOUR], tenant="acme")
        await acting.until(lambda: acting.app.return_code is not None)
    app = acting.app
    assert app.return_code == 0
    assert app.renewal.take()
    assert app.configured.config.tenants[0].colour == "#112233"
    assert app.configured.place is not None
    assert app.configured.place.view == "nodes"


async def test_a_change_of_another_process_is_seen(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    async with dashboard(vault) as acting:
        opened(seat_in(tmp_path), ROOT_KEY).save(COLOUR)
        acting.app.renewal._look()
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()


async def test_an_open_dialog_is_not_taken_from_anybody(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    async with dashboard(vault) as acting:
        dialog = Lines("open", ["a line"])
        await acting.app.push_screen(dialog)
        await acting.runtime.registrar.save("tenants.update", [COLOUR], tenant="acme")
        await acting.pilot.pause(0.5)
        assert acting.app.return_code is None
        dialog.leave()
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()


async def test_no_key_that_was_pressed_is_lost_by_it(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    async with dashboard(vault) as acting:
        acting.app.post_message(events.Key("2", "2"))
        for _ in range(100):
            if acting.app.is_typing:
                break
            await asyncio.sleep(0)
        acting.app.renewal._new = acting.runtime.config
        assert not acting.app.renewal._reopened()
        await acting.until(acting.app.renewal._reopened)
        assert acting.app.screen.front_feature.name == "nodes"  # type: ignore[attr-defined]


async def test_what_comes_of_a_change_is_told_before_it_is_opened_anew(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    async with dashboard(vault) as acting:

        async def change() -> None:
            await acting.runtime.registrar.save("tenants.update", [COLOUR], tenant="acme")
            await asyncio.sleep(0)
            await show_lines(acting.app, "to rotate", ["acme / prod: root@pam!watch"])

        acting.app.run_worker(change(), group=DEEDS)
        await acting.until(lambda: isinstance(acting.app.screen, Lines))
        await acting.pilot.pause(0.5)
        assert acting.app.return_code is None
        acting.app.screen.give(None)
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()


TROUBLE = "config.toml has changed and cannot be used: "


def trouble(acting: Stage) -> str:
    return acting.app.screen.query_one("#trouble", Notice).text


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (Put(("settings", "theme"), "proxtui-drak"), "settings.theme: there is no theme proxtui-drak; nearest is"),
        (Put(("settings", "wall_views"), ["gests"]), "settings.wall_views: there is no view gests; there are guests"),
        (Put(("settings", "keys"), {"puase": "f9"}), "settings.keys: there is no action puase; nearest is pause"),
    ],
)
async def test_over_a_broken_file_it_goes_on_and_says_so_until_the_file_is_right(
    tmp_path: Path, edit: Put, line: str
) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    other = opened(seat_in(tmp_path), ROOT_KEY)
    async with dashboard(vault) as acting:
        other.save(edit, COLOUR)
        acting.app.renewal._look()
        await acting.until(lambda: trouble(acting).startswith(TROUBLE + line))
        assert acting.app.return_code is None
        assert acting.app.configured.config.tenants[0].colour != "#112233"
        other.save(Delete(edit.path))
        acting.app.renewal._look()
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()
    assert acting.app.configured.config.tenants[0].colour == "#112233"


async def test_the_line_goes_when_the_file_is_again_what_it_was(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    path = seat_in(tmp_path).path
    right = path.read_bytes()
    async with dashboard(vault) as acting:
        path.write_bytes(right[:-100])
        acting.app.renewal._look()
        await acting.until(lambda: "config.toml has changed and cannot be read" in trouble(acting))
        path.write_bytes(right)
        acting.app.renewal._look()
        await acting.until(lambda: not trouble(acting))
        assert acting.app.return_code is None


async def test_a_theme_whose_file_went_away_ends_no_dashboard_at_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    mine = tmp_path / "xdg" / "proxtui" / "themes" / "mine.toml"
    mine.parent.mkdir(parents=True)
    usual = next(path for path in theme_files() if path.stem == "proxtui-ice").read_text(encoding="utf-8")
    mine.write_text(usual.replace('"proxtui-ice"', '"mine"'), encoding="utf-8")
    vault = fill(new_vault(seat_in(tmp_path)))
    vault.save(Put(("settings", "theme"), "mine"))
    async with dashboard(vault, looks=Looks.gather(mine.parent)) as acting:
        mine.unlink()
        await acting.runtime.registrar.save("tenants.update", [COLOUR], tenant="acme")
        await acting.until(lambda: trouble(acting).startswith(TROUBLE + "settings.theme: there is no theme mine"))
        assert acting.app.return_code is None
        await acting.runtime.registrar.save("settings.change", [Delete(("settings", "theme"))])
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()


async def test_a_key_that_was_taken_away_ends_the_dashboard(tmp_path: Path) -> None:
    first = fill(new_vault(seat_in(tmp_path)))
    first.add_slot("wall", WALL_KEY, every="admin")
    mine = opened(seat_in(tmp_path), WALL_KEY)
    async with dashboard(mine) as acting:
        first.remove_slot("wall")
        acting.app.renewal._look()
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.return_code == 3
    assert acting.app.renewal.failure is not None
    assert not acting.app.renewal.take()


def test_a_password_that_was_typed_is_not_asked_for_again(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    login: Any = {"username": "root", "realm": "pam"}
    vault.save(Put(("tenants", "acme", "servers", "prod", "credentials"), login))
    typed = keyed(vault, {}).with_password(("acme", "prod"), "a password")
    configured = Configured(typed, vault)
    assert configured.renewed(keyed(vault, {})) is None
    vault.save(COLOUR)
    new = configured.renewed(keyed(vault, {}))
    assert new is not None
    assert new.servers()[0][1].credentials.password == Secret("a password")


def test_closed_tenants_are_counted(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    vault.add_slot("wall", WALL_KEY, tenants={"acme": "monitor"})
    assert closed_line(vault) == ""
    assert closed_line(opened(seat_in(tmp_path), WALL_KEY)) == "1 tenant is closed to your key"
