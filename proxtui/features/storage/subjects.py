"""What the rows of the storage view stand for: storages, and the volumes on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Operation, Target
from proxtui.features.storage.contents import ContentRow
from proxtui.features.storage.rows import StorageRow
from proxtui.kit.prepared import Prepared, Subject

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import StorageContent

RESTORE = frozenset({"guests.restore"})
"""Of another room, offered for backups here."""


def target_of(row: Any, at: str | None) -> Target | None:
    """A storage, or a volume on one; ``at`` is the node to ask about the storage. None for other rows."""
    if isinstance(row, StorageRow):
        key = row.key
        return Target(ServerRef(key.tenant, key.server), Kind.STORAGE, key.storage, key.storage, row.ask_at or key.node)
    if not isinstance(row, ContentRow):
        return None
    ref, volid = ServerRef(row.place.tenant, row.place.server), row.volume.volid
    return Target(ref, Kind.VOLUME, volid, volid, at or row.place.node)


def subject_of(row: Any, at: str | None) -> Subject | None:
    """The same with what is known of it; a backup can become a guest on the node that has it."""
    target = target_of(row, at)
    if target is None or isinstance(row, StorageRow):
        return None if target is None else Subject(target, row.storage)
    volume: StorageContent = row.volume
    if volume.content != "backup":
        return Subject(target, volume)
    node = Target(target.ref, Kind.NODE, target.node, target.node, target.node)
    return Subject(target, volume, also={node: RESTORE}, given={"archive": target.id})


class StorageSubjects:
    """For a view over storages, with the content of the one under its cursor."""

    runtime: Runtime
    row: Any

    def volumes_in_sight(self) -> Sequence[Any]:
        """The rows of the content."""
        return ()

    def targets_of(self, row: Any) -> Target | None:
        """The storage, or the volume."""
        return target_of(row, self.row.ask_at if self.row is not None else None)

    def thing_of(self, row: Any) -> Any:
        """What is known of it."""
        return row.volume if isinstance(row, ContentRow) else row.storage if isinstance(row, StorageRow) else None

    def subject_of(self, row: Any) -> Subject | None:
        """Both, and what a backup can become."""
        return subject_of(row, self.row.ask_at if self.row is not None else None)

    async def prepare(self, operation: Operation, targets: Sequence[Target]) -> Prepared | None:
        """For the operations of this room."""
        from proxtui.features.storage.preparing import prepared

        volumes = {row.key: row.volume for row in self.volumes_in_sight() if isinstance(row, ContentRow)}
        return prepared(self.runtime, operation, targets, volumes)
