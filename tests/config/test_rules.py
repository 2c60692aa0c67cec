"""What may be changed, said by variables."""

from __future__ import annotations

import pytest

from proxtui.config.environment import from_environment
from proxtui.config.models import Config, Role
from proxtui.errors import UsageError

SERVER = {"PROXMOX_HOST": "pve1", "PROXMOX_USERNAME": "root"}


def config(**said: str) -> Config:
    found = from_environment(SERVER | {f"PROXTUI_{name.upper()}": value for name, value in said.items()})
    assert found is not None
    return found


def test_nothing_said_is_everything_allowed() -> None:
    rules = config().settings
    assert (rules.write_mode, rules.allowed_operations, rules.denied_operations) == ("always", ("*",), ())
    assert not rules.dry_run
    assert config().users[0].roles == {"default": Role.ADMIN}


def test_variables_narrow() -> None:
    said = config(
        role="Viewer", write_mode="timed", dry_run="1",
        allowed_operations="guests.*, tasks.stop", denied_operations="guests.delete",
    )  # fmt: skip
    assert said.users[0].roles == {"default": Role.VIEWER}
    assert (said.settings.write_mode, said.settings.dry_run) == ("timed", True)
    assert said.settings.allowed_operations == ("guests.*", "tasks.stop")
    assert said.settings.denied_operations == ("guests.delete",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("role", "root"),
        ("write_mode", "sometimes"),
        ("dry_run", "maybe"),
        ("allowed_operations", "guests start"),
        ("denied_operations", "a,\x1b[31m"),
    ],
)
def test_an_unclear_word_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"PROXTUI_{name.upper()}") as refused:
        config(**{name: value})
    assert str(refused.value).isprintable()
