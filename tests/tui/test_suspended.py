"""ctrl+z: to the shell and back, locked when it took too long, and refused where nobody could bring it back."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App

from proxtui.config.vault import slots
from proxtui.kit import away
from proxtui.tui import lockable
from proxtui.tui.app import ProxtuiApp
from proxtui.tui.locked import Locked
from tests.config.vaults import ANNA
from tests.features.fleets import two_tenants
from tests.tui.test_handover import House

MINUTE = 60.0


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, slots.new_passphrase(ANNA))


@pytest.fixture
def stops(house: House, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the process is stopped, each time; as the kernel does it: the call returns when it goes on."""
    told: list[float] = []

    def stop(_app: App[None]) -> None:
        house.clock.now += told[-1]

    monkeypatch.setattr(App, "action_suspend_process", stop)
    monkeypatch.setattr(lockable, "has_shell", lambda: True)
    return told


@pytest.mark.parametrize(("minutes", "locked"), [(14, False), (16, True)])
async def test_who_comes_back_too_late_finds_it_locked(
    house: House, stops: list[float], minutes: int, locked: bool
) -> None:
    stops.append(minutes * MINUTE)
    async with house.dashboard(two_tenants()) as acting:
        front = acting.front
        await acting.app.action_to_shell()
        # In the very turn in which it goes on: nothing was painted in between.
        assert acting.app.is_locked is locked
        if locked:
            await acting.until(lambda: isinstance(acting.app.screen, Locked))
            acting.app.screen.dismiss(None)
            await acting.until(lambda: not isinstance(acting.app.screen, Locked))
        assert acting.front is front


@pytest.mark.parametrize(("running", "shell", "why"), [(1, True, "1 change runs here"), (0, False, "no shell started")])
async def test_it_is_refused_where_somebody_would_lose_something(
    house: House, stops: list[float], monkeypatch: pytest.MonkeyPatch, running: int, shell: bool, why: str
) -> None:
    stops.append(60 * MINUTE)
    monkeypatch.setattr(lockable, "has_shell", lambda: shell)
    monkeypatch.setattr(ProxtuiApp, "changes_running", running)
    async with house.dashboard(two_tenants()) as acting:
        await acting.press("ctrl+z")
        await acting.until(lambda: any(f"not suspended: {why}" in one.message for one in acting.app._notifications))
        assert house.clock.now == 1000.0


def test_only_a_shell_with_jobs_brings_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = {0: 50, 40: 40}
    monkeypatch.setattr(away.os, "getppid", lambda: 40)
    monkeypatch.setattr(away.os, "getpgrp", lambda: 50)
    monkeypatch.setattr(away.os, "getsid", lambda pid: 40)
    monkeypatch.setattr(away.os, "getpgid", groups.__getitem__)
    assert away.has_shell()
    groups[40] = 50
    assert not away.has_shell()
    groups[40] = 40
    monkeypatch.setattr(away.os, "getsid", lambda pid: {0: 50, 40: 40}[pid])
    assert not away.has_shell()
