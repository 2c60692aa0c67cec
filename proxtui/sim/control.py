"""The simulator's own door, outside ``/api2``: what was asked of it, and what is to go wrong.

    GET    /_sim/requests     total, counts ("SERVER METHOD PATH"), connections, the last 2000; DELETE forgets them
    GET    /_sim/changes      the same for POST, PUT and DELETE alone, with their parameters
    GET    /_sim/tasks        tasks that did not end yet; POST {"upid": ..., "exit": "OK"}: end one that a fault holds
    POST   /_sim/nodes        {"server": ..., "node": ..., "online": true}: switch a node on, or off
    GET    /_sim/faults       what is wrong now
    POST   /_sim/faults       {"kind": ..., ...}: make something wrong (keys: ``faults.Fault``); answers its number
    DELETE /_sim/faults[/ID]  mend one, or everything
    POST   /_sim/life         {"paused": true}: nothing happens by itself any more
    GET    /_sim/consoles     those that are open;  POST {"server": ..., "vmid": ..., "scene": "panic"}: what a VM shows
    GET    /_sim/world        servers, nodes, counts;  /_sim/accounts: who can log in, and how

Every call needs ``Authorization: Bearer CONTROL_TOKEN`` (or ``X-Sim-Token``), with the token of the announcement.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from proxtui.sim import trouble, work, work_nodes
from proxtui.sim.consoles import doors as consoles
from proxtui.sim.faults import WORLD, fault_from
from proxtui.sim.reply import Reply
from proxtui.sim.world import Site, World

PREFIX = "/_sim/"
JSON = "application/json"


def answer(world: World, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
    """One call of the control endpoint."""
    given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-sim-token", "")
    if not hmac.compare_digest(given.encode(), world.control_token.encode()):
        return _reply(401, {"error": "the control token is missing or wrong"})
    name = path.removeprefix(PREFIX).strip("/")
    try:
        values = json.loads(body) if body else {}
        if not isinstance(values, dict):
            raise ValueError("the body must be a JSON object")
        return _dispatch(world, method, name, values)
    except ValueError as error:
        return _reply(400, {"error": str(error)})


def _dispatch(world: World, method: str, name: str, values: dict[str, Any]) -> Reply:
    if name.partition("/")[0] == "faults" and method == "DELETE":
        return _reply(200, _remove(world, name.partition("/")[2]))
    run = CALLS.get((method, name))
    if run is None:
        return _reply(404, {"error": f"no {method} {PREFIX}{name}"})
    return _reply(200, run(world, values))


def _forget(world: World, values: dict[str, Any]) -> dict[str, Any]:
    world.requests.clear()
    return {}


def _faults(world: World, values: dict[str, Any]) -> dict[str, Any]:
    return {"faults": [fault.as_json() for fault in world.faults.active.values()]}


def _life(world: World, values: dict[str, Any]) -> dict[str, Any]:
    world.paused = bool(values.get("paused", False))
    return {"paused": world.paused}


def _add(world: World, values: dict[str, Any]) -> dict[str, Any]:
    fault = fault_from(values)
    trouble.sites_of(world, fault)
    world.faults.add(fault)
    if fault.kind in WORLD:
        try:
            trouble.cause(world, fault)
        except ValueError:
            del world.faults.active[fault.id]
            raise
    return fault.as_json()


def _tasks(world: World) -> list[dict[str, Any]]:
    now = world.advance()
    return [
        {"server": site.name, "upid": task.upid, "held": task.held is not None}
        for site in world.sites.values()
        for task in site.tasks
        if not task.done(now)
    ]


def _end(world: World, values: dict[str, Any]) -> dict[str, Any]:
    """Let a held task go on, or with ``exit`` end it. Raises ValueError when there is none."""
    for site in world.sites.values():
        for task in site.tasks:
            if task.upid == values.get("upid") and task.held is not None:
                work.release(site, task, str(values["exit"]) if "exit" in values else None)
                return {"upid": task.upid}
    raise ValueError(f"no task {values.get('upid')!r} is being held")


def _switch(world: World, values: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError when there is no such node."""
    site = world.sites.get(str(values.get("server")))
    node = site.nodes.get(str(values.get("node"))) if site else None
    if site is None or node is None:
        raise ValueError(f"there is no node {values.get('node')!r} on a server {values.get('server')!r}")
    if values.get("online", True):
        work_nodes.come_up(site, node)
    else:
        work_nodes.go_down(site, node)
    return {"node": node.name, "online": node.online}


def _remove(world: World, which: str) -> dict[str, Any]:
    """One fault by its number, or all of them."""
    if which and not which.isdigit():
        raise ValueError(f"{which!r} is not the number of a fault")
    active = world.faults.active
    gone = [active[int(which)]] if which and int(which) in active else [] if which else list(active.values())
    for fault in gone:
        del active[fault.id]
        if fault.kind in WORLD or fault.kind == "task-hang":
            trouble.mend(world, fault)
    return {"removed": [fault.id for fault in gone]}


def _world(world: World) -> dict[str, Any]:
    return {
        "seed": world.seed,
        "speed": world.speed,
        "paused": world.paused,
        "now": world.now(),
        "servers": {
            site.name: {
                "version": site.version,
                "nodes": {node.name: node.online for node in site.nodes.values()},
                "guests": len(site.guests),
                "running_tasks": sum(not task.done(world.now()) for task in site.tasks),
            }
            for site in world.sites.values()
        },
    }


def _accounts(site: Site) -> dict[str, Any]:
    """Everybody who can log in, with what they need for it."""
    return {
        "users": {
            user.userid: {
                "password": user.password,
                "totp": user.totp,
                "recovery": [key for key in user.recovery if key],
            }
            for user in site.users.values()
        },
        "tokens": {token.full: token.secret for token in site.tokens.values()},
    }


CALLS: dict[tuple[str, str], Callable[[World, dict[str, Any]], dict[str, Any]]] = {
    ("GET", "requests"): lambda world, _: world.requests.as_json(),
    ("DELETE", "requests"): _forget,
    ("GET", "changes"): lambda world, _: world.requests.changes(),
    ("GET", "tasks"): lambda world, _: {"tasks": _tasks(world)},
    ("POST", "tasks"): _end,
    ("POST", "nodes"): _switch,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add,
    ("POST", "life"): _life,
    ("GET", "consoles"): lambda world, _: {"consoles": consoles.listing(world)},
    ("POST", "consoles"): consoles.change,
    ("GET", "accounts"): lambda world, _: {"servers": {site.name: _accounts(site) for site in world.sites.values()}},
    ("GET", "world"): lambda world, _: _world(world),
}


def _reply(status: int, data: dict[str, Any]) -> Reply:
    reasons = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
    return Reply(status, reasons[status], json.dumps(data).encode(), JSON)
