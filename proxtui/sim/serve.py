"""Serving a world: sockets, certificates, announcement, and a clean end."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from proxtui.sim import trouble
from proxtui.sim.consoles.options import is_loopback, parse_bridge
from proxtui.sim.faults import WORLD, Fault, parse_fault
from proxtui.sim.running import running
from proxtui.sim.scenarios import MOST, SCENARIOS, huge
from proxtui.sim.world import Site, World


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What ``sim serve`` can be told."""

    scenario: str = "small"
    guests: int | None = None
    """How many guests ``huge`` has; None: as many as it always has."""
    port: int = 8006
    """0: free ports; else this one and the following, one a server."""
    host: str = "127.0.0.1"
    env_file: Path | None = None
    """Gets the ``PROXMOX_*`` lines of a client; ``FILE.SERVER`` for each server."""
    announce: bool = False
    stay_with_parent: bool = False
    seed: int = 1
    auth_delay: float = 3.0
    latency: float = 0.0
    """Milliseconds added to every answer."""
    faults: tuple[str, ...] = field(default=())
    speed: float = 1.0
    vnc: tuple[str, ...] = field(default=())
    """``VMID=HOST:PORT`` or ``VMID=/SOCKET``: VNC servers of this machine that play the screens of guests."""
    shell: bool = False
    """True: terminals are shells of this machine."""
    still: bool = False
    """True: nothing happens by itself; only load moves."""


class UsageProblem(Exception):
    """An option that makes no sense; ``str()`` is the line to print."""


def check(options: ServeOptions) -> None:
    """Raises :class:`UsageProblem` for a value that makes no sense."""
    if options.scenario not in SCENARIOS:
        raise UsageProblem(f"unknown scenario {options.scenario!r}; there are: {', '.join(SCENARIOS)}")
    if options.guests is not None and options.scenario != "huge":
        raise UsageProblem("--guests goes with --scenario huge only")
    if options.guests is not None and not 100 <= options.guests <= MOST:
        raise UsageProblem(f"--guests must be from 100 to {MOST}")
    if not 0 <= options.port <= 65_535:
        raise UsageProblem("--port must be from 0 to 65535")
    if not 0 < options.speed < math.inf:
        raise UsageProblem("--speed must be more than 0")
    for name, value in (("--auth-delay", options.auth_delay), ("--latency", options.latency)):
        if not 0 <= value < math.inf:
            raise UsageProblem(f"{name} must be 0 or more")
    for text in options.faults:
        try:
            parse_fault(text)
        except ValueError as error:
            raise UsageProblem(f"--fault: {error}") from error
    _check_consoles(options)
    _check_surroundings(options)


def _check_consoles(options: ServeOptions) -> None:
    """Raises :class:`UsageProblem` for consoles that cannot be, or must not."""
    for text in options.vnc:
        try:
            parse_bridge(text)
        except ValueError as error:
            raise UsageProblem(f"--vnc: {error}") from error
    if options.shell and not is_loopback(options.host):
        raise UsageProblem(f"--shell gives a shell of this machine away: not with --host {options.host}")


def _check_surroundings(options: ServeOptions) -> None:
    """What depends on where we run. Raises :class:`UsageProblem`."""
    file = options.env_file
    if file is not None and not file.absolute().parent.is_dir():
        raise UsageProblem(f"--env-file: there is no folder {file.absolute().parent}")
    if file is not None and file.is_dir():
        raise UsageProblem(f"--env-file: {file} is a folder")
    if options.stay_with_parent and not _can_be_watched(sys.stdin):
        raise UsageProblem("--stay-with-parent needs a pipe or a terminal as stdin: it ends when stdin ends")


