"""From the 101 to the end of a console: what happens on one WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

from proxtui.sim.consoles import rfb, terminal
from proxtui.sim.consoles.bridge import NoBridge, bridge
from proxtui.sim.consoles.crowd import Crowd
from proxtui.sim.consoles.desk import Desk, Worker, desk_of
from proxtui.sim.consoles.getty import Getty
from proxtui.sim.consoles.party import Line, Party
from proxtui.sim.consoles.scenes import Scene, Terminal
from proxtui.sim.consoles.wire import Channel

GONE: Final = (asyncio.IncompleteReadError, ConnectionError, rfb.Unfriendly)
"""How a client ends a console."""
BROKEN: Final = "Failed to run vncproxy."


async def serve(worker: Worker, channel: Channel) -> None:
    """Play one console to its end, and end its task. The channel is closed afterwards."""
    site, desk = worker.site, desk_of(worker.site)
    run = _terminal if worker.command else _vnc
    ends = "OK"

    async def play() -> None:
        nonlocal ends
        with contextlib.suppress(*GONE):
            ends = await run(worker, desk, channel)

    try:
        await _first(play(), worker.cut.wait(), site.world.stopping.wait())
    finally:
        desk.finish(worker, ends)
        await channel.close()


async def _first(*jobs: Coroutine[Any, Any, Any]) -> None:
    """Run until one of them ends; the others are cancelled. Raises what that one raised."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _watch_idle(worker: Worker, channel: Channel) -> None:
    """End a VNC console in which nothing moves, as ``qm vncproxy`` does after a quarter of an hour."""
    world = worker.site.world

    def look(moment: float) -> None:
        due = channel.touched + world.consoles.idle
        if moment >= due:
            worker.cut.set()
        elif not worker.cut.is_set() and channel.open:
            world.at(due, look)

    world.at(world.now() + world.consoles.idle, look)


async def _vnc(worker: Worker, desk: Desk, channel: Channel) -> str:
    world, guest = worker.site.world, worker.guest
    if guest is None or guest.kind == "lxc":
        return await _vncterm(worker, desk, channel)
    if not guest.running or not worker.node.online:
        return BROKEN
    secret = worker.password or worker.ticket
    desk.set_password(guest.vmid, secret, world.now() + world.consoles.password)
    _watch_idle(worker, channel)
    if not await rfb.welcome(channel, lambda: desk.password(guest.vmid, world.now())):
        return "OK"
    target = world.consoles.bridges.get(guest.vmid)
    if target is not None:
        try:
            await bridge(channel, target)
        except NoBridge as error:
            return f"{BROKEN} {target.path or target.port}: {error}"
        return "OK"
    scene = _serial(guest.extra) or (lambda: desk.scene(guest, world.now()))
    session = rfb.Session(channel, scene, f"QEMU ({guest.name})", desk.crowd(guest.vmid))
    await _first(session.run(world.now), _off(worker))
    return "OK"


async def _vncterm(worker: Worker, desk: Desk, channel: Channel) -> str:
    """A terminal drawn by the server: containers, and the shells of nodes."""
    world, guest = worker.site.world, worker.guest
    secret = worker.password or worker.ticket
    if not worker.node.online or not await rfb.welcome(channel, lambda: secret):
        return "OK"
    scene = Terminal(Getty(guest.name if guest else worker.node.name))
    await rfb.Session(channel, lambda: scene, "VNC Command Terminal", Crowd()).run(world.now)
    return "OK"


def _serial(extra: dict[str, Any]) -> Callable[[], Scene] | None:
    """A machine whose display is a serial port."""
    if not str(extra.get("vga", "")).startswith("serial"):
        return None
    scene = Terminal(Getty("serial"))
    return lambda: scene


