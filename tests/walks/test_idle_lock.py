"""A dashboard that nobody touches covers itself; what is pressed after a long sleep is nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxtui.config.keyed import keyed
from proxtui.config.vault import slots, unlocking
from proxtui.config.vault.edits import Put
from proxtui.config.vault.opened import OpenVault
from proxtui.core.model import ServerRef
from proxtui.tui.configured import Configured
from proxtui.tui.locked import Locked
from proxtui.wiring import open_runtime
from tests.config.vaults import ANNA, CHEAP, fill, seat_in

from .world import ProxtuiApp


class Clock:
    """Only the time since boot moves, and only by hand."""

    boot = 1_000.0

    def boottime(self) -> float:
        return self.boot

    def monotonic(self) -> float:
        return 1_000.0

    def time(self) -> float:
        return 1_795_348_800.0

    async def sleep(self, _seconds: float) -> None:
        import asyncio

        await asyncio.Event().wait()


@pytest.fixture
def vault(tmp_path: Path) -> OpenVault:
    return fill(unlocking.create(seat_in(tmp_path), "anna", slots.new_passphrase(ANNA), cost=CHEAP), "acme")


@pytest.mark.parametrize(("minutes", "is_locked"), [(15, True), (0, False)])
async def test_after_the_time_the_screen_is_covered(vault: OpenVault, minutes: int, is_locked: bool) -> None:
    vault.save(Put(("settings", "lock_idle_minutes"), minutes))
    config, clock = keyed(vault, {}), Clock()
    nowhere = {ServerRef("acme", "prod"): Silent()}
    async with open_runtime(config, clock=clock, transports=nowhere) as runtime:
        app = ProxtuiApp(runtime, configured=Configured(config, vault))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("2")
            clock.boot += 15 * 60 - 1
            await pilot.press("1")
            assert not app.is_locked
            clock.boot += 15 * 60
            await pilot.press("q")
            await pilot.pause()
            assert app.is_locked is is_locked
            assert isinstance(app.screen, Locked) is is_locked


class Silent:
    """Never answers."""

    async def handle_async_request(self, _request: object) -> object:
        import asyncio

        await asyncio.Event().wait()
        raise AssertionError

    async def aclose(self) -> None:
        """Nothing is open."""
