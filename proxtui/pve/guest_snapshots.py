"""Snapshots of guests: made, edited, rolled back to, deleted. ``list_snapshots`` reads them."""

from __future__ import annotations

from proxtui.pve import params
from proxtui.pve.guest_sending import G, GuestSender
from proxtui.pve.upid import Upid


class GuestSnapshots(GuestSender[G]):
    """Needs VM.Snapshot on ``/vms/{vmid}``; for going back VM.Snapshot.Rollback is enough."""

    async def create_snapshot(
        self, node: str, vmid: int, snapname: str, description: str | None = None, vmstate: bool = False
    ) -> Upid:
        """``POST .../snapshot``; ``vmstate`` keeps the memory of a running VM too.

        Where the storage cannot make one, it is the task that fails.
        """
        given = params.SnapshotParams(snapname=snapname, description=description, vmstate=vmstate)
        return await self._start("POST", node, vmid, "snapshot", form=given.form(self._type))

    async def rollback_snapshot(self, node: str, vmid: int, snapname: str, start: bool = False) -> Upid:
        """``POST .../snapshot/{snapname}/rollback``: what came after it is lost. A running guest is stopped."""
        given = params.RollbackParams(snapname=snapname, start=start)
        return await self._start("POST", node, vmid, "snapshot", snapname, "rollback", form=given.form(self._type))

    async def delete_snapshot(self, node: str, vmid: int, snapname: str, force: bool = False) -> Upid:
        """``DELETE .../snapshot/{snapname}``; ``force`` forgets it even when its disks cannot be removed."""
        given = params.SnapshotDeleteParams(snapname=snapname, force=force)
        return await self._start("DELETE", node, vmid, "snapshot", snapname, form=given.form(self._type))

    async def update_snapshot(self, node: str, vmid: int, snapname: str, description: str) -> None:
        """``PUT .../snapshot/{snapname}/config``: new notes, done at once."""
        given = params.SnapshotEditParams(snapname=snapname, description=description)
        await self._change("PUT", node, vmid, "snapshot", snapname, "config", form=given.form(self._type))
