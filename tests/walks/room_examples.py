"""One example or more of every change to nodes, storages, HA and pools, for ``test_room_operations.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import ANY
from urllib.parse import quote

from proxtui.core.operation import Kind, Target
from proxtui.sim.world import Site

from .operation_examples import ARCHIVE, LAB, MORE, Example, Look, changed, of, tasks

BACKUPS = "/nodes/pve1/storage/nfs-backup"
WIRED = quote(ARCHIVE, safe="")
"""As it goes into a path."""


@dataclass(frozen=True, kw_only=True)
class RoomExample(Example):
    """A change to something that is no guest; ``at`` is its name."""

    kind: Kind
    node: str = "pve1"

    def target(self, site: Site) -> Target:
        node = "" if self.kind in (Kind.POOL, Kind.SERVER) else self.node
        return Target(LAB, self.kind, str(self.at), str(self.at), node)


def _node(operation: str, request: str, *, at: str = "pve1", **more: Any) -> RoomExample:
    method, _, path = request.partition(" ")
    return RoomExample(
        operation=f"nodes.{operation}",
        kind=Kind.NODE,
        at=at,
        node=at,
        request=f"{method} /nodes/{at}/{path}",
        **more,
    )


def _pool(operation: str, request: str, *, at: str = "dev", **more: Any) -> RoomExample:
    return RoomExample(
        operation=f"cluster.pool-{operation}", kind=Kind.POOL, at=at, request=request, has_task=False, **more
    )


def _ha(operation: str, at: int, request: str, **more: Any) -> Example:
    return Example(operation=f"cluster.ha-{operation}", at=at, request=request, has_task=False, **more)


def service(name: str) -> Look:
    return lambda site: site.nodes["pve1"].services.get(name, "running")


def asleep(site: Site) -> bool:
    return site.nodes["pve2"].asleep


def lies(place: str, volid: str) -> Look:
    return lambda site: any(volume.volid == volid for volume in site.volumes.get(place, ()))


def archive(name: str) -> Look:
    """An attribute of the newest backup of VM 100."""
    return lambda site: next(getattr(volume, name) for volume in site.volumes["nfs-backup"] if volume.volid == ARCHIVE)


def backups_of(vmid: int) -> Look:
    return lambda site: sum(volume.vmid == vmid for volume in site.volumes["nfs-backup"])


def stopped(name: str) -> Callable[[Site], None]:
    return lambda site: site.nodes["pve1"].services.update({name: "dead"})


def switched_off(site: Site) -> None:
    node = site.nodes["pve2"]
    node.offline_since, node.asleep = site.world.now() - 600, True


NODES = (
    _node("start-service", "POST services/cron/start", params={"service": "cron"}, prepare=stopped("cron"),
          look=service("cron"), before="dead", after="running"),
    _node("restart-service", "POST services/cron/restart", params={"service": "cron"}, prepare=stopped("cron"),
          look=service("cron"), before="dead", after="running"),
    _node("reload-service", "POST services/cron/reload", params={"service": "cron"}, look=tasks("srvreload", "cron"),
          before=0, after=MORE),
    _node("stop-service", "POST services/cron/stop", params={"service": "cron"}, look=service("cron"),
          before="running", after="dead"),
    _node("start-all", "POST startall",
          sends={"vms": "101", "force": "1"},
          params={"vms": "101", "force": True}, look=of(101, "status"),
          before="stopped", after="running"),
    _node("stop-all", "POST stopall",
          sends={"vms": "116", "timeout": "60", "force-stop": "1"},
          params={"vms": [116], "timeout": 60}, look=tasks("qmshutdown", 116),
          before=0, after=MORE),
    _node("suspend-all", "POST suspendall",
          sends={"vms": "111"},
          params={"vms": [111]}, look=tasks("qmsuspend", 111),
          before=0, after=MORE),
    _node("migrate-all", "POST migrateall",
          sends={"vms": "111,107", "target": "pve2", "maxworkers": "2"},
          params={"target": "pve2", "vms": "111 107", "max_workers": 2},
          look=tasks("qmigrate", 111), before=0, after=MORE),
    _node("reboot", "POST status",
          sends={"command": "reboot"},
          at="pve2", has_task=False),
    _node("shutdown", "POST status",
          sends={"command": "shutdown"},
          at="pve2", has_task=False, look=asleep, before=False, after=True),
    _node("wake", "POST wakeonlan", at="pve2", has_task=False, prepare=switched_off),
)  # fmt: skip
STORAGE = (
    RoomExample(operation="storage.upload", kind=Kind.STORAGE, at="local",
                request="POST /nodes/pve1/storage/local/upload",
                sends={"content": "iso", "filename": "tiny.iso"},
                params={"file": __file__, "filename": "tiny.iso", "content": "iso"},
                look=lies("pve1:local", "local:iso/tiny.iso"), before=False, after=True),
    RoomExample(operation="storage.download-url", kind=Kind.STORAGE, at="local",
                request="POST /nodes/pve1/storage/local/download-url",
                sends={"content": "iso", "url": "https://images.example/big.iso?key=s3cret",
                       "verify-certificates": "1", "filename": "big.iso"},
                params={"url": "https://images.example/big.iso?key=s3cret"}, hidden=("s3cret",),
                look=lies("pve1:local", "local:iso/big.iso"), before=False, after=True),
    RoomExample(operation="storage.prune", kind=Kind.STORAGE, at="nfs-backup", request=f"DELETE {BACKUPS}/prunebackups",
                sends={"vmid": "100", "prune-backups": "keep-last=2"},
                params={"vmid": 100, "keep_last": 2}, look=backups_of(100), after=2),
    RoomExample(operation="storage.update", kind=Kind.VOLUME, at=ARCHIVE, request=f"PUT {BACKUPS}/content/{WIRED}",
                sends={"notes": "quiet words", "protected": "1"},
                params={"protected": True, "notes": "quiet words"}, hidden=("quiet",), has_task=False,
                look=archive("protected"), before=False, after=True),
    RoomExample(operation="storage.delete", kind=Kind.VOLUME, at=ARCHIVE, request=f"DELETE {BACKUPS}/content/{WIRED}",
                look=lies("nfs-backup", ARCHIVE), before=True, after=False),
)  # fmt: skip
CLUSTER = (
    _ha("add", 102, "POST /cluster/ha/resources",
        sends={"comment": "quiet words", "state": "stopped", "sid": "vm:102"},
        params={"state": "stopped", "comment": "quiet words"},
        hidden=("quiet",), look=of(102, "ha"), before=None, after="stopped"),
    _ha("add", 104, "POST /cluster/ha/resources",
        sends={"state": "started", "sid": "ct:104"},
        look=of(104, "ha"), before=None, after="started"),
    _ha("update", 103, "PUT /cluster/ha/resources/vm%3A103",
        sends={"state": "stopped", "digest": ANY},
        params={"state": "stopped"},
        look=of(103, "ha"), before="started", after="stopped"),
    _ha("remove", 103, "DELETE /cluster/ha/resources/vm%3A103", look=of(103, "ha"), before="started", after=None),
    _ha("migrate", 103, "POST /cluster/ha/resources/vm%3A103/migrate",
        sends={"node": "pve2"},
        params={"target": "pve2"}),
    _ha("relocate", 105, "POST /cluster/ha/resources/ct%3A105/relocate",
        sends={"node": "pve2"},
        params={"target": "pve2"},
        prepare=changed(105, ha="started")),
    _pool("create", "POST /pools",
          sends={"poolid": "web/team", "comment": "for the web"},
          params={"poolid": "web/team", "comment": "for the web"},
          prepare=lambda site: site.pools.update({"web": ""}),
          look=lambda site: "web/team" in site.pools, before=False, after=True),
    RoomExample(operation="cluster.pool-create", kind=Kind.SERVER, at="", request="POST /pools",
                sends={"poolid": ".hidden"},
                has_task=False,
                params={"poolid": ".hidden"}, look=lambda site: ".hidden" in site.pools, before=False, after=True),
    _pool("update", "PUT /pools",
          sends={"poolid": "dev", "comment": "other words"},
          params={"comment": "other words"}, look=lambda site: site.pools["dev"],
          after="other words"),
    _pool("add", "PUT /pools",
          sends={"poolid": "dev", "vms": "9000", "storage": "local"},
          params={"vms": "9000", "storages": "local"}, look=of(9000, "pool"),
          before=None, after="dev"),
    _pool("remove", "PUT /pools",
          sends={"poolid": "dev", "vms": "111", "delete": "1"},
          params={"vms": [111]}, look=of(111, "pool"), before="dev", after=None),
    _pool("delete", "DELETE /pools",
          sends={"poolid": "old"},
          at="old", prepare=lambda site: site.pools.update({"old": ""}),
          look=lambda site: "old" in site.pools, before=True, after=False),
)  # fmt: skip
EXAMPLES: tuple[Example, ...] = (*NODES, *STORAGE, *CLUSTER)
