"""Snapshots made, edited, rolled back to and deleted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxtui.pve.params.base import Params, Prose
from proxtui.pve.params.words import Blank, SnapshotName


class SnapshotParams(Params):
    """A new snapshot: ``POST .../snapshot``."""

    snapname: SnapshotName = Field(title="Name", description="A letter, then letters, digits, - and _; 40 at most.")
    description: Annotated[Prose | None, Blank] = Field(None, title="Notes", description="Why it was made.")
    vmstate: bool = Field(
        False,
        title="With memory",
        description="Keep the memory of a running VM too.",
        json_schema_extra={"kind": "qemu"},
    )


class RollbackParams(Params):
    """Back to a snapshot; what came after it is lost: ``POST .../snapshot/{snapname}/rollback``."""

    snapname: SnapshotName = Field(title="Snapshot", description="Where it goes back to.", exclude=True)
    start: bool = Field(False, title="Start", description="Start the guest afterwards.")


class SnapshotEditParams(Params):
    """New notes for a snapshot: ``PUT .../snapshot/{snapname}/config``."""

    snapname: SnapshotName = Field(title="Snapshot", description="Whose notes change.", exclude=True)
    description: Prose = Field("", title="Notes", description="Why it was made.")


class SnapshotDeleteParams(Params):
    """A snapshot merged away: ``DELETE .../snapshot/{snapname}``."""

    snapname: SnapshotName = Field(title="Snapshot", description="Which one goes.", exclude=True)
    force: bool = Field(False, title="Force", description="Forget it even when the disks' snapshots cannot be removed.")
