"""Serving a world: sockets, certificates, announcement, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proxtui.sim import trouble
from proxtui.sim.app import create_app
from proxtui.sim.certificates import Certificate, self_signed
from proxtui.sim.faults import WORLD, Fault, parse_fault
from proxtui.sim.life import Life
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
        sockets = _bind(world, options)
    except UsageProblem as problem:
        _say(f"proxtui sim: {problem}")
        return 2
    except OSError as error:
        _say(f"proxtui sim: cannot listen on {options.host} port {options.port}: {error.strerror or error}")
        return 1
    if not _is_loopback(options.host):
        _say(f"proxtui sim: WARNING: listening on {options.host}: anyone who reaches it can log in to the simulation")
    return asyncio.run(_serve(world, options, sockets))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 -- narration belongs on stderr


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _bind(world: World, options: ServeOptions) -> dict[str, socket.socket]:
    """One listening socket for each server. Raises OSError."""
    found: dict[str, socket.socket] = {}
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        for place, name in enumerate(world.sites):
            listener = socket.socket(family, socket.SOCK_STREAM)
            found[name] = listener
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((options.host.strip("[]"), options.port + place if options.port else 0))
            listener.listen(128)
    except OSError:
        for listener in found.values():
            listener.close()
        raise
    return found


async def _serve(world: World, options: ServeOptions, sockets: dict[str, socket.socket]) -> int:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    certificates = {name: self_signed(list(site.nodes), site.tenant_name) for name, site in world.sites.items()}
    for name, site in world.sites.items():
        for node in site.nodes.values():
            node.fingerprint = certificates[name].fingerprint
    servers = {name: _server(world, name, certificates[name]) for name in sockets}
    async with asyncio.TaskGroup() as group:
        serving = [group.create_task(server.serve(sockets=[sockets[name]])) for name, server in servers.items()]
        await _started(servers)
        living = group.create_task(Life(world).run())
        watching = group.create_task(_watch_stdin(ending)) if options.stay_with_parent else None
        _tell(world, options, sockets, certificates)
        await ending.wait()
        world.stopping.set()
        living.cancel()
        if watching is not None:
            watching.cancel()
        for server in servers.values():
            server.should_exit = True
        await asyncio.gather(*serving)
    _say("proxtui sim: ended")
    return 0


def _server(world: World, name: str, certificate: Certificate) -> Any:
    import uvicorn

    from proxtui.sim.protocol import KEEP_ALIVE, PveProtocol

    class QuietServer(uvicorn.Server):
        """Leaves the signals to us: one process runs several servers."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        create_app(world, name),
        http=PveProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        ssl_context_factory=lambda _config, _default: certificate.context(),
    )
    return QuietServer(config)


async def _started(servers: dict[str, Any]) -> None:
    while not all(server.started for server in servers.values()):
        await asyncio.sleep(0.01)


async def _watch_stdin(ending: asyncio.Event) -> None:
    """End with the parent: its death closes our stdin."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        continue
    ending.set()


def announcement(
    world: World, host: str, ports: dict[str, int], certificates: dict[str, Certificate]
) -> dict[str, Any]:
    """What a client needs to know of every server."""
    servers = []
    for name, site in world.sites.items():
        token, login = site.announced, site.login
        servers.append(
            {
                "tenant": site.tenant,
                "tenant_name": site.tenant_name,
                "server": name,
                "host": host,
                "port": ports[name],
                "fingerprint": certificates[name].fingerprint,
                "token_id": token.full if token else None,
                "token_secret": token.secret if token else None,
                "username": login.userid if login else None,
                "password": login.password if login else None,
                "version": site.version,
            }
        )
    return {"servers": servers, "control_token": world.control_token}


def _tell(
    world: World, options: ServeOptions, sockets: dict[str, socket.socket], certificates: dict[str, Certificate]
) -> None:
    ports = {name: listener.getsockname()[1] for name, listener in sockets.items()}
    host = options.host.strip("[]")
    told = announcement(world, host, ports, certificates)
    for place, server in enumerate(told["servers"]):
        site = world.sites[server["server"]]
        shown = f"[{host}]" if ":" in host else host
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