async def _off(worker: Worker) -> None:
    """Ends when the machine was switched off or started anew."""
    guest = worker.guest
    started = guest.started_at(worker.site.world.now()) if guest else None
    while guest is not None and guest.running and guest.started_at(worker.site.world.now()) == started:  # noqa: ASYNC110
        await asyncio.sleep(0.2)  # a guest is plain data, which tells nobody that it changed


async def _terminal(worker: Worker, desk: Desk, channel: Channel) -> str:
    """Prove, then sit down. Whoever proves nothing within ten seconds is sent away."""
    world = worker.site.world
    late = asyncio.Event()
    world.at(world.now() + world.consoles.connect, lambda _: late.set())
    proof = asyncio.create_task(terminal.proven(channel, worker.user, worker.ticket))
    await _first(asyncio.wait([proof]), late.wait())
    if not proof.done() or not proof.result():
        proof.cancel()
        await asyncio.gather(proof, return_exceptions=True)
        return worker.timed_out
    worker.task.log.append((world.now(), f"client connection: ('127.0.0.1', {40_000 + worker.port})"))
    words = _dead(worker)
    if words is not None:
        await channel.write(words.encode())
        return "OK"
    await _sit(worker, desk, channel)
    return "OK"


def _dead(worker: Worker) -> str | None:
    """What a console says that has nothing behind it, before it ends."""
    guest, node = worker.guest, worker.node
    if not node.online:
        return f"ssh: connect to host {node.ip} port 22: {node.unreachable}\r\r\n"
    if guest is None:
        return None
    if guest.kind == "lxc":
        said = f"lxc-console: {guest.vmid}: ../src/lxc/tools/lxc_console.c: main: 129 {guest.vmid} is not running"
        return None if guest.running else f"\x1b[H\x1b[J{said}\r\n\x1b[999H\r\n[EOF - dtach terminating]\r\n\x1b[?25h"
    port = serial_port(guest.extra, worker.serial)
    if port is None and worker.serial is not None:
        return f"serial interface '{worker.serial}' is not configured\r\n"
    if port is None:
        return "unable to find a serial interface\r\n"
    return None if guest.running else f"VM {guest.vmid} not running\r\n"


def serial_port(extra: dict[str, Any], wanted: str | None) -> str | None:
    """The serial port that ``qm terminal`` takes; None when there is none."""
    names = [wanted] if wanted else [f"serial{number}" for number in range(4)]
    return next((name for name in names if extra.get(name) == "socket"), None)


async def _sit(worker: Worker, desk: Desk, channel: Channel) -> None:
    guest = worker.guest
    if guest is None:
        await _share(desk, worker.task.upid, worker.node.name, channel, worker.user)
        return
    if guest.kind == "lxc":
        await _first(_share(desk, f"lxc/{guest.vmid}", guest.name, channel), _off(worker))
        return
    port = serial_port(guest.extra, worker.serial)
    await channel.write(f"starting serial terminal on interface {port}\r\n".encode())
    key = f"qemu/{guest.vmid}/{port}"
    if key in desk.parties:
        # The port takes one client; a second one waits for what never comes.
        await _first(_drop(channel), _off(worker))
    else:
        await _first(_share(desk, key, guest.name, channel), _off(worker))


async def _drop(channel: Channel) -> None:
    while await channel.reader.read(65_536):
        continue


async def _share(desk: Desk, key: str, host: str, channel: Channel, user: str = "") -> None:
    """Sit down at a terminal, at the one that is there if somebody is sitting at it."""
    async with desk.seating:
        party = desk.parties.get(key)
        if party is None:
            party = desk.parties[key] = Party(await _line(desk, host, user))
        party.join(channel)
    try:
        await terminal.attend(channel, party)
    finally:
        if party.leave(channel):
            del desk.parties[key]
            await party.end()


async def _line(desk: Desk, host: str, user: str) -> Line:
    if not desk.site.world.consoles.shell:
        return Getty(host, "root" if user == "root@pam" else "")
    from proxtui.sim.consoles.shell import Shell

    return await Shell.start()
