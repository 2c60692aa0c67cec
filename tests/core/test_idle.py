"""When nobody has been there for too long; time is what the test says it is."""

from __future__ import annotations

from proxtui.core.idle import Idle


class Held:
    now = 100.0

    def boottime(self) -> float:
        return self.now


def test_it_is_over_after_its_time_and_a_late_key_does_not_undo_that() -> None:
    clock = Held()
    idle = Idle(clock, 60.0)  # type: ignore[arg-type]
    clock.now += 59
    assert (idle.is_over, idle.left) == (False, 1.0)
    idle.touched()
    clock.now += 59
    assert not idle.is_over
    clock.now += 1
    assert idle.is_over
    idle.touched()
    assert idle.is_over
    idle.begin()
    assert (idle.is_over, idle.left) == (False, 60.0)


def test_without_a_time_it_is_never_over() -> None:
    clock = Held()
    idle = Idle(clock, 0.0)  # type: ignore[arg-type]
    clock.now += 1e6
    assert not idle.is_over
