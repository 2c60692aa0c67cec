"""``--write TIME --reason TEXT``: which lock it opens, what it says where there is none, and what a refusal names."""

from __future__ import annotations

import pytest

from proxtui.core.unlocking import HOW, seconds_of, unlocking
from proxtui.errors import ReadOnlyError, UsageError

from .test_write_lock import EAST, OTHER, WEST, Stage


@pytest.mark.parametrize(("text", "seconds"), [("15m", 900), (" 90s", 90), ("1h", 3600), ("15", None), ("m", None)])
def test_a_time(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(("write", "reason", "said"), [("soon", "why", "such as 15m"), ("15m", " ", "say why")])
def test_what_cannot_be_meant(write: str, reason: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        unlocking(write, reason)


async def test_it_opens_the_servers_that_are_meant() -> None:
    stage = Stage()
    notes: list[str] = []
    await unlocking("15m", "ticket 1").unlock(stage.lock, [EAST, EAST], notes.append)
    assert (stage.lock.locked(EAST), notes) == (None, [])
    assert stage.lock.locked(WEST)
    assert stage.told == [("write.open", "open for 900 s")]
    await stage.lock.aclose()


async def test_where_nothing_is_locked_it_says_that_it_means_nothing() -> None:
    stage = Stage("always")
    notes: list[str] = []
    await unlocking("15m", "ticket 1").unlock(stage.lock, [EAST, OTHER], notes.append)
    assert notes == [
        "--write: opens nothing, write_mode of acme is always",
        "--write: opens nothing, write_mode of other is always",
    ]
    assert stage.told == [], "nothing was opened that somebody would see closing"
    assert stage.lock.remaining(EAST) is None


async def test_where_all_is_read_only_it_is_refused() -> None:
    stage = Stage("always", read_only=True)
    with pytest.raises(ReadOnlyError, match="read-only"):
        await unlocking("15m", "ticket 1").unlock(stage.lock, [EAST], [].append)


async def test_a_refusal_names_what_opens_it_here() -> None:
    stage = Stage()
    assert stage.lock.locked(EAST) == "locked: open it with :write 15m REASON"
    await unlocking(None, "").unlock(stage.lock, [EAST], [].append)
    assert stage.lock.locked(EAST) == f"locked: open it with {HOW}"
