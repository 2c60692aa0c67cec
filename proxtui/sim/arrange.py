"""What operators set up on a site beside its guests: jobs, HA, replication, accounts, snapshots, firewalls.

Drawn from a generator of its own, so that what is added here does not change the guests of a seed.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence

from proxtui.sim import cast
from proxtui.sim.policy import BackupJob, Group, HaGroup, ReplicationJob
from proxtui.sim.state import MIB, Acl, Guest, Snapshot, Token, User
from proxtui.sim.work_backup import add_backup
from proxtui.sim.world import Site

NIGHTS, NIGHTS_OF_MANY = 6, 3
MANY = 1000
"""From so many guests on a site keeps fewer archives of each."""


def arrange(site: Site, projects: Sequence[cast.Project]) -> None:
    """Set up everything of a site whose nodes, storages and guests are there."""
    rng = random.Random(f"{site.world.seed}/{site.name}/arranged")
    _people(site, rng, projects)
    _jobs(site, rng, projects)
    _high_availability(site)
    _replication(site, rng)
    for guest in site.guests.values():
        _settings(site, guest, rng)
    _archives(site, rng, projects)
    nodes = list(site.nodes.values())
    nodes[-1].certified_until = site.world.born + 12 * 86400


def _people(site: Site, rng: random.Random, projects: Sequence[cast.Project]) -> None:
    born = int(site.world.born)
    more = [
        User("sofia@pve", "sim-sofia", "on call", "sofia@example.test", firstname="Sofia", lastname="Berg"),
        User("jonas@pve", "sim-jonas", "left in spring", enable=False, expire=born - 200 * 86400, firstname="Jonas"),
        User("ci@pve", "sim-ci", "deploys from the pipeline"),
    ]
    site.users |= {user.userid: user for user in more}
    for name, members, comment in (
        ("admins", ("admin@pve",), "may do everything"),
        ("support", ("sofia@pve", "jonas@pve"), "looks after guests"),
    ):
        site.groups[name] = Group(name, members, comment)
    token = Token("ci@pve", "deploy", str(uuid.UUID(int=rng.getrandbits(128))), True, "pipeline")
    site.tokens[token.full] = token
    pool = f"/pool/{projects[-1].name}"
    site.acl += [
        Acl("/", "@support", "PVEAuditor"),
        Acl(pool, "@support", "PVEVMUser"),
        Acl(pool, "ci@pve", "PVEVMAdmin"),
        Acl(pool, "ci@pve!deploy", "PVEVMUser"),
    ]


def backup_stores(site: Site) -> list[str]:
    """The storages that archives go to, the first one first."""
    wanted: Sequence[str] = ("pbs", "nfs-backup", "local")
    return [name for name in wanted if name in site.storages][:2]


def _jobs(site: Site, rng: random.Random, projects: Sequence[cast.Project]) -> None:
    """A job for each pool of production, one at weekends for what is developed, none for the rest."""
    keep = {"keep-daily": "7", "keep-weekly": "4"}
    stores = backup_stores(site)
    for place, project in enumerate(projects):
        number = f"{rng.getrandbits(48):012x}"
        ident = f"backup-{number[:8]}-{number[8:]}"
        if project.stage == "prod":
            schedule, store = f"{1 + place // 4:02d}:{place % 4 * 15:02d}", stores[0]
        elif project.stage == "dev":
            schedule, store = "sat 03:00", stores[-1]
        else:
            continue
        site.jobs.append(
            BackupJob(ident, schedule, store, project.name, f"{project.name} ({project.stage})", keep=keep)
        )
    old = BackupJob("backup-0ld00000-0001", "sun 01:00", stores[-1], None, "everything, before there were pools", False)
    site.jobs.append(old)


def _high_availability(site: Site) -> None:
    if not site.cluster or len(site.nodes) < 2:
        return
    names = list(site.nodes)
    half = max(1, len(names) // 2)
    first = HaGroup("first-half", tuple(f"{name}:{half - place}" for place, name in enumerate(names[:half])))
    first.comment = "stays in the first rack"
    second = HaGroup("second-half", tuple(names[half:]), "stays in the second rack", strict=True)
    site.ha_groups = [first, second]
    for guest in site.guests.values():
        if guest.ha and guest.vmid % 3:
            guest.ha_group = first.name if names.index(guest.node) < half else second.name


def _replication(site: Site, rng: random.Random) -> None:
    """Guests on ZFS are sent to a neighbour; now and then a job of a site has been failing for a day."""
    others = list(site.nodes)
    if "local-zfs" not in site.storages or len(others) < 2:
        return
    here = [guest for guest in site.guests.values() if guest.storage == "local-zfs" and not guest.template]
    for guest in here[:60:2]:
        target = others[(others.index(guest.node) + 1) % len(others)]
        schedule = rng.choice(("*/15", "*/15", "*/30", "02:30"))
        site.replication.append(ReplicationJob(guest.vmid, 0, target, schedule))
    for place, job in enumerate(site.replication):
        if place % 11 == 5:
            job.error = f"No common base snapshot on volume(s) local-zfs:vm-{job.guest}-disk-0."
            job.failing_since = site.world.born - 86400
        elif place % 11 == 8:
            job.disabled, job.comment = True, "stopped for the move"
        elif place % 11 == 2:
            job.rate, job.comment = 50, "slow line"


def _settings(site: Site, guest: Guest, rng: random.Random) -> None:
    """Firewall, agent, what waits for a restart, and a second branch of snapshots here and there."""
    guest.firewall = rng.random() < 0.4
    guest.agent_up = rng.random() < 0.92
    change = rng.random()
    if guest.running and guest.kind == "qemu" and change < 0.05:
        guest.pending["memory"] = str(2 * guest.maxmem // MIB)
    elif guest.running and guest.kind == "qemu" and change < 0.08:
        guest.pending["cores"] = guest.cores * 2
        guest.extra["tablet"], guest.dropped = 0, ["tablet"]
    if guest.snapshots:
        guest.parent = guest.snapshots[-1].name
        if guest.kind == "qemu" and rng.random() < 0.35:
            _branch(site, guest, rng)


def _branch(site: Site, guest: Guest, rng: random.Random) -> None:
    base = guest.snapshots[0]
    age = site.world.born - base.time
    trial = Snapshot("trial", "another way, with its memory", base.time + age * 0.4, base.name, vmstate=True)
    after = Snapshot("trial-2", "", base.time + age * rng.uniform(0.5, 0.9), trial.name)
    guest.snapshots += [trial, after]
    guest.parent = after.name


def _archives(site: Site, rng: random.Random, projects: Sequence[cast.Project]) -> None:
    """The archives of the last nights; what is developed has one of last Saturday, the rest has none."""
    stages = {project.name: project.stage for project in projects}
    stores = backup_stores(site)
    midnight = site.world.born // 86400 * 86400
    nights = NIGHTS if len(site.guests) < MANY else NIGHTS_OF_MANY
    for guest in site.guests.values():
        stage = stages.get(guest.pool or "")
        if guest.template or stage not in ("prod", "dev") or rng.random() < 0.03:
            continue
        start = 9000 + guest.vmid * 7 % 14_000
        if stage == "prod":
            for night in range(nights, 0, -1):
                add_backup(site, guest, stores[0], midnight - night * 86400 + start)
            if rng.random() < 0.06:
                keep = add_backup(site, guest, stores[-1], midnight - 130 * 86400 + start)
                keep.protected, keep.notes = True, f"{guest.name} before the migration, keep"
        else:
            add_backup(site, guest, stores[-1], midnight - 5 * 86400 + start)
