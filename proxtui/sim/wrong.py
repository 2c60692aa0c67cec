"""Carrying out the faults of the wire."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from proxtui.sim.faults import Fault
from proxtui.sim.reply import JSON, Dropped, Reply
from proxtui.sim.world import Site, World

PAGE = (
    "<!DOCTYPE html><html><head><title>{status} {reason}</title></head>"
    "<body><center><h1>{status} {reason}</h1></center><hr><center>nginx/1.24.0</center></body></html>\n"
)


async def misbehave(
    world: World, site: Site, method: str, path: str, decide: Callable[[Any], Awaitable[Reply]], request: Any
) -> Reply:
    """The reply of ``decide``, or what the faults in force make of it. Raises :class:`Dropped`."""
    hits = world.faults.take(site.name, method, path)
    for fault in hits:
        instead = await _before(world, fault)
        if instead is not None:
            return instead
    reply = await decide(request)
    for fault in hits:
        _after(fault, reply)
    return reply


async def _before(world: World, fault: Fault) -> Reply | None:
    if fault.kind == "latency":
        await _wait(world, fault.ms / 1000)
    elif fault.kind == "hang":
        await world.stopping.wait()
        raise Dropped
    elif fault.kind == "drop":
        raise Dropped
    elif fault.kind == "status":
        return Reply(fault.status, fault.reason or _phrase(fault.status), fault.body.encode())
    elif fault.kind == "html":
        status = fault.status
        text = PAGE.format(status=status, reason=fault.reason or _phrase(status))
        return Reply(status, fault.reason or _phrase(status), text.encode(), "text/html")
    elif fault.kind == "garbage":
        return Reply(200, "OK", random.Random(7).randbytes(400), JSON)
    elif fault.kind == "empty":
        return Reply(200, "OK", fault.body.encode(), JSON)
    return None


def _after(fault: Fault, reply: Reply) -> None:
    if fault.kind == "drop-after":
        raise Dropped
    if fault.kind == "truncate":
        reply.cut = True
    elif fault.kind == "drip":
        reply.drip = (fault.ms or 1000) / 1000


async def _wait(world: World, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await world.stopping.wait()
    except TimeoutError:
        return


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
