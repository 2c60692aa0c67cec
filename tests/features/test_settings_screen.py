"""``:settings``: one form over all of them, and who may not is told."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from proxtui.core.complaints import complaints
from proxtui.kit.command_line import CommandInput
from proxtui.registry import FEATURES

from .setups import Setup, setup


async def command(one: Setup, text: str) -> None:
    await one.acting.press("colon")
    await one.acting.until(lambda: bool(one.app.screen.query(CommandInput)))
    one.app.screen.query_one(CommandInput).put(text)
    await one.acting.press("enter")


async def test_a_setting_is_changed_and_a_wrong_one_told_at_its_field(tmp_path: Path) -> None:
    async with setup(tmp_path, "8") as one:
        await command(one, "settings")
        form = await one.fill(interval="0")
        await one.acting.until(lambda: bool(one.problems(form).get("interval")))
        await one.fill(interval="9")
        await one.until_said("changed: interval")
    assert one.registrar.config.settings.interval == 9.0


async def test_what_only_a_room_knows_to_be_wrong_stands_at_the_form_and_is_not_saved(tmp_path: Path) -> None:
    async with setup(tmp_path, "8", judge=partial(complaints, FEATURES)) as one:
        await command(one, "settings")
        form = await one.fill(theme="proxtui-drak")
        await one.acting.until(lambda: "there is no theme proxtui-drak; nearest is" in form._notice.text)
        await one.fill(theme="proxtui-ice")
        await one.until_said("changed: theme")
    assert one.registrar.config.settings.theme == "proxtui-ice"


async def test_without_the_right_the_form_does_not_open(tmp_path: Path) -> None:
    async with setup(tmp_path, "8", environ={"PROXTUI_ROLE": "viewer"}) as one:
        screen = one.app.screen
        await command(one, "settings")
        assert one.app.screen is screen
