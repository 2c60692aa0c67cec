"""What the header says of servers that are not fresh."""

from __future__ import annotations

from msgspec.structs import replace

from proxtui.core.model import Scope, SourceState
from proxtui.kit.header_bar import freshness
from tests.features.fleets import ACME, ZETA, fleet, snapshot


def test_the_age_is_that_of_the_oldest() -> None:
    world = fleet(snapshot(ACME), snapshot(ZETA))
    young, old = (
        replace(one, state=SourceState.STALE, taken_at=world.now - age)
        for one, age in zip(world.snapshots, (20.0, 50.0), strict=True)
    )
    text, _ = freshness(replace(world, snapshots=(young, old)), Scope())
    assert text.endswith("stale 50s")
