"""The simulator's own door, outside ``/api2``: what was asked of it, and what is to go wrong.

    GET    /_sim/requests     total, counts ("SERVER METHOD PATH"), connections, the last 2000; DELETE forgets them
    GET    /_sim/faults       what is wrong now
    POST   /_sim/faults       {"kind": ..., ...}: make something wrong (keys: ``faults.Fault``); answers its number
    DELETE /_sim/faults[/ID]  mend one, or everything
    POST   /_sim/life         {"paused": true}: nothing happens by itself any more
    GET    /_sim/world        servers, nodes, counts;  /_sim/accounts: who can log in, and how

Every call needs ``Authorization: Bearer CONTROL_TOKEN`` (or ``X-Sim-Token``), with the token of the announcement.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from proxtui.sim import trouble
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
    if name == "requests" and method == "GET":
        return _reply(200, world.requests.as_json())
    if name == "requests" and method == "DELETE":
        world.requests.clear()
        return _reply(200, {})
    if name == "faults" and method == "GET":
        return _reply(200, {"faults": [fault.as_json() for fault in world.faults.active.values()]})
    if name == "faults" and method == "POST":
        return _reply(200, _add(world, values))
    if name.partition("/")[0] == "faults" and method == "DELETE":
        return _reply(200, _remove(world, name.partition("/")[2]))
    if name == "life" and method == "POST":
        world.paused = bool(values.get("paused", False))
        return _reply(200, {"paused": world.paused})
    if name == "accounts" and method == "GET":
        return _reply(200, {"servers": {site.name: _accounts(site) for site in world.sites.values()}})
    if name == "world" and method == "GET":
        return _reply(200, _world(world))
    return _reply(404, {"error": f"no {method} {PREFIX}{name}"})


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


def _remove(world: World, which: str) -> dict[str, Any]:
    """One fault by its number, or all of them."""
    if which and not which.isdigit():
        raise ValueError(f"{which!r} is not the number of a fault")
    active = world.faults.active
    gone = [active[int(which)]] if which and int(which) in active else [] if which else list(active.values())
    for fault in gone:
        del active[fault.id]
        if fault.kind in WORLD:
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


def _reply(status: int, data: dict[str, Any]) -> Reply:
    reasons = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
    return Reply(status, reasons[status], json.dumps(data).encode(), JSON)
