"""When nobody touches the keys, and when somebody does again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proxtui.kit.rest import AFTER, Rest


class FakeTimer:
    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds, self.call, self.resets = seconds, call, 0

    def reset(self) -> None:
        self.resets += 1


class FakeApp:
    def __init__(self) -> None:
        self.timers: list[FakeTimer] = []

    def set_timer(self, seconds: float, call: Callable[[], None]) -> FakeTimer:
        self.timers.append(FakeTimer(seconds, call))
        return self.timers[-1]


class FakePoller:
    resting = False

    def rest(self, resting: bool) -> None:
        self.resting = resting


def test_the_poller_rests_after_a_while_and_goes_on_at_the_first_touch() -> None:
    app, poller = FakeApp(), FakePoller()
    rest: Any = Rest(app, poller)  # type: ignore[arg-type]
    rest.touched()
    assert not app.timers, "nothing counts before the app is there"
    rest.wait()
    rest.touched()
    assert (app.timers[0].seconds, app.timers[0].resets) == (AFTER, 1)
    app.timers[0].call()
    assert poller.resting
    rest.touched()
    assert not poller.resting
    assert len(app.timers) == 2, "it counts anew"
