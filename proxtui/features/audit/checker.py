"""Checks the audit for its view: in a thread, and once more a row that says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from proxtui.errors import ProxtuiError
from proxtui.features.audit.places import AuditFiles

if TYPE_CHECKING:
    from textual.widget import Widget
    from textual.worker import Worker

    from proxtui.features.audit.verifying import Verdict


class Checker:
    """Belongs to ``view``, which owns the work; ``told`` is called once there is a verdict."""

    def __init__(self, view: Widget, files: AuditFiles, told: Callable[[], None], vault: Sequence[bytes] = ()) -> None:
        self._view = view
        self._files = files
        self._vault = vault
        self._told = told
        self._is_wanted = True
        self.verdict: Verdict | None = None

    @property
    def trouble(self) -> str:
        """What was found that is not as it was written; empty when nothing was, or nobody asked."""
        return "" if self.verdict is None or self.verdict.whole else self.verdict.summary

    def start(self) -> None:
        """Check every row."""
        self._view.notify("every row is checked …", markup=False)
        _worker: Worker[None] = self._view.run_worker(self._check, name="verify", group="verify", exclusive=True)

    def stop(self) -> None:
        """Nobody wants to know any more."""
        # A thread cannot be cancelled: it asks.
        self._is_wanted = False

    async def _check(self) -> None:
        from proxtui.features.audit.checking import check, note

        try:
            verdict = await asyncio.to_thread(check, self._files, (), lambda: self._is_wanted, vault=self._vault)
        except ProxtuiError as error:
            self._view.notify(str(error), severity="error", markup=False)
            return
        if verdict.broken_off:
            return
        self.verdict = verdict
        said = verdict.summary
        lost = await asyncio.to_thread(
            note, self._files, "audit.verify", message=said, whole=verdict.whole, vault=self._vault
        )
        if lost:
            said += f"; that it was checked is not in the audit: {lost}"
        self._view.notify(said, severity="information" if verdict.whole else "error", markup=False)
        self._told()
