"""Serving a world: sockets, certificates, announcement, and a clean end."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proxtui.sim import trouble
from proxtui.sim.faults import WORLD, Fault, parse_fault
from proxtui.sim.running import running
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.world import Site, World


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What ``sim serve`` can be told."""

    scenario: str = "small"
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
    still: bool = False
    """True: nothing happens by itself; only load moves."""


class UsageProblem(Exception):
    """An option that makes no sense; ``str()`` is the line to print."""


def make_world(options: ServeOptions) -> World:
    """The world of the options, with its faults. Raises :class:`UsageProblem`."""
    if options.scenario not in SCENARIOS:
        raise UsageProblem(f"unknown scenario {options.scenario!r}; there are: {', '.join(SCENARIOS)}")
    if options.speed <= 0:
        raise UsageProblem("--speed must be more than 0")
    world = World(seed=options.seed, speed=options.speed, auth_delay=options.auth_delay)
    SCENARIOS[options.scenario](world)
    world.paused = options.still
    try:
        faults = [parse_fault(text) for text in options.faults]
        if options.latency > 0:
            faults.append(Fault("latency", ms=options.latency))
        for fault in faults:
            world.faults.add(fault)
            if fault.kind in WORLD:
                trouble.cause(world, fault)
    except ValueError as error:
        raise UsageProblem(str(error)) from error
    return world


def run_serve(options: ServeOptions) -> int:
    """Serve until SIGTERM, SIGINT or, if asked, the end of stdin. Returns the exit code."""
    try:
        world = make_world(options)
    except UsageProblem as problem:
        _say(f"proxtui sim: {problem}")
        return 2
    if not _is_loopback(options.host):
        _say(f"proxtui sim: WARNING: listening on {options.host}: anyone who reaches it can log in to the simulation")
    try:
        return asyncio.run(_serve(world, options))
    except OSError as error:
        _say(f"proxtui sim: cannot listen on {options.host} port {options.port}: {error.strerror or error}")
        return 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 -- narration belongs on stderr


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def _serve(world: World, options: ServeOptions) -> int:
    """Serve until told to end. Raises OSError when a port is taken."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with running(world, host=options.host, port=options.port) as told, asyncio.TaskGroup() as group:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ending.set)
        watching = group.create_task(_watch_stdin(ending)) if options.stay_with_parent else None
        _tell(world, options, told)
        await ending.wait()
        if watching is not None:
            watching.cancel()
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
    """Write a file that only its owner reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
