"""Raising a site: nodes, storages, guests and people, the same for the same seed."""

from __future__ import annotations

import hashlib
import random
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proxtui.sim import cast
from proxtui.sim.arrange import arrange, backup_stores
from proxtui.sim.state import (
    GIB,
    Acl,
    Guest,
    Load,
    Node,
    PowerChange,
    Snapshot,
    Storage,
    Token,
    User,
    Volume,
)
from proxtui.sim.world import Site, World

MODELS = (
    ("AMD EPYC 9354P 32-Core Processor", 1, 64, "3250.000"),
    ("Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", 2, 128, "2000.000"),
    ("AMD EPYC 7543 32-Core Processor", 2, 128, "2794.750"),
)
PASSWORDS = {"admin@pve": "sim-admin", "auditor@pve": "sim-auditor", "operator@pve": "sim-operator"}
TOTP_CODE = "123456"
RECOVERY = ("aaaa-1111-bbbb-2222", "cccc-3333-dddd-4444", "eeee-5555-ffff-6666")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a site is to look like."""

    name: str
    customer: cast.Customer
    cluster: str | None
    version: str
    nodes: tuple[str, ...]
    guests: int
    subnet: str
    first_vmid: int = 100
    memory: int = 512
    """GiB of each node."""
    ceph: bool = True
    zfs: bool = False
    pbs: bool = False


def raise_site(world: World, plan: Plan) -> Site:
    """Build a site after its plan and add it to the world."""
    seed = zlib.crc32(f"{world.seed}/{plan.name}".encode())
    rng = random.Random(seed)
    site = Site(
        world,
        plan.name,
        plan.customer.slug,
        plan.customer.name,
        plan.cluster,
        plan.version,
        rng=rng,
        key=hashlib.sha256(f"key/{seed}".encode()).digest(),
    )
    _nodes(site, plan, rng)
    _storages(site, plan)
    _people(site, seed)
    _guests(site, plan, rng)
    _images(site)
    arrange(site, plan.customer.projects)
    world.sites[site.name] = site
    return site


def _nodes(site: Site, plan: Plan, rng: random.Random) -> None:
    for number, name in enumerate(plan.nodes, 1):
        model, sockets, cpus, mhz = MODELS[rng.randrange(len(MODELS))]
        site.nodes[name] = Node(
            name=name,
            nodeid=number,
            ip=f"{plan.subnet}.{10 + number}",
            cpus=cpus,
            sockets=sockets,
            model=model,
            mhz=mhz,
            maxmem=plan.memory * GIB - 1_340_211_200,
            rootfs=94 * GIB + 12_582_912,
            booted=site.world.born - rng.uniform(3, 90) * 86400,
            load=Load(cpu=0.02, memory=0.05, daily=0.1, offset=rng.randrange(1024), bursts=0.0),
        )


def _storages(site: Site, plan: Plan) -> None:
    rng = random.Random(f"{site.world.seed}/{site.name}/storage")

    def add(name: str, type_: str, content: str, gib: int, used: float, shared: bool = False, **options: str) -> None:
        offset = zlib.crc32(name.encode()) % 1024
        site.storages[name] = Storage(
            name, type_, content, gib * GIB, used * rng.uniform(0.6, 1.3), shared, options=dict(options), offset=offset
        )

    add("local", "dir", "backup,iso,vztmpl,snippets", 94, 0.22, path="/var/lib/vz")
    if plan.zfs:
        add("local-zfs", "zfspool", "images,rootdir", 7000, 0.41, pool="rpool/data", sparse="1")
    else:
        add("local-lvm", "lvmthin", "images,rootdir", 3300, 0.36, thinpool="data", vgname="pve")
    if plan.ceph:
        add("ceph-vm", "rbd", "images,rootdir", 48_000, 0.57, True, pool="vm", krbd="0")
    add(
        "nfs-backup",
        "nfs",
        "backup,iso,vztmpl",
        32_000,
        0.68,
        True,
        server=f"{plan.subnet}.5",
        export="/srv/backup",
        path="/mnt/pve/nfs-backup",
    )
    if plan.pbs:
        add("pbs", "pbs", "backup", 64_000, 0.52, True, server=f"{plan.subnet}.6", datastore=plan.name)


def _people(site: Site, seed: int) -> None:
    users = [
        User("root@pam", "sim-root", email="root@example.test"),
        User("admin@pve", PASSWORDS["admin@pve"], "the announced account", ""),
        User("auditor@pve", PASSWORDS["auditor@pve"], "sees everything, changes nothing", "audit@example.test"),
        User("operator@pve", PASSWORDS["operator@pve"], "runs the guests of one pool"),
        User("totp@pve", "sim-totp", "needs a second factor", totp=TOTP_CODE, recovery=list(RECOVERY)),
        User("nobody@pve", "sim-nobody", "has no rights"),
    ]
    site.users = {user.userid: user for user in users}
    for userid, name, privsep in (
        ("admin@pve", "proxtui", False),
        ("auditor@pve", "monitor", False),
        ("operator@pve", "ops", False),
        ("admin@pve", "bare", True),
    ):
        secret = str(uuid.UUID(hashlib.md5(f"{seed}/{name}".encode(), usedforsecurity=False).hexdigest()))
        token = Token(userid, name, secret, privsep)
        site.tokens[token.full] = token
    site.announced = site.tokens["admin@pve!proxtui"]
    site.login = site.users["admin@pve"]
    site.acl = [
        Acl("/", "admin@pve", "Administrator"),
        Acl("/", "totp@pve", "Administrator"),
        Acl("/", "auditor@pve", "PVEAuditor"),
    ]


def _wanted(plan: Plan) -> Iterator[tuple[cast.Project, cast.Role, int]]:
    """Project, role and number, round and round until the site is full."""
    made: dict[tuple[str, str], int] = {}
    while True:
        for project in plan.customer.projects:
            for role in project.roles:
                number = made[project.name, role.name] = made.get((project.name, role.name), 0) + 1
                yield project, role, number


def _guests(site: Site, plan: Plan, rng: random.Random) -> None:
    for project in plan.customer.projects:
        site.pools[project.name] = f"{plan.customer.name}: {project.name} ({project.stage})"
    site.acl.append(Acl(f"/pool/{plan.customer.projects[0].name}", "operator@pve", "PVEVMUser"))
    for index, (project, role, number) in zip(range(plan.guests - 2), _wanted(plan), strict=False):
        vmid = plan.first_vmid + index + index // 40 * 60
        site.guests[vmid] = _guest(site, plan, rng, vmid, project, role, number)
    _templates(site, plan, rng)


def _guest(
    site: Site, plan: Plan, rng: random.Random, vmid: int, project: cast.Project, role: cast.Role, number: int
) -> Guest:
    born = site.world.born
    created = born - rng.uniform(20, 900) * 86400
    running = rng.random() < (0.93 if project.stage == "prod" else 0.75)
    started = max(created + 60, born - rng.expovariate(1 / 20) * 86400 - 300)
    power = [PowerChange(created, "stopped")]
    if running:
        power.append(PowerChange(started, "running"))
    hot = rng.random() < 0.04
    spread = rng.uniform(0.5, 1.5)
    traffic = role.traffic * spread
    load = Load(
        cpu=0.88 if hot else min(0.8, role.cpu * spread),
        memory=min(0.93, role.mem * rng.uniform(0.8, 1.2)),
        daily=role.daily,
        offset=rng.randrange(1024),
        bursts=role.bursts,
        net_in=18_000 * traffic,
        net_out=26_000 * traffic,
        disk_read=30_000 * traffic,
        disk_write=45_000 * spread,
    )
    return Guest(
        vmid=vmid,
        kind=role.kind,
        name=f"{project.name}-{role.name}{number:02d}",
        node=_place(site, rng),
        cores=role.cores,
        maxmem=int(role.memory * GIB),
        maxdisk=role.disk * GIB,
        storage=_store(site, plan, rng),
        created=created,
        load=load,
        power=power,
        tags=[project.stage, *role.tags],
        pool=project.name,
        description=_note(project, role, rng),
        ostype=role.ostype,
        onboot=project.stage == "prod",
        agent=role.agent and role.kind == "qemu",
        acpi=role.name != "analyser",
        ha="started" if running and site.cluster and "critical" in role.tags else None,
        mac=f"BC:24:11:{rng.randrange(256):02X}:{rng.randrange(256):02X}:{rng.randrange(256):02X}",
        uuid=str(uuid.UUID(int=rng.getrandbits(128))),
        vlan=20 + 10 * list(site.pools).index(project.name),
        pid=2000 + rng.randrange(60_000) if running else 0,
        snapshots=_snapshots(rng, created, born),
    )


def _place(site: Site, rng: random.Random) -> str:
    """A node; the first ones carry a little more."""
    names = list(site.nodes)
    return rng.choices(names, [1.35 - 0.7 * place / len(names) for place in range(len(names))])[0]


def _store(site: Site, plan: Plan, rng: random.Random) -> str:
    local = "local-zfs" if plan.zfs else "local-lvm"
    return "ceph-vm" if plan.ceph and rng.random() < 0.8 else local


def _note(project: cast.Project, role: cast.Role, rng: random.Random) -> str | None:
    if rng.random() < 0.5:
        return None
    return f"{project.name}: {role.name}\n\nOwner: team-{project.name}\nRunbook: https://wiki.example.test/{project.name}\n"


def _snapshots(rng: random.Random, created: float, born: float) -> list[Snapshot]:
    if rng.random() > 0.15:
        return []
    first = Snapshot("before-upgrade", "before the upgrade", born - rng.uniform(1, 19) * 86400)
    if rng.random() < 0.4:
        return [first, Snapshot("good", "known to work", first.time + 40_000, first.name)]
    return [first]


def _templates(site: Site, plan: Plan, rng: random.Random) -> None:
    """A machine and a container that others are cloned from."""
    for offset, (name, kind, ostype) in enumerate((("tpl-debian-13", "qemu", "l26"), ("tpl-alpine", "lxc", "alpine"))):
        vmid = (9000 if plan.guests < 3000 else 99_000) + offset + plan.first_vmid // 1000 * 10
        created = site.world.born - 300 * 86400
        site.guests[vmid] = Guest(
            vmid,
            kind,
            name,
            next(iter(site.nodes)),
            2,
            2 * GIB,
            10 * GIB,
            _store(site, plan, rng),
            created,
            Load(),
            [PowerChange(created, "stopped")],
            tags=["template"],
            template=True,
            ostype=ostype,
            mac=f"BC:24:11:00:00:{vmid % 256:02X}",
            uuid=str(uuid.UUID(int=rng.getrandbits(128))),
        )


def backup_store(site: Site) -> str:
    return backup_stores(site)[0]


IMAGES: Sequence[tuple[str, str, str, int]] = (
    ("iso/debian-13.1.0-amd64-netinst.iso", "iso", "iso", 783_286_272),
    ("iso/virtio-win-0.1.271.iso", "iso", "iso", 733_456_384),
    ("vztmpl/debian-13-standard_13.1-1_amd64.tar.zst", "vztmpl", "tzst", 129_163_264),
    ("vztmpl/alpine-3.22-default_20250617_amd64.tar.xz", "vztmpl", "txz", 3_145_728),
)


def _images(site: Site) -> None:
    """Images on each node's ``local``."""
    born = site.world.born
    for node in site.nodes:
        site.volumes[f"{node}:local"] = [
            Volume(f"local:{path}", content, form, size, born - 40 * 86400) for path, content, form, size in IMAGES
        ]
