"""Consoles: who may open one, what the audit keeps of it, and what ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from proxtui.config.models import Role
from proxtui.core.acting import Acting
from proxtui.core.consoles import ConsoleDesk
from proxtui.core.feature import Feature
from proxtui.core.journal import Phase
from proxtui.core.operation import Kind, Target
from proxtui.errors import AuditUnavailable, ConsoleError, InvalidInput, NetworkError, ReadOnlyError, RoleRefused

from .fakes import settle
from .gating import REF, Stage, config, stage, vm

ROOMS = (Feature(name="consoles", title="Consoles", consoles="proxtui.features.consoles.operations:CONSOLES"),)


def desk_of(here: Stage, *, role: Role = Role.ADMIN, **rules: Any) -> ConsoleDesk:
    """As the stage's own acting makes one, with the room that declares consoles."""
    here.pve.config.endpoint = "a1:8006"
    vars(here.pve).setdefault("timeout", 0)
    acting = Acting(
        config(**rules),
        here.clock,
        here.acting._connections,
        read_only=False,
        features=ROOMS,
        make_journal=lambda: here.journal,
    )
    acting.actor = replace(acting.actor, role=role)
    return acting.consoles


async def test_the_story_of_a_console() -> None:
    async with stage() as here:
        desk = desk_of(here)
        async with desk.open("vnc", vm(), "look at the boot") as session:
            assert here.journal.story == ["intent"], "before anything is sent"
            assert desk.sessions == (session,)
            assert session.client is here.pve
            session.on_bytes(10, 1000)
            session.on_bytes(5, 0)
            await here.clock.advance(2.5)
        assert desk.sessions == ()
        intent, outcome = here.journal.entries
        await desk.aclose()
    assert (intent.event, intent.target_id, intent.reason) == ("console.open", "100", "look at the boot")
    assert (intent.params, intent.endpoint) == ({"use": "vnc"}, "a1:8006")
    assert (outcome.event, outcome.op_id, outcome.result) == ("console.close", intent.op_id, "ok")
    assert dict(outcome.params) == {"use": "vnc", "sent": "15", "received": "1000"}
    assert outcome.duration_ms == 2500


async def test_without_an_audit_there_is_no_console() -> None:
    async with stage() as here:
        here.journal.fails_at = {Phase.INTENT}
        desk = desk_of(here)
        with pytest.raises(AuditUnavailable, match="nothing was sent"):
            async with desk.open("vnc", vm()):
                raise AssertionError
        assert here.pve.asked == []
        assert desk.sessions == ()


@pytest.mark.parametrize(
    ("rules", "kind", "line"),
    [
        ({"write_mode": "never"}, ReadOnlyError, "switched off"),
        ({"write_mode": "timed"}, ReadOnlyError, ":write 15m"),
        ({"denied_operations": ("consoles.vnc",)}, RoleRefused, "among denied_operations"),
        ({"denied_operations": ("consoles.*",)}, RoleRefused, "among denied_operations"),
        ({"allowed_operations": ("consoles.peek",)}, RoleRefused, "not among allowed_operations"),
        ({"denied_operations": ("console.vnc",)}, RoleRefused, "did you mean 'consoles.vnc'"),
    ],
)
async def test_who_may_not(rules: dict[str, Any], kind: type[Exception], line: str) -> None:
    async with stage() as here:
        desk = desk_of(here, **rules)
        with pytest.raises(kind, match=line):
            async with desk.open("vnc", vm()):
                raise AssertionError
    (entry,) = here.journal.entries
    assert (entry.event, entry.phase, entry.result) == ("console.open", "single", "denied")


async def test_a_viewer_by_role_opens_none() -> None:
    async with stage() as here:
        desk = desk_of(here, role=Role.VIEWER)
        for use in ("vnc", "term", "ssh", "spice", "peek", "sendkeys"):
            with pytest.raises(RoleRefused):
                async with desk.open(use, vm()):  # type: ignore[arg-type]
                    raise AssertionError
    assert {entry.result for entry in here.journal.entries} == {"denied"}


