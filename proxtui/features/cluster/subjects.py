"""What the rows of the cluster view stand for, and what is known before somebody is asked how to change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from proxtui.core.model import Fleet, GuestKey, NodeKey
from proxtui.core.operation import GUESTS, Kind, Operation, Target
from proxtui.features.cluster.records import Record
from proxtui.features.cluster.service import HaItem
from proxtui.kit.prepared import Prepared, Subject
from proxtui.pve.models_cluster import Pool
from proxtui.pve.models_guest import GuestSnapshot

if TYPE_CHECKING:
    from proxtui.features.cluster.board import Board

_OF_A_SNAPSHOT = frozenset({"guests.rollback", "guests.delete-snapshot", "guests.edit-snapshot"})
"""Of another room, offered for snapshots here."""


def target_of(record: Record[Any], fleet: Fleet) -> Target | None:
    """The pool, the guest or the node that a row is about; None when it is about none, or a guest that is gone."""
    if isinstance(record.item, Pool):
        return Target(record.ref, Kind.POOL, record.item.poolid, record.item.poolid)
    key = record.target
    if isinstance(key, NodeKey):
        return Target(record.ref, Kind.NODE, key.node, key.node, key.node)
    if not isinstance(key, GuestKey):
        return None
    snapshot = fleet.snapshot(record.ref)
    guest = snapshot.guests.get(key) if snapshot is not None else None
    return None if guest is None else Target(record.ref, Kind(key.kind), str(key.vmid), guest.name or "", guest.node)


def subject_of(record: Record[Any], fleet: Fleet) -> Subject | None:
    """The same with what is known of it; of a snapshot only what can be done to snapshots."""
    target = target_of(record, fleet)
    if target is None or isinstance(record.item, Pool):
        return None if target is None else Subject(target, record)
    if isinstance(record.item, GuestSnapshot):
        name = record.item.name
        return Subject(target, None, f"snapshot {name} of {target.label}", _OF_A_SNAPSHOT, given={"snapname": name})
    return Subject(target)


def prepared(operation: Operation, target: Target, record: Record[Any], fleet: Fleet) -> Prepared | None:
    """``record`` is the row under the cursor; None when it says nothing about this operation."""
    item = record.item
    if isinstance(item, Pool) and operation.name == "cluster.pool-update":
        return Prepared({"comment": item.comment or ""})
    if target.kind not in GUESTS:
        return None
    if operation.name in ("cluster.ha-migrate", "cluster.ha-relocate"):
        return Prepared(suggestions={"target": _others(target, fleet)})
    if isinstance(item, HaItem) and item.resource is not None and operation.name == "cluster.ha-update":
        return Prepared({"state": item.resource.state or "started"})
    return None


def _others(target: Target, fleet: Fleet) -> list[str]:
    snapshot = fleet.snapshot(target.ref)
    nodes = snapshot.nodes.values() if snapshot is not None else ()
    return sorted(node.node for node in nodes if node.status == "online" and node.node != target.node)


class ClusterSubjects:
    """For a view over the sections of this room."""

    board: Board

    def targets_of(self, row: Any) -> Target | None:
        """The pool, the guest or the node."""
        return target_of(row, self.board.fleet) if isinstance(row, Record) else None

    def thing_of(self, row: Any) -> Any:
        """Of a pool its row, which knows its guests; of all others what the store knows."""
        return row if isinstance(row, Record) and isinstance(row.item, Pool) else None

    def subject_of(self, row: Any) -> Subject | None:
        """Both, and what a snapshot tells itself."""
        return subject_of(row, self.board.fleet) if isinstance(row, Record) else None

    async def prepare(self, operation: Operation, targets: Sequence[Target]) -> Prepared | None:
        """What the row under the cursor says about an operation of this room."""
        row = cast(Any, self).table.cursor_row
        one = len(targets) == 1 and isinstance(row, Record)
        return prepared(operation, targets[0], row, self.board.fleet) if one else None
