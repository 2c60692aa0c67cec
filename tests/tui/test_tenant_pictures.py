"""Pictures of the overview over one tenant, and over all, where something is missing; at both sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from proxtui.core.model import Fleet, Scope
from proxtui.errors import NetworkError
from proxtui.kit.live_table import LiveTable
from proxtui.tui.app import ProxtuiApp
from tests.features.fakes import FakeClient, runtime_of
from tests.features.fleets import ACME
from tests.features.test_tenant_board import CONFIG, Recorded, missing, silent

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
Compare = Callable[..., bool]


class Sitter(ProxtuiApp):
    """Gives the picture back that the comparison takes of it."""

    def run(self, *arguments: Any, **settings: Any) -> Any:
        return App.run(self, *arguments, **settings)


def app(fleet: Fleet, *, dead: bool = False) -> ProxtuiApp:
    quiet = FakeClient(**{"/cluster/status": [{"type": "cluster", "name": "b", "quorate": 1}], "/cluster/tasks": []})
    runtime = runtime_of(fleet, clients={ACME: quiet}, config=CONFIG, recording=Recorded(21), read_only=True)
    for snapshot in fleet.snapshots if dead else ():
        error = NetworkError(f"{snapshot.ref.server}:8006: no route to host", stage="connect")
        runtime.store.fail(snapshot.ref, error, next_try_at=runtime.clock.now + 60)
    return Sitter(runtime)  # type: ignore[arg-type]


def over(scope: Scope) -> Callable[[Pilot[None]], Any]:
    async def go(pilot: Pilot[None]) -> None:
        screen: Any = pilot.app.screen
        while not isinstance(pilot.app.focused, LiveTable):
            await pilot.pause(0.02)
        await pilot.press("0")
        screen.narrow(scope)
        await pilot.pause()
        view = screen.front
        while scope.tenant and view.service.recent_connections.get(scope.tenant) is None:
            await pilot.pause(0.02)
        while any(view.service.known([ref])[ref].tasks is None for ref in view._asked):
            await pilot.pause(0.02)
        await pilot.pause()

    return go


SCOPES = pytest.mark.parametrize("scope", [Scope(), Scope("acme")], ids=["all", "tenant"])


@SIZES
@SCOPES
def test_a_server_is_missing(snap_compare: Compare, size: tuple[int, int], scope: Scope) -> None:
    assert snap_compare(app(missing()), terminal_size=size, run_before=over(scope))


@SIZES
@SCOPES
def test_none_is_reachable(snap_compare: Compare, size: tuple[int, int], scope: Scope) -> None:
    assert snap_compare(app(silent(), dead=True), terminal_size=size, run_before=over(scope))


@SIZES
def test_an_empty_tenant(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app(missing()), terminal_size=size, run_before=over(Scope("empty")))
