"""A dashboard that is opened anew goes on where the one before was left, as far as that is still there and allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from proxtui.config.keyed import keyed
from proxtui.config.vault import slots
from proxtui.config.vault.edits import Delete, Put, add_server, add_tenant
from proxtui.config.vault.opened import OpenVault
from proxtui.core.actor import read_actor
from proxtui.core.handover import unchanged
from proxtui.core.memory import Memory
from proxtui.core.model import GuestKey, Scope
from proxtui.core.registrar import Registrar
from proxtui.errors import NetworkError
from proxtui.kit.command_line import CommandLine
from proxtui.kit.filter_bar import FilterBar
from proxtui.tui.app import ProxtuiApp
from proxtui.tui.configured import Configured
from proxtui.tui.locked import Locked
from tests.config.vaults import ANNA, PIN, ROOT_KEY, new_vault, seat_in
from tests.core.gating import MemoryJournal
from tests.features.fakes import FakeClock, runtime_of
from tests.features.fleets import ACME, ZETA, fleet, two_tenants
from tests.features.screens import LARGE, Stage

WEB, DNS, SHOP = GuestKey(*ACME, "qemu", 100), GuestKey(*ACME, "lxc", 200), GuestKey(*ZETA, "qemu", 100)
COLOUR = Put(("tenants", "acme", "colour"), "#112233")
MOVED = Put(("tenants", "zeta", "servers", "paris", "endpoints"), [{"host": "pve9"}])
TOKEN = {"token_id": "root@pam!full", "token_secret": "full-secret-0001"}
TRUST = {"mode": "fingerprint", "fingerprints": [PIN]}


class House:
    """One program: dashboards one after the other over one vault."""

    def __init__(self, folder: Path, material: slots.Material = ROOT_KEY, **more: Any) -> None:
        self.vault: OpenVault = new_vault(seat_in(folder), material)
        for slug, name in (ACME, ZETA):
            self.vault.save(
                add_tenant(slug, slug.title()), add_server(slug, name, ["pve1"], trust=TRUST, credentials=TOKEN)
            )
        self.configured = Configured(keyed(self.vault, {}), self.vault)
        self.memory, self.clock, self.more = Memory(), FakeClock(), more

    @asynccontextmanager
    async def dashboard(self, world: Any = None) -> AsyncIterator[Stage]:
        """``world`` is what the servers answered so far; a dashboard that follows another one starts with nothing."""
        registrar = Registrar(self.vault, MemoryJournal(), read_actor({}, opened_by="anna"), {}, now=lambda: 1_000.0)
        config = self.configured.config
        runtime: Any = runtime_of(world or fleet(), config=config, registrar=registrar)
        runtime.clock = runtime.store._clock = self.clock
        for place, _ in config.active_servers():
            runtime.store.register(_ref(place))
        if (left := self.configured.left) is not None:
            runtime.store.take_over(left.store, unchanged(left.config, config))
        app = ProxtuiApp(runtime, configured=self.configured, memory=self.memory, **self.more)
        async with app.run_test(size=LARGE) as pilot:
            acting = Stage(app, pilot, runtime)
            await acting.until(
                lambda: (
                    acting.front is not None and app.renewal._unsubscribe is not None and self.configured.left is None
                )
            )
            await acting.pilot.pause()
            yield acting

    async def changed(self, acting: Stage, *edits: Any) -> None:
        """Another process saves this; the dashboard ends to be opened anew."""
        await acting.runtime.registrar.save("tenants.update", list(edits))
        await acting.until(lambda: acting.app.return_code is not None)
        assert acting.app.renewal.take()


def _ref(place: Any) -> Any:
    return type(ACME)(*place)


async def test_rows_marks_cursor_filter_panes_folds_history_and_toasts_come_back(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.dashboard(two_tenants()) as acting:
        screen: Any = acting.app.screen
        acting.runtime.store.fail(ZETA, NetworkError("gone", stage="connect", endpoint="pve1"), next_try_at=None)
        for name in ("storage", "nodes", "guests"):
            await screen.bring(name)
        acting.table.move_to(WEB)
        acting.guests.action_mark()
        acting.table.move_to(SHOP)
        acting.guests.action_mark()
        acting.guests.action_toggle_detail()
        acting.guests.action_section(1)
        acting.table.move_to(DNS)
        screen.query_one(FilterBar).put("type:lxc")
        await acting.pilot.pause()
        acting.tree.folds.add(ACME)
        await (await screen.command_line()).obey("storage")
        await screen.bring("guests")
        acting.app.notify("web1 was started", timeout=30)
        screen.say("nothing here")
        await acting.until(lambda: bool(screen._line.display))
        screen.action_pause()
        at = acting.guests.at
        assert at
        await house.changed(acting, COLOUR)
    house.clock.now += 3
    async with house.dashboard() as acting:
        screen = acting.app.screen
        guests = acting.guests
        assert acting.front is guests
        known = acting.runtime.store.snapshot(ACME)
        assert (known.taken_at, len(known.guests)) == (1000.0, 3)
        assert acting.runtime.store.snapshot(ZETA).error == "gone"
        assert guests.marks == {WEB, SHOP}
        assert acting.table.rows.cursor_key == DNS
        assert screen.query_one(FilterBar).filter.text == "type:lxc"
        assert guests.split.is_open
        assert guests.at == at
        assert ACME in acting.tree.folds
        assert [one.message for one in acting.app._notifications] == ["web1 was started"]
        await acting.until(lambda: bool(screen.query(CommandLine)) and screen._line.said == "nothing here")
        assert acting.runtime.poller.paused
        assert house.memory.lines("commands") == ["storage"]
        seen = []
        for _ in range(3):
            await screen.action_go_back()
            seen.append(screen.front_feature.name)
        assert seen == ["storage", "guests", "nodes"]
        await screen.action_go_on()
        assert screen.front_feature.name == "guests"


async def test_of_a_server_that_is_another_one_now_nothing_is_left(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.dashboard(two_tenants()) as acting:
        screen: Any = acting.app.screen
        acting.table.move_to(WEB)
        acting.guests.action_mark()
        acting.table.move_to(SHOP)
        acting.guests.action_mark()
        acting.table.move_to(SHOP)
        await screen.bring("nodes")
        await house.changed(acting, MOVED)
    async with house.dashboard() as acting:
        assert not acting.runtime.store.snapshot(ZETA).guests
        # Another machine stands there, and has a VM 100 too: it is not marked, nor under the cursor.
        acting.runtime.put(two_tenants())
        await acting.app.screen.bring("guests")  # type: ignore[attr-defined]
        assert acting.guests.marks == {WEB}
        assert acting.table.rows.cursor_key != SHOP


async def test_a_tenant_that_is_gone_or_closed_is_in_no_history(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.dashboard(two_tenants()) as acting:
        screen: Any = acting.app.screen
        screen.narrow(Scope("zeta", "paris"))
        await screen.bring("nodes")
        await screen.bring("guests")
        await house.changed(acting, Delete(("tenants", "zeta")))
    async with house.dashboard() as acting:
        screen = acting.app.screen
        assert screen.scope == Scope()
        assert [one.ref for one in acting.runtime.store.fleet().snapshots] == [ACME]
        places = [*screen.places._before, *screen.places._after]
        assert places
        assert {place.scope for place in places} == {Scope()}


async def test_what_somebody_types_is_not_taken_from_them(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.dashboard(two_tenants()) as acting:
        await acting.press("colon", *"over")
        await acting.runtime.registrar.save("tenants.update", [COLOUR], tenant="acme")
        assert not acting.app.renewal._reopened()
        assert acting.app.return_code is None
        await acting.press("escape")
        await acting.until(lambda: acting.app.return_code is not None)


async def test_below_the_lock_screen_nothing_is_opened_anew(tmp_path: Path) -> None:
    house = House(tmp_path, slots.new_passphrase(ANNA))
    async with house.dashboard(two_tenants()) as acting:
        await acting.app.action_lock()
        await acting.until(lambda: isinstance(acting.app.screen, Locked))
        await acting.runtime.registrar.save("tenants.update", [COLOUR], tenant="acme")
        assert not acting.app.renewal._reopened()
        assert house.configured.left is None
        acting.app.screen.dismiss(None)
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()


async def test_to_be_opened_anew_is_nobodys_key(tmp_path: Path) -> None:
    house = House(tmp_path, slots.new_passphrase(ANNA))
    async with house.dashboard(two_tenants()) as acting:
        await acting.press("down")
        house.clock.now += 14 * 60
        await house.changed(acting, COLOUR)
    async with house.dashboard() as acting:
        assert not acting.app.is_locked
        house.clock.now += 60
        await acting.app._idle._look()
        await acting.until(lambda: isinstance(acting.app.screen, Locked))


async def test_the_wall_goes_on_with_the_view_that_it_showed(tmp_path: Path) -> None:
    house = House(tmp_path, wall=True)
    async with house.dashboard(two_tenants()) as acting:
        screen: Any = acting.app.screen
        await screen.turn()
        await screen.turn()
        shown = screen.front_feature.name
        assert shown != next(iter(screen.features))
        await house.changed(acting, COLOUR)
    async with house.dashboard() as acting:
        screen = acting.app.screen
        assert screen.front_feature.name == shown
        assert len(acting.runtime.store.snapshot(ACME).guests) == 3