async def test_what_is_not_for_a_console() -> None:
    async with stage() as here:
        desk = desk_of(here)
        for target, use in ((Target(REF, Kind.STORAGE, "local"), "vnc"), (Target(REF, Kind.LXC, "200"), "peek")):
            with pytest.raises(InvalidInput):
                async with desk.open(use, target):  # type: ignore[arg-type]
                    raise AssertionError
    assert here.journal.entries == []


async def test_a_lock_that_closes_ends_what_it_allowed() -> None:
    async with stage() as here:
        desk = desk_of(here, write_mode="timed")
        await desk._lock.open(REF, 60, "ticket 7")

        async def hold() -> None:
            async with desk.open("vnc", vm()):
                await asyncio.Event().wait()

        holding = asyncio.create_task(hold())
        await here.clock.advance(58)
        assert desk.sessions
        await here.clock.advance(5)
        with pytest.raises(ConsoleError, match=":write 15m"):
            await holding
        await desk.aclose()
        await desk._lock.aclose()
    found = [entry for entry in here.journal.entries if entry.event.startswith("console.")]
    assert [(one.event, one.reason) for one in found] == [("console.open", "ticket 7"), ("console.close", "ticket 7")]
    assert ":write 15m" in found[-1].message


async def test_the_end_of_the_program_waits_for_the_records() -> None:
    async with stage() as here:
        desk, held = desk_of(here), asyncio.Event()

        async def hold() -> None:
            async with desk.open("term", vm()):
                held.set()
                await asyncio.Event().wait()

        holding = asyncio.create_task(hold())
        await held.wait()
        await desk.aclose()
        assert here.journal.story == ["intent", "outcome ok"]
        with pytest.raises(ConsoleError, match="the program ended"):
            await holding
        with pytest.raises(ReadOnlyError, match="about to end"):
            async with desk.open("term", vm()):
                raise AssertionError


async def test_a_cancelled_console_is_recorded_and_a_broken_one_is_told() -> None:
    async with stage() as here:
        desk, held = desk_of(here), asyncio.Event()

        async def hold() -> None:
            async with desk.open("vnc", vm()):
                held.set()
                await asyncio.Event().wait()

        holding = asyncio.create_task(hold())
        await held.wait()
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        assert here.journal.story == ["intent", "outcome ok"]
        with pytest.raises(NetworkError):
            async with desk.open("vnc", vm()):
                raise NetworkError("no route to a1:8006", stage="connect")
        assert here.journal.entries[-1].result == "failed"
        assert here.journal.entries[-1].message == "no route to a1:8006"
        await desk.aclose()


async def test_one_lock_for_each_guest() -> None:
    async with stage() as here:
        desk = desk_of(here)
        async with desk.open("vnc", vm()) as one, desk.open("peek", vm()) as two, desk.open("vnc", vm(101)) as other:
            assert one.guest_lock is two.guest_lock
            assert other.guest_lock is not one.guest_lock
        await desk.aclose()


async def test_what_a_killed_process_left_is_closed_at_the_next_start() -> None:
    async with stage() as here:
        desk = desk_of(here)
        async with desk.open("vnc", vm()):
            here.journal.left = list(here.journal.entries)
            found = await here.gate.reconcile()
        await desk.aclose()
        await settle()
    assert [(run.state, run.message) for run in found] == [
        ("warnings", "it ended with proxtui, and nobody recorded how")
    ]
    assert here.pve.asked == [], "no task tells of it"


async def test_the_runtime_and_the_rules_know_all_consoles() -> None:
    from proxtui.core.catalogue import Catalogue
    from proxtui.registry import FEATURES

    catalogue = Catalogue(FEATURES)
    assert {"consoles.vnc", "consoles.term", "consoles.ssh", "consoles.spice", "consoles.peek"} <= set(
        catalogue.names()
    )
    assert not set(catalogue.consoles()) & set(catalogue.all()), "the gate runs none of them"
