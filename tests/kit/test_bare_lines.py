"""Lines without a frame are painted as Textual paints them, and those with one are left to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from proxtui.kit.bare_lines import BareLines
from tests.kit.fakes import CountingTable, TableApp, many

LOOKS = (
    "",
    "width: 12;",
    "background: red 40%;",
    "border: round red;",
    "padding: 1 2;",
    "outline: solid green;",
    "tint: blue 50%;",
    "hatch: cross green;",
    "opacity: 50%;",
    "text-opacity: 30%;",
)


class Lined(Widget):
    """Tells three lines, the first of them too short and the second too long."""

    def __init__(self, cache: StylesCache) -> None:
        super().__init__()
        self._styles_cache = cache

    def render_line(self, y: int) -> Strip:
        return Strip.blank((3, 30, 20)[y % 3], self.rich_style)


class Twins(App[None]):
    CSS = "Lined { height: 5; width: 20; background: navy; } Screen { layout: vertical; }"

    def __init__(self, look: str) -> None:
        self.CSS += f"Lined {{ {look} }}"
        super().__init__()

    def compose(self) -> ComposeResult:
        yield Lined(BareLines())
        yield Lined(StylesCache())


def painted(app: App[None]) -> Iterator[list[Strip]]:
    for widget in app.query(Lined):
        width, height = widget.region.size
        yield [strip.simplify() for strip in widget.render_lines(Region(0, 0, width, height))]


@pytest.mark.parametrize("look", LOOKS)
async def test_a_line_looks_as_if_textual_had_framed_it(look: str) -> None:
    app = Twins(look)
    async with app.run_test(size=(40, 12)):
        ours, plain = painted(app)
        assert len(ours) == 5
        assert ours == plain


async def test_a_table_is_painted_without_a_look_at_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    framed: list[int] = []

    def render_line(self: StylesCache, styles: object, y: int, *others: object) -> Strip:
        framed.append(y)
        return Strip.blank(1)

    table = CountingTable()
    async with TableApp(table, many(50)).run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(StylesCache, "render_line", render_line)
        table.refresh()
        assert len(table.render_lines(Region(0, 0, *table.region.size))) == table.region.height
        assert framed == []
