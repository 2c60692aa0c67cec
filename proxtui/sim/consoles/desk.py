"""The consoles of one server: workers that wait for their one client, passwords, screens and terminals."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from proxtui.sim import work
from proxtui.sim.consoles import tickets
from proxtui.sim.consoles.crowd import Crowd
from proxtui.sim.consoles.party import Party
from proxtui.sim.consoles.scenes import Scene, scene_of
from proxtui.sim.state import Guest, Node, Task
from proxtui.sim.world import Site

PORTS: Final = range(5900, 6000)


class NoPort(Exception):
    """A hundred consoles are open."""


@dataclass(eq=False, slots=True)
class Worker:
    """What ``vncproxy`` and its like fork: one port, one ticket, one client."""

    site: Site
    task: Task
    port: int
    user: str
    path: str
    node: Node
    ticket: str
    password: str | None
    guest: Guest | None
    command: str = ""
    """What termproxy runs; empty for VNC."""
    serial: str | None = None
    """The serial port that was asked for."""
    taken: bool = False
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has to end now."""

    @property
    def timed_out(self) -> str:
        """What its task says when nobody came, or nobody who could prove it."""
        return f"command '{self.command}' failed: exit code 1" if self.command else "connection timed out"


class Desk:
    """Made by the first console of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.workers: dict[int, Worker] = {}
        self.old = False
        """True: a server of before April 2026, where the ticket is the password unless one is asked for."""
        self.chosen: dict[int, str] = {}
        """VMID -> the scene that somebody wants to see."""
        self.parties: dict[str, Party] = {}
        """Container consoles and serial ports that somebody holds."""
        self.seating = asyncio.Lock()
        """Held while somebody sits down at one of them."""
        self._passwords: dict[int, tuple[str, float]] = {}
        self._scenes: dict[int, tuple[object, Scene]] = {}
        self._crowds: dict[int, Crowd] = {}

    def open(self, node: Node, kind: str, guest: Guest | None, user: str, path: str, password: str | None) -> Worker:
        """Fork a worker on the node that was asked; it ends when nobody connects in time. Raises :class:`NoPort`."""
        port = next((port for port in PORTS if port not in self.workers), None)
        if port is None:
            raise NoPort
        site = self.site
        now = site.world.now()
        ticket = tickets.make(site, user, path, port, now)
        task = work.fork(site, site.entry, kind, str(guest.vmid) if guest else "", user)
        whole = f"{password}:{ticket}" if password and not self.old else ticket
        worker = Worker(site, task, port, user, path, node, whole, password, guest)
        self.workers[port] = worker
        task.on_kill = lambda: self._killed(worker)
        site.world.at(now + site.world.consoles.connect, lambda _: self._late(worker))
        return worker

    def _late(self, worker: Worker) -> None:
        if not worker.taken and self.workers.get(worker.port) is worker:
            self.finish(worker, worker.timed_out)

    def _killed(self, worker: Worker) -> None:
        worker.cut.set()
        self.finish(worker, "unexpected status")

    def finish(self, worker: Worker, ends: str = "OK") -> None:
        """The worker is gone and its port free; once."""
        if self.workers.get(worker.port) is worker:
            del self.workers[worker.port]
            work.finish(self.site, worker.task, ends)

    def set_password(self, vmid: int, password: str, until: float) -> None:
        """A machine has one VNC password: the last one counts, for everybody who is not in yet."""
        self._passwords[vmid] = (password, until)

    def password(self, vmid: int, now: float) -> str | None:
        """The password of a machine; None when it expired."""
        password, until = self._passwords.get(vmid, ("", 0.0))
        return password if now <= until else None

    def crowd(self, vmid: int) -> Crowd:
        """The viewers of a machine."""
        return self._crowds.setdefault(vmid, Crowd())

    def scene(self, guest: Guest, now: float) -> Scene:
        """The screen of a machine, the same for all viewers; another one after a start or a choice."""
        chosen = self.chosen.get(guest.vmid)
        key = (guest.started_at(now), chosen)
        known = self._scenes.get(guest.vmid)
        if known is None or known[0] != key:
            known = self._scenes[guest.vmid] = (key, scene_of(guest, now, chosen))
        return known[1]


def desk_of(site: Site) -> Desk:
    """The desk of a site, made when it is first needed."""
    if site.desk is None:
        site.desk = Desk(site)
    desk: Desk = site.desk
    return desk
