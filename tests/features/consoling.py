"""A relay over the served simulator, and viewers of a few lines that come to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proxtui.config.environment import from_environment
from proxtui.core.operation import Kind, Target
from proxtui.features.consoles.service import Invitation, Story, Telling, relay
from proxtui.features.consoles.viewers import Manner
from proxtui.pve.rfb.des import response
from proxtui.sim.running import running
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.world import World
from proxtui.wiring import open_runtime
from tests.core.gating import MemoryJournal

UNIX = Manner(kind="print")
TCP = Manner(kind="print", tcp=True)


class Refused(Exception):
    """SecurityResult was no; ``str()`` is the reason."""


class Peer:
    """A viewer that speaks RFB 3.8."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def prove(self, password: str) -> None:
        assert await self.reader.readexactly(12) == b"RFB 003.008\n"
        self.writer.write(b"RFB 003.008\n")
        kind = (await self.reader.readexactly(2))[1]
        self.writer.write(bytes((kind,)))
        if kind == 2:
            self.writer.write(response(await self.reader.readexactly(16), password))

    async def begin(self, *, shared: bool = False) -> str:
        """To ServerInit; gives the name of the screen."""
        if int.from_bytes(await self.reader.readexactly(4)):
            raise Refused((await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(4)))).decode())
        self.writer.write(bytes((shared,)))
        head = await self.reader.readexactly(24)
        return (await self.reader.readexactly(int.from_bytes(head[20:]))).decode()

    async def open(self, password: str = "") -> str:
        await self.prove(password)
        return await self.begin()

    async def ended(self) -> bool:
        """Whether nothing more comes."""
        try:
            while await self.reader.read(65536):
                continue
        except ConnectionError:
            pass
        return True

    async def close(self) -> None:
        self.writer.transport.abort()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


@dataclass
class Relayed:
    """One relay that runs, and the invitation to it."""

    task: asyncio.Task[Story]
    invited: asyncio.Future[Invitation]
    joined: asyncio.Event
    touches: list[None] = field(default_factory=list)

    @property
    async def invitation(self) -> Invitation:
        await asyncio.wait({self.task, self.invited}, return_when=asyncio.FIRST_COMPLETED)
        if not self.invited.done():
            await self.task
        return self.invited.result()

    async def peer(self) -> Peer:
        """A connection to it."""
        kind, place = where(await self.invitation)
        if kind == "unix":
            return Peer(*await asyncio.open_unix_connection(place))
        return Peer(*await asyncio.open_connection("127.0.0.1", int(place)))


def where(invitation: Invitation) -> tuple[str, str]:
    """What ``ssh -L 5901:HERE host`` leads to."""
    here = invitation.lines[0].split()[2].partition(":")[2]
    return ("tcp", here.rpartition(":")[2]) if here.startswith("127.") else ("unix", here)


@dataclass
class Lab:
    """The simulator, a runtime over it, and its audit."""

    runtime: Any
    world: World
    told: dict[str, Any]
    journal: MemoryJournal
    folder: Path
    _running: list[asyncio.Task[Any]] = field(default_factory=list)

    @property
    def site(self) -> Any:
        return self.world.sites[self.told["server"]]

    def target(self, kind: str = "qemu") -> Target:
        guest = next(one for one in self.site.guests.values() if one.kind == kind and one.running)
        (ref,) = self.runtime.connections
        return Target(ref, Kind(kind), str(guest.vmid), guest.name, guest.node)

    @property
    def environ(self) -> dict[str, str]:
        return {"XDG_RUNTIME_DIR": str(self.folder), "PATH": "/usr/bin:/bin"}

    def relay(self, target: Target | None = None, manner: Manner = UNIX, **more: Any) -> Relayed:
        invited: asyncio.Future[Invitation] = asyncio.get_running_loop().create_future()
        joined, touches = asyncio.Event(), list[None]()
        telling = Telling(invited.set_result, joined.set, lambda: touches.append(None))
        more = {"environ": self.environ, "seconds": 20, **more}
        task = asyncio.create_task(relay(self.runtime.consoles, target or self.target(), manner, telling, **more))
        self._running.append(task)
        return Relayed(task, invited, joined, touches)

    async def ended(self, one: Relayed) -> Story | BaseException:
        async with asyncio.timeout(20):
            (found,) = await asyncio.gather(one.task, return_exceptions=True)
        return found

    def calls(self, word: str) -> list[str]:
        """Requests that were sent, of this kind."""
        return [one["path"] for one in self.world.requests.changes()["changes"] if word in one["path"]]

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


@asynccontextmanager
async def lab(folder: Path, scenario: str = "small") -> AsyncIterator[Lab]:
    world = World(seed=1, auth_delay=0.0)
    SCENARIOS[scenario](world)
    journal = MemoryJournal()
    async with running(world, alive=False) as said:
        told = said["servers"][0]
        config = from_environment(
            {
                "PROXMOX_HOST": f"{told['host']}:{told['port']}",
                "PROXMOX_FINGERPRINT": told["fingerprint"],
                "PROXMOX_TOKEN_ID": told["token_id"],
                "PROXMOX_TOKEN_SECRET": told["token_secret"],
            }
        )
        assert config is not None
        async with open_runtime(config, read_only=False, make_journal=lambda: journal) as runtime:
            here = Lab(runtime, world, told, journal, folder)
            try:
                yield here
            finally:
                await here.close()
