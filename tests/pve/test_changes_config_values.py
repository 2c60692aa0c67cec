"""Options of a configuration: one line each, and none that is a change of another kind."""

from __future__ import annotations

import pytest

from proxtui.errors import InvalidInput
from proxtui.pve.params import ConfigParams


@pytest.mark.parametrize("name", ["args", "name", "net0", "smbios1", "hookscript", "sshkeys"])
@pytest.mark.parametrize("value", ["x\nlock: backup", "x\tz", "x\r", "x\u2028y", "x\x00"])
def test_only_notes_have_several_lines(name: str, value: str) -> None:
    with pytest.raises(InvalidInput):
        ConfigParams(set={name: value})


def test_notes_have_several_lines() -> None:
    assert ConfigParams(set={"description": "a\nb\tc"}).form()["description"] == "a\nb\tc"


@pytest.mark.parametrize("name", ["template", "lock", "skiplock", "digest"])
def test_what_is_another_change_is_no_option(name: str) -> None:
    for given in ({"set": {name: "1"}}, {"delete": [name]}):
        with pytest.raises(InvalidInput, match=name):
            ConfigParams(**given)
