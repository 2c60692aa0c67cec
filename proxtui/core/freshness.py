"""How good our knowledge of a server is: one pure judgement, from when it last answered and how it last failed."""

from __future__ import annotations

from proxtui.core.model import SourceState
from proxtui.errors import AuthenticationError, PermissionDenied, ProxtuiError

LATE_INTERVALS = 2.5
"""Rows older than this many intervals are stale, also while a poll is still waiting for its answer."""
DOWN_AFTER = 300.0
"""Seconds without an answer after which a server is down; PVE itself forgets a silent node after the same time."""


def judge(*, now: float, taken_at: float | None, interval: float, failure: ProxtuiError | None) -> SourceState:
    """The state of a server whose rows were true at ``taken_at``; ``failure`` is its last attempt's, None when well."""
    if isinstance(failure, AuthenticationError | PermissionDenied):
        return SourceState.FORBIDDEN
    if taken_at is None:
        return SourceState.WAITING if failure is None else SourceState.DOWN
    age, late = now - taken_at, LATE_INTERVALS * interval
    if age > max(DOWN_AFTER, late):
        return SourceState.DOWN
    return SourceState.STALE if failure is not None or age > late else SourceState.FRESH
