"""What can be changed about a node: its services, its power, all of its guests at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from proxtui.errors import UnexpectedAnswer
from proxtui.pve import params
from proxtui.pve.asking import Asker
from proxtui.pve.paths import path
from proxtui.pve.sending import changer, start_task
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator


class NodeChanges:
    """The changes of ``NodeTools``. Timeouts are seconds, given to PVE."""

    _client: Asker

    async def start_service(self, node: str, service: str) -> Upid:
        """``POST /nodes/{node}/services/{service}/start``; needs Sys.Modify on ``/nodes/{node}``, as the other three.

        ``service`` is its name in ``get_node_services``.
        """
        return await self._service(node, service, "start")

    async def stop_service(self, node: str, service: str) -> Upid:
        """``POST .../stop``. PVE refuses to stop pvedaemon and pveproxy, which would have to answer."""
        return await self._service(node, service, "stop")

    async def restart_service(self, node: str, service: str) -> Upid:
        """``POST .../restart``."""
        return await self._service(node, service, "restart")

    async def reload_service(self, node: str, service: str) -> Upid:
        """``POST .../reload``: it reads its configuration anew; one that cannot is restarted."""
        return await self._service(node, service, "reload")

    async def reboot_node(self, node: str) -> None:
        """``POST /nodes/{node}/status``: its guests are shut down first. Needs Sys.PowerMgmt on ``/nodes/{node}``.

        There is no task: whether it happened shows when the node is gone.
        """
        await self._power(node, "reboot")

    async def shutdown_node(self, node: str) -> None:
        """The same, and it stays off."""
        await self._power(node, "shutdown")

    async def wake_node(self, node: str) -> str:
        """``POST /nodes/{node}/wakeonlan``: the hardware address that the packet went to.

        Whether the node wakes is not told. Needs Sys.PowerMgmt on ``/nodes/{node}``, an address in its options, and
        another node of the cluster to send from.
        """
        where = _path(node, "wakeonlan")
        address = await changer(self._client).post(where)
        if not isinstance(address, str):
            raise UnexpectedAnswer("the answer is no hardware address", status=200, method="POST", path=where)
        return address

    async def start_all(self, node: str, vms: Sequence[int] | None = None, force: bool = False) -> Upid:
        """``POST /nodes/{node}/startall``: the guests that start at boot, in their order; of ``vms`` only.

        ``force`` starts those too that do not start at boot. Needs VM.PowerMgmt on ``/vms/{vmid}`` of each, on ``/``
        for all of them.
        """
        form = params.BulkStartParams(vms=_listed(vms), force=force).form()
        return await start_task(self._client, "POST", _path(node, "startall"), form)

    async def stop_all(
        self,
        node: str,
        vms: Sequence[int] | None = None,
        force_stop: bool = True,
        timeout: int | None = None,  # noqa: ASYNC109 - seconds, given to PVE
    ) -> Upid:
        """``POST /nodes/{node}/stopall``: every guest that runs is shut down; of ``vms`` only. Rights as ``start_all``.

        One that still runs after ``timeout`` (180) is stopped hard; with ``force_stop=False`` it is let run.
        """
        form = params.BulkStopParams(vms=_listed(vms), force_stop=force_stop, timeout=timeout).form()
        return await start_task(self._client, "POST", _path(node, "stopall"), form)

    async def suspend_all(self, node: str, vms: Sequence[int] | None = None) -> Upid:
        """``POST /nodes/{node}/suspendall``: VMs hibernate, their memory on disk. Rights as ``start_all``.

        Also VM.Config.Disk on each and Datastore.AllocateSpace where the memory goes.
        """
        return await start_task(
            self._client, "POST", _path(node, "suspendall"), params.BulkSuspendParams(vms=_listed(vms)).form()
        )

    async def migrate_all(
        self,
        node: str,
        target: str,
        vms: Sequence[int] | None = None,
        with_local_disks: bool = False,
        max_workers: int | None = None,
    ) -> Upid:
        """``POST /nodes/{node}/migrateall``: all guests, or ``vms``, to ``target``; needs VM.Migrate on each.

        PVE refuses when neither ``max_workers`` nor the datacenter's options say how many at once.
        """
        wanted = params.BulkMigrateParams(
            target=target, vms=_listed(vms), with_local_disks=with_local_disks, max_workers=max_workers
        )
        return await start_task(self._client, "POST", _path(node, "migrateall"), wanted.form())

    async def _service(self, node: str, service: str, verb: str) -> Upid:
        where = _path(node, "services", InputValidator.check_service(service), verb)
        return await start_task(self._client, "POST", where)

    async def _power(self, node: str, command: Literal["reboot", "shutdown"]) -> None:
        await changer(self._client).post(_path(node, "status"), {"command": command})


def _listed(vms: Sequence[int] | None) -> list[int] | None:
    return None if vms is None else list(vms)


def _path(node: str, *rest: str) -> str:
    return path("nodes", InputValidator.check_node_name(node), *rest)
