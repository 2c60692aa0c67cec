"""``:write``: what it opens, and what it says where there is nothing to open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from proxtui.core.model import Scope
from proxtui.errors import UsageError
from proxtui.kit.write_badge import obey_write
from tests.core.test_write_lock import EAST, OTHER, Stage


class Runtime:
    """A lock over two tenants."""

    gate = None

    def __init__(self, mode: str) -> None:
        self.stage = Stage(mode)
        self.write_lock = self.stage.lock
        self.store = SimpleNamespace(
            fleet=lambda: SimpleNamespace(snapshots=[SimpleNamespace(ref=EAST), SimpleNamespace(ref=OTHER)])
        )


async def test_it_opens_what_is_in_scope() -> None:
    runtime: Any = Runtime("timed")
    assert await obey_write(runtime, Scope("acme", "east"), "15m ticket 1") == "acme/east can be changed for 15m"
    assert runtime.write_lock.locked(EAST) is None
    with pytest.raises(UsageError, match=":write 15m REASON"):
        await obey_write(runtime, Scope("acme"), "soon")
    with pytest.raises(UsageError, match="choose a tenant"):
        await obey_write(runtime, Scope(), "15m why")
    await runtime.write_lock.aclose()


async def test_where_nothing_is_locked_it_opens_nothing() -> None:
    runtime: Any = Runtime("always")
    said = await obey_write(runtime, Scope("acme", "east"), "15m ticket 1")
    assert said == "nothing to open: write_mode is always"
    assert (runtime.stage.told, runtime.write_lock.remaining(EAST)) == ([], None)