def _can_be_watched(stdin: TextIO | None) -> bool:
    """Whether the end of stdin can be waited for; /dev/null and files have none that comes later."""
    if stdin is None or stdin.closed:
        return False
    mode = os.fstat(stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stdin.isatty()


def make_world(options: ServeOptions) -> World:
    """The world of the options, with its faults. Raises :class:`UsageProblem`."""
    check(options)
    world = World(seed=options.seed, speed=options.speed, auth_delay=options.auth_delay)
    if options.guests is None:
        SCENARIOS[options.scenario](world)
    else:
        huge(world, options.guests)
    if options.port and options.port + len(world.sites) - 1 > 65_535:
        raise UsageProblem(f"--port {options.port}: {len(world.sites)} servers need as many ports, up to 65535")
    world.paused = options.still
    world.consoles.shell = options.shell
    world.consoles.bridges = dict(map(parse_bridge, options.vnc))
    try:
        faults = [parse_fault(text) for text in options.faults]
        if options.latency > 0:
            faults.append(Fault("latency", ms=options.latency))
        for fault in faults:
            trouble.sites_of(world, fault)
            world.faults.add(fault)
            if fault.kind in WORLD:
                trouble.cause(world, fault)
    except ValueError as error:
        raise UsageProblem(f"--fault: {error}") from error
    return world


def run_serve(options: ServeOptions) -> int:
    """Serve until SIGTERM, SIGINT or, if asked, the end of stdin. Returns the exit code."""
    try:
        world = make_world(options)
    except UsageProblem as problem:
        _say(f"proxtui sim: {problem}")
        return 2
    if not is_loopback(options.host):
        _say(f"proxtui sim: WARNING: listening on {options.host}: anyone who reaches it can log in to the simulation")
    try:
        return asyncio.run(_serve(world, options))
    except UsageProblem as problem:
        _say(f"proxtui sim: {problem}")
        return 2
    except OSError as error:
        _say(f"proxtui sim: cannot listen on {options.host} port {options.port}: {error.strerror or error}")
        return 2


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 -- narration belongs on stderr


async def _serve(world: World, options: ServeOptions) -> int:
    """Serve until told to end. Raises OSError when a port is taken."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with running(world, host=options.host, port=options.port) as told:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ending.set)
        watching = asyncio.create_task(_watch_stdin(ending)) if options.stay_with_parent else None
        try:
            _tell(world, options, told)
            await ending.wait()
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
    _say("proxtui sim: ended")
    return 0


async def _watch_stdin(ending: asyncio.Event) -> None:
    """End with the parent: its death closes our stdin."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        continue
    ending.set()


def _tell(world: World, options: ServeOptions, told: dict[str, Any]) -> None:
    for place, server in enumerate(told["servers"]):
        site = world.sites[server["server"]]
        shown = f"[{server['host']}]" if ":" in server["host"] else server["host"]
        _say(
            f"proxtui sim: {site.tenant_name}, server {site.name}: https://{shown}:{server['port']}  "
            f"(PVE {site.release}, {len(site.nodes)} nodes, {len(site.guests)} guests)"
        )
        if options.env_file is not None:
            text = env_lines(server, site)
            _write_private(options.env_file.with_name(f"{options.env_file.name}.{site.name}"), text)
            if place == 0:
                _write_private(options.env_file, text)
    _say(f"proxtui sim: control token {world.control_token}")
    if options.announce:
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def env_lines(server: dict[str, Any], site: Site) -> str:
    """The ``PROXMOX_*`` variables of a client of this server."""
    return (
        f"# {site.tenant_name}, server {site.name}\n"
        f"PROXMOX_HOST={server['host']}\n"
        f"PROXMOX_PORT={server['port']}\n"
        f"PROXMOX_TOKEN_ID={server['token_id']}\n"
        f"PROXMOX_TOKEN_SECRET={server['token_secret']}\n"
        f"PROXMOX_FINGERPRINT={server['fingerprint']}\n"
        f"# or: PROXMOX_USERNAME={server['username']} PROXMOX_PASSWORD={server['password']}\n"
    )


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads. Raises :class:`UsageProblem` when it cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise UsageProblem(f"--env-file: cannot write {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
