"""The lock screen covers everything, hears nothing but the passphrase, and ends the program after three wrong ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.widgets import Input

from proxtui.config.vault.opened import OpenVault
from proxtui.config.vault.slots import passphrase
from proxtui.core.actor import read_actor
from proxtui.core.journal import Phase
from proxtui.core.registrar import Registrar
from proxtui.features.servers.models import NewServer
from proxtui.kit.form import ParamsForm
from proxtui.kit.setup_menu import Lines
from proxtui.tui.app import ProxtuiApp
from proxtui.tui.configured import Configured
from proxtui.tui.locked import KEYFILE, NO_KEY, WRONG_CODE, Locked, refusal
from tests.config.vaults import ANNA, new_vault, seat_in
from tests.core.gating import MemoryJournal
from tests.features.fakes import runtime_of
from tests.features.fleets import two_tenants
from tests.features.screens import SMALL, Stage


@asynccontextmanager
async def locked(vault: OpenVault, registrar: Registrar | None = None) -> AsyncIterator[Stage]:
    runtime = runtime_of(two_tenants(), registrar=registrar)
    app = ProxtuiApp(runtime, configured=Configured(runtime.config, vault))  # type: ignore[arg-type]
    async with app.run_test(size=SMALL) as pilot:
        acting = Stage(app, pilot, runtime)
        await acting.until(lambda: acting.front is not None)
        await acting.press("ctrl+l")
        await acting.until(lambda: isinstance(app.screen, Locked))
        yield acting


def vault_in(folder: Path) -> OpenVault:
    return new_vault(seat_in(folder), passphrase(ANNA))


def picture(acting: Stage) -> str:
    return acting.app.export_screenshot()


async def type_in(acting: Stage, text: str) -> None:
    acting.app.screen.query_one(Input).value = text
    await acting.press("enter")


async def test_nothing_of_the_fleet_can_be_seen_and_no_key_does_anything(tmp_path: Path) -> None:
    async with locked(vault_in(tmp_path)) as acting:
        await acting.pilot.pause(0.1)
        seen = picture(acting)
        assert "locked" in seen
        assert not any(word in seen for word in ("acme", "guests", "fresh"))
        await acting.press("2", "escape", "colon", "ctrl+p", "m")
        assert isinstance(acting.app.screen, Locked)


async def test_the_passphrase_opens_it_where_one_was(tmp_path: Path) -> None:
    async with locked(vault_in(tmp_path)) as acting:
        await type_in(acting, ANNA)
        await acting.until(lambda: not isinstance(acting.app.screen, Locked))
        assert not acting.app.is_locked
        await acting.press("ctrl+l")
        await acting.until(lambda: isinstance(acting.app.screen, Locked))


async def test_three_wrong_ones_end_the_program(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("proxtui.tui.locked.PAUSES", (0.0, 0.0))
    async with locked(vault_in(tmp_path)) as acting:
        for left in ("2 more tries", "1 more try"):
            await type_in(acting, "wrong horse battery")
            screen = acting.app.screen
            await acting.until(lambda left=left, screen=screen: left in screen._notice.text)  # type: ignore[misc]
            await acting.until(lambda screen=screen: not screen.query_one(Input).disabled)  # type: ignore[misc]
        await type_in(acting, "wrong horse battery")
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.return_code == WRONG_CODE


async def test_what_asks_or_tells_meanwhile_waits_below_the_lock(tmp_path: Path) -> None:
    async with locked(vault_in(tmp_path)) as acting:
        late = Lines("a secret question", ["about acme"])
        await acting.app.push_screen(late)
        acting.app.notify("acme has ended")
        await acting.pilot.pause(0.1)
        assert isinstance(acting.app.screen, Locked)
        assert "acme" not in picture(acting)
        await type_in(acting, ANNA)
        await acting.until(lambda: acting.app.screen is late)


async def test_a_form_that_is_open_is_covered_and_still_there_afterwards(tmp_path: Path) -> None:
    runtime = runtime_of(two_tenants())
    app = ProxtuiApp(runtime, configured=Configured(runtime.config, vault_in(tmp_path)))  # type: ignore[arg-type]
    async with app.run_test(size=SMALL) as pilot:
        acting = Stage(app, pilot, runtime)
        await acting.until(lambda: acting.front is not None)
        form = ParamsForm("add a server", NewServer)
        await app.push_screen(form)
        await acting.press("l", "a", "b", "ctrl+l")
        await acting.until(lambda: isinstance(app.screen, Locked))
        assert "add a server" not in picture(acting)
        await acting.press("ctrl+l")
        await type_in(acting, ANNA)
        await acting.until(lambda: app.screen is form)
        assert "lab" in form.texts.values()


async def test_the_audit_hears_of_the_lock_and_of_each_try(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("proxtui.tui.locked.PAUSES", (0.0, 0.0))
    vault = vault_in(tmp_path)
    journal = MemoryJournal()
    registrar = Registrar(vault, journal, read_actor({}, opened_by=vault.slot.label), {})
    told = [("locked", "ok"), ("unlock.failed", "failed"), ("unlock.ok", "ok")]
    async with locked(vault, registrar) as acting:
        app = acting.app
        await acting.until(lambda: len(journal.entries) == 1)
        await type_in(acting, "wrong horse battery")
        await acting.until(lambda: len(journal.entries) == 2)
        await acting.until(lambda: not app.screen.query_one(Input).disabled)
        await type_in(acting, ANNA)
        await acting.until(lambda: not isinstance(app.screen, Locked))
    assert [(one.event, one.result) for one in journal.entries] == told
    assert all(one.actor.user == vault.slot.label and one.phase is Phase.SINGLE for one in journal.entries)
    assert ANNA not in repr(journal.entries)
    assert "wrong horse" not in repr(journal.entries)


def test_without_a_passphrase_there_is_no_lock(tmp_path: Path) -> None:
    assert refusal(None) == NO_KEY
    assert refusal(new_vault(seat_in(tmp_path))) == KEYFILE
    assert refusal(vault_in(tmp_path / "other")) is None


async def test_open_consoles_end_before_the_lock_covers_the_screen(tmp_path: Path, monkeypatch: Any) -> None:
    told: list[str] = []

    class Lock:
        async def close(self, *, why: str) -> None:
            told.append(why)

    class Consoles:
        def end_all(self, why: str) -> None:
            told.append(why)

    monkeypatch.setattr("proxtui.tui.lockable.lock_of", lambda _runtime: Lock())
    monkeypatch.setattr("tests.features.fakes.FakeRuntime.consoles", Consoles(), raising=False)
    async with locked(vault_in(tmp_path)):
        assert told == ["the screen was locked", "lock screen"]
