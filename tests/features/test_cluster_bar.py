"""The names of the sections where there is no room for all of them."""

from __future__ import annotations

from proxtui.features.cluster.screen import SectionBar

from .fleets import two_tenants
from .screens import stage, text_of


async def test_a_narrow_bar_shows_the_section_with_its_neighbours() -> None:
    async with stage(two_tenants(), (60, 24)) as acting:
        await acting.press("5")
        bar = acting.app.screen.query_one(SectionBar)
        assert text_of(bar).split()[:3] == ["Nodes", "HA", "Replication"]
        await acting.press(*("right",) * 4)
        for words in ("Backup", "Uncovered", "Snapshots", "5 of 9"):
            assert words in text_of(bar)
