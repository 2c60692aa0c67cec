"""Life: guests start, stop, move and are backed up, also while nobody asks."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from proxtui.sim import work, work_backup, work_moves, work_snapshots
from proxtui.sim.build import backup_store
from proxtui.sim.state import Guest
from proxtui.sim.world import Site, World

logger = logging.getLogger(__name__)

PER_GUEST = 2400.0
"""Seconds between two events in the life of one guest."""
SHORTEST, LONGEST = 4.0, 25.0
"""Bounds of the mean time between two events of one site: a small one is not to look dead."""
USERS = ("admin@pve", "root@pam", "admin@pve!proxtui")


class Life:
    """Makes things happen on every site. Owned by whoever calls :meth:`run`; tests call :meth:`step`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._next = {site.name: world.now() + self._pause(site) for site in world.sites.values()}

    def step(self) -> None:
        """Everything that is due by now."""
        now = self.world.advance()
        for site in self.world.sites.values():
            if now >= self._next[site.name]:
                self._next[site.name] = now + self._pause(site)
                if not self.world.paused and site.quorate:
                    happen(site)

    async def run(self) -> None:
        """Live until cancelled."""
        while True:
            await asyncio.sleep(min(0.5, self.world.seconds(0.5)))
            self.step()

    def _pause(self, site: Site) -> float:
        mean = min(LONGEST, max(SHORTEST, PER_GUEST / max(1, len(site.guests))))
        return self.world.seconds(site.rng.uniform(0.5, 1.5) * mean)


def happen(site: Site) -> None:
    """One event of ordinary days."""
    rng = site.rng
    now = site.world.now()
    busy = {task.id for task in site.tasks[-40:] if not task.done(now)}
    away = {node.name for node in site.nodes.values() if not node.online}
    guests = [
        guest
        for guest in site.guests.values()
        if not (guest.template or guest.lock or guest.node in away or str(guest.vmid) in busy)
    ]
    if not guests:
        return
    user = rng.choice(USERS)
    stopped = [guest for guest in guests if not guest.running]
    guest = rng.choice(guests)
    # What was stopped comes back soon, so that the fleet neither fills nor empties.
    if stopped and rng.random() < 0.35:
        work.start(site, rng.choice(stopped), user)
    elif guest.running:
        _one_of_many(site, guest, user)


def _one_of_many(site: Site, guest: Guest, user: str) -> None:
    rng = site.rng
    luck = rng.random()
    if luck < 0.30:
        work_backup.backup(site, guest, "root@pam", backup_store(site), seconds=rng.uniform(20, 70))
    elif luck < 0.55:
        _move(site, guest, user)
    elif luck < 0.70:
        work.reboot(site, guest, user)
    elif luck < 0.85 and "critical" not in guest.tags:
        work.shutdown(site, guest, user, timeout=20)
    else:
        _snapshot(site, guest, user)


def _move(site: Site, guest: Guest, user: str) -> None:
    """Migrate to another node; now and then it breaks off half way."""
    others = [node for node in site.nodes.values() if node.online and node.name != guest.node]
    if not others or guest.storage not in site.storages or not site.storages[guest.storage].shared:
        work.reboot(site, guest, user)
        return
    held = Counter(guest.node for guest in site.guests.values())
    target = min(others, key=lambda node: held[node.name] + site.rng.random())
    fails = "migration aborted" if site.rng.random() < 0.1 else None
    work_moves.migrate(site, guest, user, target, fails=fails)


def _snapshot(site: Site, guest: Guest, user: str) -> None:
    """Take a snapshot, or drop the oldest when there are enough."""
    if len(guest.snapshots) >= 3:
        work_snapshots.delete_snapshot(site, guest, user, guest.snapshots[0].name)
    else:
        work_snapshots.snapshot(site, guest, user, f"auto{int(site.world.now())}", "taken by the schedule")
