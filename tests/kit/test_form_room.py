"""A form that has more fields than the terminal has lines: they scroll, and what stands below them keeps its place."""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from proxtui.kit.prepared import Prepared

from .test_form import BOTH, FormApp

MANY: Any = {f"field_{number}": (str, "") for number in range(30)}
LONG = create_model("Long", **MANY)


@BOTH
async def test_a_long_form_keeps_its_help_and_its_keys_in_view(size: tuple[int, int]) -> None:
    app = FormApp(Prepared(notes=("local disks go along",)), LONG)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        frame = app.form.query_one(".dialog").region
        app.form.say("one more line")
        for lines in ("one", "two"):
            await pilot.pause()
            keys = app.form.query_one(".dialog-keys").region
            told = app.form.query_one("#told").region
            assert keys.height == 1, lines
            assert frame.contains_region(keys)
            assert frame.contains_region(told)
            assert app.line("field_0").field.region.height == 1
            assert app.form.query_one("#fields").region.bottom <= told.y
            app.form.query_one("#notes").display = False
