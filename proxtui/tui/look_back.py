"""What became of changes whose process died under them: looked up once there is something to see, and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proxtui.core.model import SourceState
from proxtui.errors import AuditUnavailable

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.kit.app import LiveApp

RED_FOR = 60.0
"""Seconds for which it is said that nothing can be changed."""


class LookBack:
    """One look for each start. It waits for the first answer of every server: reading comes before everything else."""

    def __init__(self, app: LiveApp, runtime: Runtime) -> None:
        self._app, self._runtime = app, runtime
        self._unsubscribe: Callable[[], None] | None = runtime.store.subscribe(lambda _delta: self._heard())

    def close(self) -> None:
        """Wait no more."""
        unsubscribe, self._unsubscribe = self._unsubscribe, None
        if unsubscribe is not None:
            unsubscribe()

    def _heard(self) -> None:
        known = self._runtime.store.fleet().snapshots
        if self._unsubscribe is not None and all(one.state is not SourceState.WAITING for one in known):
            self.close()
            # The table first: the audit takes the time of several polls to load.
            self._app.call_after_refresh(self._start)

    def _start(self) -> None:
        self._app.run_worker(self._look(), name="look back", group="changes")

    async def _look(self) -> None:
        # Who listens is there before the first run is told of.
        self._app.changing(self._runtime)
        try:
            found = await self._runtime.gate.reconcile()
        except AuditUnavailable as error:
            text = f"changes are refused: {error}"
            self._app.notify(text, severity="error", markup=False, timeout=RED_FOR)
            return
        unknown = sum(run.state.value == "unknown" for run in found)
        if unknown:
            count = f"{unknown} change{'' if unknown == 1 else 's'} with unknown result"
            text = f"{count} of an earlier session: R lists {'it' if unknown == 1 else 'them'}"
            self._app.notify(text, severity="warning", markup=False, timeout=RED_FOR)
