"""The worlds to choose from: ``small``, ``fleet``, ``broken`` and ``huge``."""

from __future__ import annotations

from collections.abc import Callable

from proxtui.sim import cast, past
from proxtui.sim.build import Plan, raise_site
from proxtui.sim.faults import Fault
from proxtui.sim.world import Site, World

OLD, NEW = "8.4.21", "9.2.11"
MANY, MOST = 10_000, 50_000
"""How many guests ``huge`` has by itself, and at most."""
SHARES = (
    ("aurora-east", cast.AURORA, OLD, 0.20),
    ("aurora-west", cast.AURORA, NEW, 0.16),
    ("medilab-hq", cast.MEDILAB, NEW, 0.18),
    ("kestrel", cast.KESTREL, OLD, 0.10),
    ("nordlys-1", cast.NORDLYS, NEW, 0.14),
    ("nordlys-2", cast.NORDLYS, OLD, 0.08),
    ("campus", cast.CAMPUS, NEW, 0.14),
)


def small(world: World) -> None:
    """One cluster of two nodes with 20 guests, on 8.4."""
    past.remember(raise_site(world, Plan("lab", cast.LAB, "lab", OLD, ("pve1", "pve2"), 20, "10.77.0", memory=128)))


def fleet(world: World) -> None:
    """Three tenants: a cluster on 8.4, one on 9.2, and a node that stands alone; 12 nodes, 400 guests."""
    plans = (
        Plan(
            "aurora",
            cast.AURORA,
            "aurora-prod",
            OLD,
            tuple(f"aur-pve{n}" for n in range(1, 7)),
            226,
            "10.20.0",
            pbs=True,
        ),
        Plan(
            "medilab",
            cast.MEDILAB,
            "medilab-hq",
            NEW,
            tuple(f"med-node{n}" for n in range(1, 6)),
            146,
            "10.40.0",
            memory=512,
            zfs=True,
            pbs=True,
        ),
        Plan("edge", cast.KESTREL, None, NEW, ("kestrel-edge",), 28, "192.168.60", memory=384, ceph=False, zfs=True),
    )
    for plan in plans:
        past.remember(raise_site(world, plan))


def broken(world: World) -> None:
    """All that goes wrong: an offline node, no quorum, a full storage, locks, a token without rights, a hung server."""
    shaky = raise_site(
        world, Plan("shaky", cast.AURORA, "shaky", OLD, ("shk1", "shk2", "shk3"), 48, "10.61.0", zfs=True)
    )
    past.remember(shaky)
    _shake(shaky)
    plan = Plan("minority", cast.MEDILAB, "minority", NEW, ("min1", "min2"), 16, "10.62.0")
    minority = raise_site(world, plan)
    past.remember(minority)
    minority.quorum_lost_since = world.born - 60
    minority.nodes["min2"].offline_since = world.born - 90
    forbidden = raise_site(world, Plan("forbidden", cast.KESTREL, "forbidden", OLD, ("fbd1", "fbd2"), 14, "10.63.0"))
    past.remember(forbidden)
    forbidden.announced = forbidden.tokens["admin@pve!bare"]
    forbidden.login = forbidden.users["nobody@pve"]
    raise_site(world, Plan("hung", cast.KESTREL, None, NEW, ("hung1",), 6, "10.64.0", ceph=False, zfs=True))
    world.faults.add(Fault("hang", server="hung"))


def _shake(site: Site) -> None:
    """A node that went down ten minutes ago, one that just did, a full storage, guests left locked."""
    born = site.world.born
    site.nodes["shk3"].offline_since = born - 600
    site.storages["nfs-backup"].used, site.storages["nfs-backup"].growth = 1.0, 0.0
    site.storages["local-zfs"].used = 0.97
    locks = ("backup", "migrate", "snapshot", "clone")
    here = [guest for guest in site.guests.values() if guest.node != "shk3" and not guest.template]
    for guest, lock in zip(here[3::5], locks, strict=False):
        guest.lock = lock
    past.failures(site)
    managed = [guest for guest in site.guests.values() if guest.ha and guest.node != "shk3"]
    if managed:
        managed[0].ha = "error"
    site.nodes["shk1"].sick_disk = True
    site.nodes["shk2"].certified_until = born - 3 * 86400


def huge(world: World, guests: int = MANY) -> None:
    """Five tenants with seven clusters that share ``guests`` guests, 60 to a node and at most 32 nodes a cluster."""
    left = guests
    for place, (name, customer, version, share) in enumerate(SHARES):
        count = left if place == len(SHARES) - 1 else int(guests * share)
        left -= count
        nodes = tuple(f"{name}-n{number:02d}" for number in range(1, min(32, max(3, count // 60)) + 1))
        plan = Plan(
            name,
            customer,
            name,
            version,
            nodes,
            count,
            f"10.{100 + place}.0",
            memory=max(1024, 17 * count // len(nodes)),
            zfs=place % 2 == 1,
            pbs=True,
        )
        past.remember(raise_site(world, plan))


SCENARIOS: dict[str, Callable[[World], None]] = {"small": small, "fleet": fleet, "broken": broken, "huge": huge}
