"""Settings of the installation: shown as they count by the file, changed in one save, reset."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from proxtui.config.models import Settings
from proxtui.errors import InvalidInput, UsageError
from proxtui.features.settings.models import SettingsChange
from proxtui.features.settings.rows import COLUMNS, rows_of
from proxtui.features.settings.service import change, is_said, reset, shown

from .registrars import Desk


def test_every_setting_can_be_changed() -> None:
    # Keys have a list of their own; the address of the database holds a password, and is named before anything is read.
    apart = {"keys", "database_url"}
    assert {field.name for field in fields(Settings)} - set(SettingsChange.model_fields) == apart


async def test_change_and_reset(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert shown(desk.registrar)["interval"] == 4.0
    assert is_said(desk.registrar) == frozenset()
    values = await change(desk.registrar, SettingsChange(interval="5", denied_operations=["guests.delete"], ascii=True))
    assert (values["interval"], values["denied_operations"], values["ascii"]) == (5.0, ["guests.delete"], True)
    assert is_said(desk.registrar) == {"interval", "denied_operations", "ascii"}
    await change(desk.registrar, SettingsChange(interval=5))
    await reset(desk.registrar, "interval", "theme")
    assert shown(desk.registrar)["interval"] == 4.0
    await change(desk.registrar, SettingsChange(), keys={"pause": "f9"})
    assert desk.registrar.config.settings.keys == {"pause": "f9"}
    assert desk.done == ["settings.change"] * 3


@pytest.mark.parametrize(
    "wrong",
    [{"interval": 0.5}, {"interval": "soon"}, {"write_mode": "maybe"}, {"wall_seconds": 1}, {"read_only": "perhaps"}],
)
def test_wrong_input_is_told_at_its_field(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        SettingsChange(**wrong)
    assert caught.value.field == next(iter(wrong))


async def test_what_only_the_file_knows_to_be_wrong_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="denied_operations"):
        await change(Desk(tmp_path).registrar, SettingsChange(denied_operations=["Guests!"]))


def test_rows_say_where_a_value_comes_from() -> None:
    rows = rows_of(
        {"interval": 4.0, "read_only": True, "keys": {"a": "b"}}, frozenset({"read_only"}), {"interval": "x"}
    )
    assert [[column.text(row) for column in COLUMNS] for row in rows] == [
        ["interval", "4", "default", "x"],
        ["read_only", "yes", "file", ""],
        ["keys", "a=b", "default", ""],
    ]
    assert [row.muted for row in rows] == [True, False, True]
    assert rows_of({"database_url": None}, frozenset(), {})[0].text == ""
    assert rows[1].field("status") == "set"
