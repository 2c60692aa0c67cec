"""``:test`` shows the stages as they end, the verdict last; which server it means; closing it ends the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Static

from proxtui.core.model import Scope
from proxtui.features.connectivity.screen import SecondOpinion
from proxtui.kit.command_line import CommandInput, CommandLine

from .fleets import ACME, ZETA, two_tenants
from .opinions import Doctor, config, diagnosis, server
from .screens import LARGE, SMALL, Stage, stage, text_of


@asynccontextmanager
async def clinic(
    monkeypatch: pytest.MonkeyPatch, doctor: Doctor, size: tuple[int, int] = LARGE
) -> AsyncIterator[Stage]:
    """The app over two tenants of one server each, and a doctor in place of the network."""
    both = config(server(ACME.server, "pve1", "pve2"), tenant=ACME.tenant)
    both = type(both)(tenants=(*both.tenants, *config(server(ZETA.server), tenant=ZETA.tenant).tenants))
    monkeypatch.setattr("proxtui.pve.diagnosis.diagnose", doctor)
    async with stage(two_tenants(), size, config=both) as acting:
        yield acting


async def command(acting: Stage, text: str) -> None:
    await acting.press("colon")
    await acting.until(lambda: bool(acting.app.screen.query(CommandInput)))
    acting.app.screen.query_one(CommandInput).put(text)
    await acting.press("enter")


def opinion(acting: Stage) -> SecondOpinion | None:
    return acting.app.screen if isinstance(acting.app.screen, SecondOpinion) else None


async def opened(acting: Stage, text: str) -> SecondOpinion:
    await command(acting, text)
    await acting.until(lambda: opinion(acting) is not None)
    screen = opinion(acting)
    assert screen is not None
    return screen


def told(screen: SecondOpinion) -> str:
    return text_of(screen.table)


def below(screen: SecondOpinion) -> str:
    return str(screen.query_one("#opinion-line", Static).render())


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_stages_appear_as_they_end_and_the_verdict_is_told_whole(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    advice = "Compare the fingerprint with `pvenode cert info` on the node: if it is the same, trust it by that one."
    doctor = Doctor(diagnosis("pve1:8006", "tls", verdict="tls", advice=advice))
    doctor.go_on = asyncio.Semaphore(0)
    async with clinic(monkeypatch, doctor, size) as acting:
        screen = await opened(acting, f"test {ACME.server}")
        await acting.until(lambda: "resolve" in told(screen))
        assert "waiting for an answer" in told(screen)
        doctor.go_on.release()
        await acting.until(lambda: "connect" in told(screen))
        assert "resolve line" in told(screen)
        assert "tls broke" not in told(screen)
        for _ in range(13):
            doctor.go_on.release()
        await acting.until(lambda: len([one for one in told(screen).splitlines() if "verdict" in one]) == 2)
        assert "tls broke" in told(screen)
        await acting.press("g", *["down"] * 7)
        await acting.until(lambda: "verdict tls" in below(screen))
        assert advice in below(screen)


async def test_closing_it_ends_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Doctor()
    doctor.go_on = asyncio.Semaphore(0)
    async with clinic(monkeypatch, doctor) as acting:
        await opened(acting, f"test {ZETA.server}")
        await acting.until(lambda: doctor.asked != [])
        await acting.press("escape")
        await acting.until(lambda: doctor.cancelled == 1)
        assert opinion(acting) is None


async def test_again_is_possible_only_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Doctor()
    doctor.go_on = asyncio.Semaphore(0)
    async with clinic(monkeypatch, doctor) as acting:
        screen = await opened(acting, f"test {ZETA.server}")
        await acting.until(lambda: len(doctor.asked) == 1)
        await acting.press("r")
        assert len(doctor.asked) == 1
        for _ in range(7):
            doctor.go_on.release()
        await acting.until(lambda: "verdict" in told(screen))
        await acting.press("r")
        await acting.until(lambda: len(doctor.asked) == 2)
        assert "verdict" not in told(screen)


async def test_without_a_name_it_is_the_server_in_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Doctor()
    async with clinic(monkeypatch, doctor) as acting:
        acting.app.screen.narrow(Scope(*ZETA))  # type: ignore[attr-defined]
        await opened(acting, "test")
        await acting.until(lambda: [one for one, _ in doctor.asked] == [f"{ZETA.server}:8006"])


async def test_without_a_name_it_is_the_one_in_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Doctor()
    async with clinic(monkeypatch, doctor) as acting:
        from proxtui.errors import NetworkError

        acting.runtime.store.fail(ZETA, NetworkError("down", stage="connect"), next_try_at=None)
        await opened(acting, "test")
        await acting.until(lambda: [one for one, _ in doctor.asked] == [f"{ZETA.server}:8006"])


async def test_without_a_name_and_trouble_it_is_that_under_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Doctor()
    async with clinic(monkeypatch, doctor) as acting:
        await acting.press("1")
        key = acting.table.rows.cursor_key
        await opened(acting, "test")
        meant = {ACME: "pve1:8006", ZETA: f"{ZETA.server}:8006"}[(key.tenant, key.server)]  # type: ignore[union-attr,index]
        await acting.until(lambda: bool(doctor.asked))
        assert doctor.asked[0][0] == meant


async def test_a_name_that_no_server_has_is_said_below(monkeypatch: pytest.MonkeyPatch) -> None:
    async with clinic(monkeypatch, Doctor()) as acting:
        await command(acting, "test nowhere")
        line = acting.app.screen.query_one(CommandLine)
        await acting.until(lambda: any("there is no server" in text_of(one) for one in line.walk_children()))
        assert opinion(acting) is None


async def test_tab_offers_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with clinic(monkeypatch, Doctor()) as acting:
        offered = acting.app.screen.commands.complete("test ")  # type: ignore[attr-defined]
        assert offered == [f"test {'/'.join(ref)}" for ref in (ACME, ZETA)]


async def test_without_anything_to_go_by_it_asks_which(monkeypatch: pytest.MonkeyPatch) -> None:
    async with clinic(monkeypatch, Doctor()) as acting:
        await acting.press("slash", *"nothing-is-called-so", "enter")
        await command(acting, "test")
        line = acting.app.screen.query_one(CommandLine)
        await acting.until(lambda: any("which server?" in text_of(one) for one in line.walk_children()))
