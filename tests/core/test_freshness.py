"""How good our knowledge is, judged by table."""

from __future__ import annotations

import pytest

from proxtui.core.freshness import judge
from proxtui.core.model import SourceState
from proxtui.errors import AuthenticationError, NetworkError, PermissionDenied, ProxtuiError, RateLimitError

LOST = NetworkError("gone", stage="connect")
LOGIN = AuthenticationError("no", status=401)
DENIED = PermissionDenied("no", status=403)
OURS = RateLimitError("no room", stage="send")


@pytest.mark.parametrize(
    ("age", "interval", "failure", "state"),
    [
        (None, 4.0, None, SourceState.WAITING),
        (None, 4.0, LOST, SourceState.DOWN),
        (None, 4.0, LOGIN, SourceState.FORBIDDEN),
        (0.0, 4.0, None, SourceState.FRESH),
        (10.0, 4.0, None, SourceState.FRESH),
        (10.1, 4.0, None, SourceState.STALE),
        (10.1, 30.0, None, SourceState.FRESH),
        (75.1, 30.0, None, SourceState.STALE),
        (0.0, 4.0, LOST, SourceState.STALE),
        (0.0, 4.0, OURS, SourceState.STALE),
        (300.0, 4.0, LOST, SourceState.STALE),
        (300.1, 4.0, LOST, SourceState.DOWN),
        (300.1, 4.0, None, SourceState.DOWN),
        (400.0, 300.0, None, SourceState.FRESH),
        (0.0, 4.0, DENIED, SourceState.FORBIDDEN),
        (999.0, 4.0, LOGIN, SourceState.FORBIDDEN),
        # A clock that was read before the answer came.
        (-1.0, 4.0, None, SourceState.FRESH),
    ],
)
def test_judgement(age: float | None, interval: float, failure: ProxtuiError | None, state: SourceState) -> None:
    taken_at = None if age is None else 1000.0 - age
    assert judge(now=1000.0, taken_at=taken_at, interval=interval, failure=failure) is state
