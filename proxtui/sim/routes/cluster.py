"""``/version``, ``/cluster`` and ``/nodes``: the lists that a dashboard polls."""

from __future__ import annotations

from typing import Any

from proxtui.sim.api import Answer, Call, failed, invalid
from proxtui.sim.state import Node
from proxtui.sim.views import Row, reported


def version(call: Call) -> Row:
    site = call.site
    return {"version": site.version, "release": site.release, "repoid": site.repoid}


def node_row(call: Call, node: Node) -> Row:
    """Nodes are always listed; without Sys.Audit there is no load, and an offline one keeps only its sizes."""
    row: Row = {"id": f"node/{node.name}", "type": "node", "node": node.name, "level": ""}
    row["status"] = "online" if node.online else "offline"
    moment = call.site.reported_at(node, call.now)
    if not call.may(f"/nodes/{node.name}", "Sys.Audit"):
        return row
    if node.online and moment is not None:
        return row | reported(call.site, node, moment)
    return row | {"maxcpu": node.cpus, "maxmem": node.maxmem, "maxdisk": node.rootfs}


def nodes(call: Call) -> list[Row]:
    return [node_row(call, node) | {"ssl_fingerprint": node.fingerprint} for node in call.site.nodes.values()]


def status(call: Call) -> list[Row]:
    """``/cluster/status``. A node that stands alone has no cluster row and nodeid 0."""
    site = call.site
    rows: list[Row] = []
    if site.cluster:
        row = {"id": "cluster", "type": "cluster", "name": site.cluster, "version": len(site.nodes)}
        rows.append(row | {"nodes": len(site.nodes), "quorate": int(site.quorate)})
    for node in site.nodes.values():
        rows.append(
            {
                "id": f"node/{node.name}",
                "type": "node",
                "name": node.name,
                "nodeid": node.nodeid if site.cluster else 0,
                "ip": node.ip,
                "online": int(node.online),
                "local": int(node is site.entry),
                "level": "",
            }
        )
    return rows


def log(call: Call) -> list[Row]:
    """``/cluster/log``: silently only one's own lines without Sys.Syslog."""
    everything = call.may("/", "Sys.Syslog")
    rows = [
        {
            "uid": str(entry.uid),
            "id": f"{entry.uid}:{entry.node}",
            "node": entry.node,
            "time": int(entry.time),
            "user": entry.user,
            "tag": entry.tag,
            "pid": entry.pid,
            "pri": entry.pri,
            "msg": entry.msg,
        }
        for entry in reversed(call.site.log)
        if everything or entry.user == call.who.userid
    ]
    return rows[: call.params.get("max", 50)]


def nextid(call: Call) -> str:
    """The lowest free VMID, a string."""
    asked = call.params.get("vmid")
    if asked is not None:
        if asked in call.site.guests:
            raise invalid("vmid", f"VM {asked} already exists")
        return str(asked)
    vmid = 100
    while vmid in call.site.guests:
        vmid += 1
    return str(vmid)


def options(call: Call) -> Row:
    tags = sorted({tag for guest in call.site.guests.values() for tag in guest.tags})
    row: Row = {"allowed-tags": tags}
    if call.may("/", "Sys.Audit"):
        row |= {"mac_prefix": "BC:24:11", "description": ""}
    return row


def config_nodes(call: Call) -> list[Row]:
    if not call.site.cluster:
        raise failed("corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?")
    return [
        {
            "name": node.name,
            "node": node.name,
            "nodeid": str(node.nodeid),
            "quorum_votes": "1",
            "ring0_addr": node.ip,
        }
        for node in call.site.nodes.values()
    ]


def tasks(call: Call) -> list[Row]:
    """``/cluster/tasks``: running ones and up to 25 finished ones of each node, in no promised order."""
    rows: list[Row] = []
    everything = call.may("/", "Sys.Audit")
    finished: dict[str, int] = {}
    for task in reversed(call.site.tasks):
        if not everything and task.userid != call.who.userid:
            continue
        row: Row = {
            "upid": task.upid,
            "node": task.node,
            "type": task.type,
            "id": task.id,
            "user": task.userid,
            "starttime": int(task.start),
            "saved": "0",
        }
        if task.tokenid:
            row["tokenid"] = task.tokenid
        if task.done(call.now):
            finished[task.node] = finished.get(task.node, 0) + 1
            if finished[task.node] > 25:
                continue
            row |= {"endtime": int(task.end or 0), "status": task.exit, "saved": "1"}
        rows.append(row)
    return rows


def index(*names: str, key: str = "name") -> Any:
    """An endpoint that lists what lies below it."""

    def run(call: Call) -> Answer:
        return Answer([{key: name} for name in names])

    return run
