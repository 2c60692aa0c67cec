"""A tenant's own overview: its numbers on top, live, whatever of it is missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from proxtui.config.models import Config, Role, Tenant, User
from proxtui.core.model import Fleet, Scope, ServerRef, Snapshot, SourceState
from proxtui.core.tenant_stats import TenantStats
from proxtui.errors import NetworkError
from proxtui.features.overview.board import guests_line, servers_line
from proxtui.features.overview.screen import ASK_EVERY
from tests.core.test_tenant_stats import server

from .fleets import ACME, ZETA, fleet, node, snapshot, vm
from .screens import LARGE, SMALL, Stage, stage, text_of

LAB = ServerRef("acme", "lab")
EMPTY = Tenant(slug="empty", name="Empty", colour="#ffaf00")
CONFIG = Config(
    tenants=(
        Tenant(slug="acme", name="Acme", colour="#5fafff", servers=(server("berlin"), server("lab"))),
        Tenant(slug="zeta", name="Zeta", servers=(server("paris"),)),
        EMPTY,
    ),
    users=(User(name="ada", roles={"acme": Role.ADMIN, "empty": Role.VIEWER}),),
)


class Recorded:
    """Every server was called so often."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    async def ask(self, work: Any) -> Any:
        return work(SimpleNamespace(summary=lambda _ref, _hours: SimpleNamespace(attempts=self.calls)))


def missing() -> Fleet:
    """One of two servers never answered."""
    here = (vm(100), vm(101, status="stopped"), vm(9, template=True, status="stopped"))
    return fleet(
        snapshot(ACME, here, (node("pve1"),)), Snapshot(LAB, state=SourceState.WAITING), snapshot(ZETA, (vm(1),))
    )


def silent() -> Fleet:
    return fleet(*(Snapshot(ref, state=SourceState.WAITING) for ref in (ACME, LAB, ZETA)))


def board(acting: Stage) -> list[str]:
    return [" ".join(text_of(line).split()) for line in acting.front.boards if line.display]


async def over(acting: Stage, scope: Scope) -> None:
    await acting.press("0")
    acting.app.screen.narrow(scope)  # type: ignore[attr-defined]
    await acting.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_server_is_missing(size: tuple[int, int]) -> None:
    async with stage(missing(), size, config=CONFIG, recording=Recorded(21)) as acting:
        await over(acting, Scope("acme"))
        await acting.until(lambda: "42" in board(acting)[1])
        assert board(acting) == [
            "Servers 2 Online 1 Offline 0 Not known 1",
            "Guests 2+ Running 1+ Users 1 Calls 24 h 42",
        ]


async def test_nobody_has_answered_yet() -> None:
    async with stage(silent(), config=CONFIG) as acting:
        await over(acting, Scope("acme"))
        assert board(acting) == ["Servers 2 Online – Offline – Not known 2", "Guests – Running – Users 1 Calls 24 h –"]


async def test_none_is_reachable() -> None:
    async with stage(silent(), config=CONFIG) as acting:
        await over(acting, Scope("acme"))
        for ref in (ACME, LAB):
            acting.runtime.store.fail(ref, NetworkError("no route", stage="connect"), next_try_at=None)
        await acting.until(lambda: "Offline 2" in board(acting)[0])
        assert board(acting) == ["Servers 2 Online 0 Offline 2 Not known 0", "Guests – Running – Users 1 Calls 24 h –"]


async def test_an_empty_tenant() -> None:
    async with stage(missing(), config=CONFIG, recording=Recorded(21)) as acting:
        await over(acting, Scope("empty"))
        await acting.until(lambda: board(acting)[1].endswith("24 h 0"))
        assert board(acting) == ["Servers 0 Online 0 Offline 0 Not known 0", "Guests 0 Running 0 Users 1 Calls 24 h 0"]


async def test_only_over_a_tenant_as_a_whole() -> None:
    async with stage(missing(), config=CONFIG) as acting:
        await over(acting, Scope("acme"))
        assert len(board(acting)) == 2
        for scope in (Scope(), Scope(*ACME), Scope("stranger")):
            await over(acting, scope)
            assert board(acting) == []


async def test_it_lives() -> None:
    recorded = Recorded(1)
    async with stage(missing(), config=CONFIG, recording=recorded) as acting:
        await over(acting, Scope("acme"))
        await acting.until(lambda: board(acting)[1].endswith("24 h 2"))
        await acting.put(fleet(snapshot(LAB, (vm(7),), (node("pve1"),))))
        assert board(acting)[0].startswith("Servers 2 Online 2")
        assert board(acting)[1].startswith("Guests 3 Running 2")
        recorded.calls = 5
        acting.runtime.clock.now += ASK_EVERY
        await acting.put(missing())
        await acting.until(lambda: board(acting)[1].endswith("24 h 10"))


async def test_it_wears_the_colour_of_the_tenant() -> None:
    async with stage(missing(), config=CONFIG) as acting:
        seen = {}
        for slug in ("acme", "empty", "zeta"):
            await over(acting, Scope(slug))
            strip = acting.front.boards[0].render_line(0)
            seen[slug] = [
                part.style.color.triplet.hex for part in strip if part.text.strip() in "210" and part.text.strip()
            ]
        assert seen["acme"][0] != seen["zeta"][0]
        assert (seen["acme"][0], seen["empty"][0]) == ("#5fafff", "#ffaf00")


def test_lines_name_what_is_wrong() -> None:
    stats = TenantStats(3, 1, 1, 5, 2, 1, None, unknown_servers=1, unseen_servers=2, may_run_more=True)
    assert [(value, str(tone)) for _, value, tone in servers_line(stats)] == [
        ("3", "plain"),
        ("1", "plain"),
        ("1", "bad"),
        ("1", "warn"),
    ]
    assert [value for _, value, _ in guests_line(stats)] == ["5+", "2+", "1", "–"]
