"""Guests switched on and off. Each call starts a task; that it was started is not yet success."""

from __future__ import annotations

from proxtui.errors import InvalidInput
from proxtui.pve import params
from proxtui.pve.guest_sending import G, GuestSender
from proxtui.pve.models import ProxmoxContainer, ProxmoxVM
from proxtui.pve.upid import Upid


class _Power(GuestSender[G]):
    async def _shutdown(self, node: str, vmid: int, timeout: int | None, force_stop: bool) -> Upid:  # noqa: ASYNC109
        form = params.ShutdownParams(timeout=timeout, force_stop=force_stop).form(self._type)
        return await self._start("POST", node, vmid, "status", "shutdown", form=form)

    async def _stop(
        self,
        node: str,
        vmid: int,
        force: bool,
        timeout: int | None,  # noqa: ASYNC109
        overrule_shutdown: bool,
    ) -> Upid:
        if not force:
            if overrule_shutdown:
                raise InvalidInput("overrule_shutdown", overrule_shutdown, "only for a hard stop (force)")
            return await self._shutdown(node, vmid, timeout, False)
        form = params.StopParams(timeout=timeout, overrule_shutdown=overrule_shutdown).form(self._type)
        return await self._start("POST", node, vmid, "status", "stop", form=form)

    async def _reboot(self, node: str, vmid: int, timeout: int | None) -> Upid:  # noqa: ASYNC109
        form = params.RebootParams(timeout=timeout).form(self._type)
        return await self._start("POST", node, vmid, "status", "reboot", form=form)


class VMPower(_Power[ProxmoxVM]):
    """Power of VMs; needs VM.PowerMgmt on ``/vms/{vmid}``. Timeouts are seconds; None is PVE's default."""

    async def start_vm(self, node: str, vmid: int) -> Upid:
        """``POST /nodes/{node}/qemu/{vmid}/status/start``. The task of a running or locked VM fails."""
        return await self._start("POST", node, vmid, "status", "start")

    async def shutdown_vm(
        self,
        node: str,
        vmid: int,
        timeout: int | None = None,  # noqa: ASYNC109 - seconds, given to PVE
        force_stop: bool = False,
    ) -> Upid:
        """``POST .../status/shutdown``: asks the guest agent, or presses the power button.

        ``force_stop`` stops it hard when ``timeout`` is over.
        """
        return await self._shutdown(node, vmid, timeout, force_stop)

    async def stop_vm(
        self,
        node: str,
        vmid: int,
        force: bool = False,
        *,
        timeout: int | None = None,  # noqa: ASYNC109
        overrule_shutdown: bool = False,
    ) -> Upid:
        """A graceful shutdown, or with ``force`` the plug pulled: ``POST .../status/stop``.

        ``overrule_shutdown`` ends a shutdown of it that still waits.
        """
        return await self._stop(node, vmid, force, timeout, overrule_shutdown)

    async def restart_vm(self, node: str, vmid: int, timeout: int | None = None) -> Upid:  # noqa: ASYNC109
        """``POST .../status/reboot``: shut down, then started, with pending changes applied."""
        return await self._reboot(node, vmid, timeout)

    async def reset_vm(self, node: str, vmid: int) -> Upid:
        """``POST .../status/reset``: the reset button. The guest notices nothing before."""
        return await self._start("POST", node, vmid, "status", "reset")

    async def suspend_vm(self, node: str, vmid: int) -> Upid:
        """``POST .../status/suspend``: it stands still and keeps its memory; ``status`` is ``paused``."""
        return await self._start("POST", node, vmid, "status", "suspend")

    async def hibernate_vm(self, node: str, vmid: int, statestorage: str | None = None) -> Upid:
        """``POST .../status/suspend`` with ``todisk=1``: its memory is written to a disk, then it stops.

        Needs VM.Config.Disk on ``/vms/{vmid}`` and Datastore.AllocateSpace on the storage too.
        """
        form = params.HibernateParams(statestorage=statestorage).form(self._type)
        return await self._start("POST", node, vmid, "status", "suspend", form={"todisk": True, **form})

    async def resume_vm(self, node: str, vmid: int) -> Upid:
        """``POST .../status/resume``: a suspended VM goes on. A hibernated one is started instead."""
        return await self._start("POST", node, vmid, "status", "resume")

    async def send_key(self, node: str, vmid: int, key: str) -> None:
        """``PUT .../sendkey``: a key pressed, as QEMU names it; needs VM.Console on ``/vms/{vmid}``."""
        await self._change("PUT", node, vmid, "sendkey", form=params.SendKeyParams(key=key).form(self._type))


class ContainerPower(_Power[ProxmoxContainer]):
    """Power of containers; needs VM.PowerMgmt on ``/vms/{vmid}``. Timeouts are seconds; None is PVE's default."""

    async def start_container(self, node: str, vmid: int) -> Upid:
        """``POST /nodes/{node}/lxc/{vmid}/status/start``. The task of a running or locked one fails."""
        return await self._start("POST", node, vmid, "status", "start")

    async def shutdown_container(
        self,
        node: str,
        vmid: int,
        timeout: int | None = None,  # noqa: ASYNC109
        force_stop: bool = False,
    ) -> Upid:
        """``POST .../status/shutdown``; ``force_stop`` stops it hard when ``timeout`` is over."""
        return await self._shutdown(node, vmid, timeout, force_stop)

    async def stop_container(
        self, node: str, vmid: int, force: bool = False, *, overrule_shutdown: bool = False
    ) -> Upid:
        """A graceful shutdown, or with ``force`` all its processes killed: ``POST .../status/stop``."""
        return await self._stop(node, vmid, force, None, overrule_shutdown)

    async def restart_container(self, node: str, vmid: int, timeout: int | None = None) -> Upid:  # noqa: ASYNC109
        """``POST .../status/reboot``: shut down, then started, with pending changes applied."""
        return await self._reboot(node, vmid, timeout)

    async def suspend_container(self, node: str, vmid: int) -> Upid:
        """``POST .../status/suspend``: experimental in PVE, and it needs CRIU on the node."""
        return await self._start("POST", node, vmid, "status", "suspend")

    async def resume_container(self, node: str, vmid: int) -> Upid:
        """``POST .../status/resume``: a suspended one goes on."""
        return await self._start("POST", node, vmid, "status", "resume")
