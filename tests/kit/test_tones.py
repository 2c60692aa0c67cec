"""Tones wear the theme, and put on another one as soon as it changes."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.app import LiveApp
from proxtui.kit.chart import LiveChart
from proxtui.kit.one_line import Notice
from proxtui.kit.tones import tone_styles


class Acting(LiveApp):
    """A line and a chart that both speak in a tone."""

    def compose(self) -> ComposeResult:
        yield Notice()
        yield LiveChart("CPU")


async def test_another_accent_alone_repaints_what_wears_it() -> None:
    app = Acting()
    async with app.run_test(size=(60, 12)) as pilot:
        line, chart = app.query_one(Notice), app.query_one(LiveChart)
        line.say("nearly full", Tone.WARN)
        chart.set_series("CPU", [0.0, 60.0], [0.9, 0.9], unit="%", tone=lambda _value: Tone.WARN)
        await pilot.pause()
        before = painted(line), painted(chart)
        app.register_theme(replace(app.looks.get(app.theme), name="other", warning="#123456"))
        app.theme = "other"
        await pilot.pause()
        await pilot.pause()
        after = painted(line), painted(chart)
        assert "#123456" in after[0]
        assert "#123456" in after[1]
        assert not set(before) & set(after)


async def test_a_tone_stands_on_the_ground_of_its_widget() -> None:
    app = Acting()
    async with app.run_test() as pilot:
        await pilot.pause()
        line = app.query_one(Notice)
        grounds = {style.bgcolor for style in tone_styles(line).values()}
        assert grounds == {line.rich_style.bgcolor}


def painted(widget: Widget) -> str:
    """The colours on the screen."""
    strips = widget.app.screen._compositor.render_strips(widget.app.size)
    region = widget.region
    segments = [piece for y in range(region.y, region.bottom) for piece in strips[y]]
    return " ".join(str(piece.style.color.name) for piece in segments if piece.style and piece.style.color)
