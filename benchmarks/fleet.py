"""Made-up answers of ``GET /cluster/resources``: as many guests as wanted, the keys of each row in an order of its own.

PVE is written in Perl, whose hashes have another order in every answer: equal data does not give equal bytes.
"""

from __future__ import annotations

import json
import random
from typing import Any

GIB = 1024**3
ROLES = ("web", "db", "cache", "mail", "proxy", "build", "queue", "files", "auth", "search")
TAGS = ("prod", "test", "backup", "linux", "windows", "prod;linux", "test;linux", None)
FASTEST = 300_000
"""Bytes a guest may move between two polls."""

Rows = list[dict[str, Any]]


def rows(guests: int, *, nodes: int | None = None, seed: int = 1) -> Rows:
    """The rows of one cluster: its nodes (one for every 200 guests unless said), their storages, its guests."""
    rng = random.Random(seed)
    count = nodes or max(1, guests // 200)
    names = [f"pve{number:03}" for number in range(1, count + 1)]
    found: Rows = []
    for name in names:
        found.append(_node(name, rng))
        found += [_storage("local", name, rng, shared=0), _storage("ceph", name, rng, shared=1)]
    # PVE sorts guests by their id as text.
    ids = sorted(range(100, 100 + guests), key=str)
    return [*(_guest(vmid, names[vmid % count], rng) for vmid in ids), *found]


def moved(before: Rows, part: float, *, seed: int) -> Rows:
    """The same fleet a poll later: ``part`` (0..1) of the guests have new counters."""
    rng = random.Random(seed)
    guests = [index for index, row in enumerate(before) if "vmid" in row]
    chosen = set(rng.sample(guests, round(len(guests) * part)))
    return [_later(row, rng) if index in chosen else row for index, row in enumerate(before)]


def body(of: Rows, *, seed: int) -> bytes:
    """The answer as PVE writes it, every row's keys in an order that depends on ``seed``."""
    rng = random.Random(seed)
    data = [dict(rng.sample(list(row.items()), len(row))) for row in of]
    return json.dumps({"data": data}, separators=(",", ":")).encode()


def _guest(vmid: int, node: str, rng: random.Random) -> dict[str, Any]:
    kind = "lxc" if rng.random() < 0.3 else "qemu"
    running = rng.random() < 0.9
    row: dict[str, Any] = {
        "id": f"{kind}/{vmid}",
        "type": kind,
        "vmid": vmid,
        "name": f"{rng.choice(ROLES)}-{rng.choice(ROLES)}-{vmid:05}",
        "node": node,
        "status": "running" if running else "stopped",
        "template": 0,
        "maxcpu": rng.choice((1, 2, 4, 8)),
        "maxmem": rng.choice((2, 4, 8, 16)) * GIB,
        "maxdisk": rng.choice((32, 64, 128)) * GIB,
        "cpu": rng.random() if running else 0,
        "mem": rng.randrange(2 * GIB) if running else 0,
        "disk": rng.randrange(32 * GIB) if kind == "lxc" else 0,
        "uptime": rng.randrange(5_000_000) if running else 0,
        "netin": rng.randrange(10**11),
        "netout": rng.randrange(10**11),
        "diskread": rng.randrange(10**11),
        "diskwrite": rng.randrange(10**11),
    }
    if tags := rng.choice(TAGS):
        row["tags"] = tags
    return row


def _later(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    new = dict(row, cpu=rng.random(), mem=rng.randrange(2 * GIB), uptime=row["uptime"] + 10)
    for counter in ("netin", "netout", "diskread", "diskwrite"):
        new[counter] += rng.randrange(1, FASTEST)
    return new


def _node(name: str, rng: random.Random) -> dict[str, Any]:
    return {
        "id": f"node/{name}",
        "type": "node",
        "node": name,
        "status": "online",
        "level": "",
        "cpu": rng.random(),
        "maxcpu": 64,
        "mem": rng.randrange(256 * GIB),
        "maxmem": 512 * GIB,
        "disk": rng.randrange(64 * GIB),
        "maxdisk": 96 * GIB,
        "uptime": rng.randrange(10_000_000),
        "cgroup-mode": 2,
    }


def _storage(name: str, node: str, rng: random.Random, *, shared: int) -> dict[str, Any]:
    return {
        "id": f"storage/{node}/{name}",
        "type": "storage",
        "storage": name,
        "node": node,
        "status": "available",
        "plugintype": "rbd" if shared else "dir",
        "content": "images,rootdir" if shared else "iso,backup,vztmpl",
        "shared": shared,
        "disk": rng.randrange(1000 * GIB),
        "maxdisk": 2000 * GIB,
    }
