"""LXC containers."""

from __future__ import annotations

from proxtui.pve.asking import Asker
from proxtui.pve.fields import JSON
from proxtui.pve.guest_changes import ContainerChanges
from proxtui.pve.guest_lifecycle import ContainerLifecycle
from proxtui.pve.guest_moves import ContainerMoves
from proxtui.pve.guest_power import ContainerPower
from proxtui.pve.guest_readers import interface_of
from proxtui.pve.guest_snapshots import GuestSnapshots
from proxtui.pve.listing import Listing, read_listing
from proxtui.pve.models import ProxmoxContainer
from proxtui.pve.models_guest import GuestInterface
from proxtui.pve.rrd import RrdSeries


class ContainerTools(
    ContainerPower, ContainerLifecycle, ContainerChanges, GuestSnapshots[ProxmoxContainer], ContainerMoves
):
    """Reads containers and changes them. A change gives the ``Upid`` of its task, or None when it is done.

    Arguments are checked before anything is sent (``InvalidInput``).
    """

    def __init__(self, client: Asker) -> None:
        super().__init__(client, ProxmoxContainer)

    async def list_containers(self) -> Listing[ProxmoxContainer]:
        """All containers of the cluster that we may see, by one ``GET /cluster/resources``; up to 10 s old.

        ``sources`` has every node: the rows of one that is not online are what it reported last.
        """
        return await self._list()

    async def get_container_status(self, node: str, vmid: int) -> ProxmoxContainer:
        """``GET /nodes/{node}/lxc/{vmid}/status/current``: true now."""
        return await self._status(node, vmid)

    async def get_container_config(self, node: str, vmid: int) -> dict[str, JSON]:
        """``GET /nodes/{node}/lxc/{vmid}/config``, keys and values as PVE spells them, pending changes merged."""
        return await self._config(node, vmid)

    async def get_container_rrd(self, node: str, vmid: int, timeframe: str = "hour", cf: str = "AVERAGE") -> RrdSeries:
        """``GET /nodes/{node}/lxc/{vmid}/rrddata``."""
        return await self._rrd(node, vmid, timeframe, cf)

    async def get_interfaces(self, node: str, vmid: int) -> Listing[GuestInterface]:
        """``GET /nodes/{node}/lxc/{vmid}/interfaces``, by name; needs VM.Audit on ``/vms/{vmid}``.

        Empty for a container that does not run. ``guest_readers.reachable`` gives the addresses worth showing.
        """
        where = self._path(node, vmid, "interfaces")
        # Null is what PVE says of a container that does not run.
        return read_listing(await self._client.get(where) or [], where, interface_of, lambda interface: interface.name)
