"""QEMU virtual machines."""

from __future__ import annotations

from proxtui.pve.agent import read_agent
from proxtui.pve.asking import Asker
from proxtui.pve.fields import JSON
from proxtui.pve.guest_agent import VMAgent
from proxtui.pve.guest_changes import VMChanges
from proxtui.pve.guest_lifecycle import VMLifecycle
from proxtui.pve.guest_moves import VMMoves
from proxtui.pve.guest_power import VMPower
from proxtui.pve.guest_snapshots import GuestSnapshots
from proxtui.pve.listing import Listing
from proxtui.pve.models import ProxmoxVM
from proxtui.pve.models_guest import AgentInfo
from proxtui.pve.rrd import RrdSeries


class VMTools(VMPower, VMLifecycle, VMChanges, GuestSnapshots[ProxmoxVM], VMMoves, VMAgent):
    """Reads VMs and changes them. A change gives the ``Upid`` of its task, or None when it is done.

    Arguments are checked before anything is sent (``InvalidInput``).
    """

    def __init__(self, client: Asker) -> None:
        super().__init__(client, ProxmoxVM)

    async def list_vms(self) -> Listing[ProxmoxVM]:
        """All VMs of the cluster that we may see, by one ``GET /cluster/resources``; up to 10 s old.

        ``sources`` has every node: the rows of one that is not online are what it reported last.
        """
        return await self._list()

    async def get_vm_status(self, node: str, vmid: int) -> ProxmoxVM:
        """``GET /nodes/{node}/qemu/{vmid}/status/current``: true now, and the only one that tells ``paused``."""
        return await self._status(node, vmid)

    async def get_vm_config(self, node: str, vmid: int) -> dict[str, JSON]:
        """``GET /nodes/{node}/qemu/{vmid}/config``, keys and values as PVE spells them, pending changes merged."""
        return await self._config(node, vmid)

    async def get_vm_rrd(self, node: str, vmid: int, timeframe: str = "hour", cf: str = "AVERAGE") -> RrdSeries:
        """``GET /nodes/{node}/qemu/{vmid}/rrddata``."""
        return await self._rrd(node, vmid, timeframe, cf)

    async def get_agent_info(self, node: str, vmid: int) -> AgentInfo:
        """``GET .../agent/network-get-interfaces`` and ``.../agent/get-osinfo`` of a VM.

        That there is no agent, or that it does not answer, is a ``state`` and no error. Needs VM.Monitor on
        ``/vms/{vmid}`` on 8.x, VM.GuestAgent.Audit on 9.x. An agent that hangs keeps the node busy for seconds: ask
        few at a time.
        """
        return await read_agent(self._client, self._path(node, vmid, "agent"))
