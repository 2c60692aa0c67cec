"""What the header says of servers that are not fresh."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from proxtui.core.model import Scope, SourceState
from proxtui.core.rows import Tone
from proxtui.kit.app import LiveApp
from proxtui.kit.header_bar import HeaderBar, Headline, freshness
from tests.features.fleets import ACME, ZETA, fleet, snapshot


def test_the_age_is_that_of_the_oldest() -> None:
    world = fleet(snapshot(ACME), snapshot(ZETA))
    young, old = (
        replace(one, state=SourceState.STALE, taken_at=world.now - age)
        for one, age in zip(world.snapshots, (20.0, 50.0), strict=True)
    )
    text, _ = freshness(replace(world, snapshots=(young, old)), Scope())
    assert text.endswith("stale 50s")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, " fleet ▸ Overview  at least 60 guests         ✗ 1 of 4 down"),
        (52, " fleet ▸ Overview  at least 60 guests ✗ 1 of 4 down"),
        (51, " fleet ▸ Overview  at least 60 gues… ✗ 1 of 4 down"),
        (26, " fleet ▸ O… ✗ 1 of 4 down"),
    ],
)
async def test_what_is_cut_does_not_run_into_the_freshness(width: int, shown: str) -> None:
    bar = HeaderBar()
    app = LiveApp()
    async with app.run_test(size=(width, 5)) as pilot:
        await app.screen.mount(bar)
        bar.tell(Headline(("fleet", "Overview"), "at least 60 guests", (), ("✗ 1 of 4 down", Tone.BAD)))
        await pilot.pause()
        assert bar.render_line(0).text.rstrip() == shown
