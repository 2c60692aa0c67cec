"""The newest backup of every guest of a server, out of what lies on its storages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from proxtui.core.learned import Backup
from proxtui.core.model import GuestKey, Snapshot
from proxtui.errors import ProxtuiError
from proxtui.pve.sight import lacks_for_backups, lacks_for_storages

if TYPE_CHECKING:
    from proxtui.core.clock import Clock
    from proxtui.pve.access import Permissions
    from proxtui.pve.asking import Asker

READ_EVERY = 1_800.0
AGAIN_AFTER = 300.0
"""Seconds between two looks at a storage; after one that failed."""


class Place(NamedTuple):
    """A storage that takes backups, and the node to ask about it."""

    node: str
    """The first online node that sees it; empty: nobody can be asked about it now."""
    storage: str
    home: str
    """The node of a local storage; empty for a shared one."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The last look at one storage. Times are seconds of ``Clock.monotonic``."""

    tried_at: float
    failed: bool = False
    taken_at: float | None = None
    newest: dict[int, float] | None = None
    """When the newest backup of each VMID was made, on the same clock; None: never read."""


class BackupAges:
    """What is known of the backups of one server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks: dict[tuple[str, str], _Look] = {}
        self._under_way: set[tuple[str, str]] = set()

    def next(self, snapshot: Snapshot) -> Place | None:
        """A storage that is to be read now."""
        return next((place for place in places(snapshot) if place.node and self._is_due(place)), None)

    async def ask(self, asker: Asker, place: Place) -> bool:
        """GET ``/nodes/N/storage/S/content?content=backup``. False when it failed; what was read before stays."""
        from proxtui.pve.backups import BackupTools, newest_by_guest

        key = (place.home, place.storage)
        began, offset = self._clock.monotonic(), self._clock.time() - self._clock.monotonic()
        self._under_way.add(key)
        try:
            listing = await BackupTools(asker).list_backups(place.node, place.storage)
        except ProxtuiError:
            old = self._looks.get(key) or _Look(began)
            self._looks[key] = _Look(began, True, old.taken_at, old.newest)
            return False
        finally:
            self._under_way.discard(key)
        newest = {vmid: one.ctime - offset for vmid, one in newest_by_guest(listing).items() if one.ctime is not None}
        self._looks[key] = _Look(began, False, began, newest)
        return True

    def found(self, snapshot: Snapshot, permissions: Permissions | None) -> dict[GuestKey, Backup]:
        """The newest backup of each guest; nothing before every storage that answers was looked at once."""
        every = places(snapshot)
        looks = [self._looks.get((place.home, place.storage)) for place in every]
        if any(look is None for place, look in zip(every, looks, strict=True) if place.node):
            return {}
        read = [look for look in looks if look is not None and look.newest is not None]
        now = self._clock.monotonic()
        taken_at = min((look.taken_at for look in read if look.taken_at is not None), default=now)
        # A storage that could not be read, or not for long, may hold a newer one.
        complete = len(read) == len(every) and now - taken_at < 2 * READ_EVERY
        sight = _Sight(permissions, [place.storage for place in every]) if complete else None
        found = {}
        for key in snapshot.guests:
            made = max(
                (look.newest[key.vmid] for look in read if look.newest and key.vmid in look.newest), default=None
            )
            sure = sight is not None and sight.is_whole(key.vmid)
            found[key] = Backup(taken_at=taken_at, made_at=made, sure=sure)
        return found

    def _is_due(self, place: Place) -> bool:
        key = (place.home, place.storage)
        look = self._looks.get(key)
        if key in self._under_way or look is None:
            return look is None and key not in self._under_way
        return self._clock.monotonic() - look.tried_at >= (AGAIN_AFTER if look.failed else READ_EVERY)


class _Sight:
    """Whether we would see every backup of a guest: PVE leaves them out without a word."""

    def __init__(self, permissions: Permissions | None, storages: list[str]) -> None:
        self._permissions, self._storages = permissions, sorted(set(storages))
        self._blind = permissions is None or lacks_for_storages(permissions) is not None
        # One answer for all of them where nothing is forbidden anywhere, which is how it most often is.
        self._sees_all = permissions is not None and not any(
            lacks_for_backups(permissions, storage) for storage in self._storages
        )

    def is_whole(self, vmid: int) -> bool:
        """True when no backup of this guest can be hidden."""
        if self._blind or self._permissions is None:
            return False
        return self._sees_all or not any(
            lacks_for_backups(self._permissions, storage, vmid) for storage in self._storages
        )


def places(snapshot: Snapshot) -> list[Place]:
    """Every storage for backups: a shared one once, a local one for each node."""
    offline = {key.node for key, node in snapshot.nodes.items() if node.status != "online"}
    found: dict[tuple[str, str], Place] = {}
    for key, storage in sorted(snapshot.storages.items()):
        if "backup" not in storage.content:
            continue
        home = "" if storage.shared else key.node
        answers = key.node not in offline and storage.status in (None, "available")
        known = found.get((home, key.storage))
        if known is None or (answers and not known.node):
            found[home, key.storage] = Place(key.node if answers else "", key.storage, home)
    return list(found.values())
