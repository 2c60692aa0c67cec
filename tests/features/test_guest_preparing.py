"""What the forms of changes to a guest's configuration begin with, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.operation import Risk
from proxtui.errors import InvalidInput
from proxtui.features.guests.operations_config import CONFIG
from proxtui.features.guests.params import GuestConfigParams
from proxtui.features.guests.preparing_config import WAYS, editable
from proxtui.pve.params import DeleteDiskParams

DISKS = {"scsi0": "tank:vm-100-disk-0,size=32G", "unused0": "tank:vm-100-disk-1", "unused3": "tank:vm-100-disk-4"}


class Look:
    """Knows one configuration."""

    def __init__(self, **config: Any) -> None:
        self._found = config

    async def config(self) -> dict[str, Any]:
        return {"digest": "ab12", **self._found}


def test_a_line_taken_away_destroys_no_disk() -> None:
    assert editable(DISKS) == {"scsi0": DISKS["scsi0"]}


def test_options_do_not_destroy_a_disk_and_name_what_does() -> None:
    with pytest.raises(InvalidInput, match="guests delete-disk"):
        GuestConfigParams(delete=["cores", "unused12"])
    assert GuestConfigParams(delete=["scsi1"]).delete == ["scsi1"], "it is detached"


def test_to_destroy_a_disk_the_name_is_typed() -> None:
    (one,) = (one for one in CONFIG if one.name == "guests.delete-disk")
    assert (one.risk, one.audited) == (Risk.DESTROYS, {"disk", "digest"})


async def test_only_unused_disks_are_suggested_with_the_digest_they_were_seen_with() -> None:
    found = await WAYS["delete-disk"](Look(**DISKS), {})  # type: ignore[arg-type]
    assert (found.initial, found.fixed) == ({"disk": "unused0"}, {"digest": "ab12"})
    assert found.suggestions == {"disk": ["unused0", "unused3"]}
    assert found.notes == ("unused: unused0 tank:vm-100-disk-1", "unused: unused3 tank:vm-100-disk-4")
    assert found.look is not None
    assert await found.look(DeleteDiskParams(disk="unused3")) == ("goes: unused3 tank:vm-100-disk-4",)
    assert (await WAYS["delete-disk"](Look(scsi0="tank:a"), {})).refusal == "it has no unused disk"  # type: ignore[arg-type]
