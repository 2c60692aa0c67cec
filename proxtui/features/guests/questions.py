"""The questions of the slow sweep to one guest, and the pace at which they are put."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.core.asking import reason
from proxtui.core.learned import Inside
from proxtui.errors import PermissionDenied
from proxtui.features.guests.details import is_on
from proxtui.pve.sight import lacks_for_agent

if TYPE_CHECKING:
    from proxtui.core.clock import Clock
    from proxtui.pve.access import Permissions
    from proxtui.pve.asking import Asker
    from proxtui.pve.models import Guest
    from proxtui.pve.models_guest import AgentState
    from proxtui.pve.paths import Params

NO_AGENT, SILENT, FORBIDDEN = "no agent", "agent silent", "forbidden"
_SILENCES: dict[AgentState, str] = {"absent": NO_AGENT, "silent": SILENT, "stopped": ""}
_SYSTEMS = {
    "l26": "Linux",
    "l24": "Linux 2.4",
    "win11": "Windows 11/2022/2025",
    "win10": "Windows 10/2016/2019",
    "win8": "Windows 8/2012",
    "win7": "Windows 7/2008 R2",
    "w2k8": "Windows Vista/2008",
    "wvista": "Windows Vista/2008",
    "w2k3": "Windows XP/2003",
    "wxp": "Windows XP/2003",
    "w2k": "Windows 2000",
    "solaris": "Solaris",
    "almalinux": "AlmaLinux",
    "alpine": "Alpine Linux",
    "archlinux": "Arch Linux",
    "centos": "CentOS",
    "nixos": "NixOS",
    "opensuse": "openSUSE",
}
_NO_SYSTEM = frozenset({"other", "unmanaged"})
"""What ``ostype`` says when nobody has said what runs there."""


class Paced:
    """The client of a server, asked no more often than once in ``every`` seconds."""

    def __init__(self, client_of: Callable[[], Asker], clock: Clock, every: float) -> None:
        self._client_of, self._clock, self._every = client_of, clock, every
        self._next = clock.monotonic()

    async def get(self, path: str, *, params: Params | None = None) -> Any:
        """``Asker.get``, in its turn."""
        await self._turn()
        return await self._client_of().get(path, params=params)

    async def read(self, path: str, *, params: Params | None = None) -> bytes:
        """``Asker.read``, in its turn."""
        await self._turn()
        return await self._client_of().read(path, params=params)

    async def _turn(self) -> None:
        now = self._clock.monotonic()
        at = max(now, self._next)
        self._next = at + self._every
        if at > now:
            await self._clock.sleep(at - now)


class Answer(NamedTuple):
    """What a guest told, and what we may not ask it."""

    inside: Inside
    refusal: str = ""
    """The missing privilege, in one line."""


async def ask_guest(asker: Asker, guest: Guest, permissions: Permissions | None, now: float) -> Answer:
    """Addresses and system of a running guest; ``now`` is what the answer is dated with. Raises ``ProxtuiError``.

    A VM: GET ``config``, and where its agent is switched on ``agent/network-get-interfaces`` and ``get-osinfo``
    (VM.Monitor on 8.x, VM.GuestAgent.Audit on 9.x). A container: GET ``config`` and ``interfaces`` (VM.Audit).
    """
    if guest.type == "lxc":
        return await _ask_container(asker, guest, now)
    return await _ask_vm(asker, guest, permissions, now)


async def _ask_container(asker: Asker, guest: Guest, now: float) -> Answer:
    from proxtui.pve.containers import ContainerTools
    from proxtui.pve.guest_readers import reachable

    tools = ContainerTools(asker)
    config = await tools.get_container_config(guest.node, guest.vmid)
    addresses = reachable(await tools.get_interfaces(guest.node, guest.vmid))
    return Answer(Inside(taken_at=now, addresses=addresses, system=system_of(config.get("ostype"))))


async def _ask_vm(asker: Asker, guest: Guest, permissions: Permissions | None, now: float) -> Answer:
    from proxtui.pve.vms import VMTools

    tools = VMTools(asker)
    config = await tools.get_vm_config(guest.node, guest.vmid)
    system = system_of(config.get("ostype"))
    if not is_on(config.get("agent", 0)):
        return Answer(Inside(taken_at=now, system=system, silence=NO_AGENT))
    lacks = lacks_for_agent(permissions, guest.vmid) if permissions is not None else None
    if lacks is not None:
        return Answer(Inside(taken_at=now, system=system, silence=FORBIDDEN), f"missing privilege {lacks}")
    try:
        info = await tools.get_agent_info(guest.node, guest.vmid)
    except PermissionDenied as error:
        return Answer(Inside(taken_at=now, system=system, silence=FORBIDDEN), reason(error))
    if info.state != "running":
        return Answer(Inside(taken_at=now, system=system, silence=_SILENCES[info.state]))
    return Answer(Inside(taken_at=now, addresses=info.addresses, system=info.osname or system))


def system_of(ostype: object) -> str | None:
    """``l26`` as people say it; the agent knows better where there is one."""
    named = str(ostype or "")
    if not named or named in _NO_SYSTEM:
        return None
    return _SYSTEMS.get(named, named.capitalize())
