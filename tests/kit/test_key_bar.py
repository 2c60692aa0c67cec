"""Which keys the line at the bottom shows first, and which it leaves out."""

from __future__ import annotations

from proxtui.kit.key_bar import KeyBar, KeyHint, fitting
from proxtui.registry import FEATURES
from tests.features.fleets import two_tenants
from tests.features.screens import SMALL, Stage, stage, text_of

HINTS = [
    KeyHint("enter", "enter", "Open", keep=True),
    KeyHint("slash", "/", "Filter", keep=True),
    KeyHint("q", "q", "Quit", keep=True),
    KeyHint("d", "d", "Detail"),
    *(KeyHint(str(at), str(at), f"View{at}", is_view=True) for at in range(4)),
    KeyHint("i", "i", "Invert order"),
    KeyHint("question_mark", "?", "Help", is_help=True),
]


def shown(width: int) -> str:
    return "  ".join(f"{hint.shown_key} {hint.text}" for hint in fitting(HINTS, width))


def footer(acting: Stage) -> str:
    return text_of(acting.app.screen.query_one(KeyBar))


def test_views_become_one_before_anything_is_left_out() -> None:
    assert shown(200).endswith("0 View0  1 View1  2 View2  3 View3  i Invert order  ? Help")
    assert shown(70) == "enter Open  / Filter  q Quit  d Detail  0-3 Views  ? more"


def test_the_way_out_and_the_filter_are_left_out_last() -> None:
    assert shown(50) == "enter Open  / Filter  q Quit  0-3 Views  ? more"
    assert shown(20) == "enter Open  ? more"


async def test_a_narrow_screen_tells_filter_quit_and_help() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("1")
        assert footer(acting).startswith(" enter Open  / Filter  q Quit  c Console  space Mark")
        assert footer(acting).endswith("? more")
        keys = sorted(feature.key for feature in FEATURES if feature.key.isdigit())
        assert f"{keys[0]}-{keys[-1]} Views" in footer(acting)


async def test_the_keys_of_the_open_pane_come_first() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("1", "enter")
        line = footer(acting)
        assert line.startswith(" esc Close  z Zoom  . Next section")
        # Enter opens what is open already: it is not offered.
        assert "enter" not in line
        for words in ("/ Filter", "q Quit", "? more"):
            assert words in line
        assert "Time span" not in line
        await acting.press(*"......")
        assert acting.front.section.spans
        assert "w Time span" in footer(acting)
        await acting.press("escape")
        assert footer(acting).startswith(" enter Open")


async def test_escape_is_called_what_it_does() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("1", "slash")
        assert "esc Clear filter" in footer(acting)
        await acting.press(*"web", "enter", "enter", "space")
        assert "esc Unmark" in footer(acting)
        await acting.press("escape")
        assert "esc Close" in footer(acting)
        await acting.press("escape")
        assert "esc Clear filter" in footer(acting)
        await acting.press("escape")
        assert "esc" not in footer(acting)


async def test_under_a_dialog_no_key_is_offered_that_it_would_take() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("1")
        bar = acting.app.screen.query_one(KeyBar)
        assert "q Quit" in text_of(bar)
        await acting.press("question_mark")
        assert acting.app.screen is not bar.screen
        assert not text_of(bar).strip()
        await acting.press("escape")
        assert "q Quit" in text_of(bar)


async def test_read_only_offers_no_console_and_says_why_when_asked() -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("1")
        assert "c Console" in footer(acting)
        acting.runtime.read_only = True
        acting.app.screen.query_one(KeyBar).repaint()
        assert "c Console" not in footer(acting)
        await acting.press("c")
        await acting.until(lambda: any("read-only" in toast.message for toast in acting.app._notifications))
