"""A world on real sockets: one HTTPS server for each site, in the loop of whoever asks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

from proxtui.sim.app import create_app
from proxtui.sim.certificates import Certificate, self_signed
from proxtui.sim.life import Life
from proxtui.sim.world import World


@contextlib.asynccontextmanager
async def running(
    world: World, *, host: str = "127.0.0.1", port: int = 0, alive: bool = True
) -> AsyncIterator[dict[str, Any]]:
    """Serve ``world`` and give its announcement (see :func:`announcement`); ``alive=False``: nothing happens by itself.

    Raises OSError when a port cannot be had.
    """
    sockets = _bind(world, host, port)
    certificates = {name: self_signed(list(site.nodes), site.tenant_name) for name, site in world.sites.items()}
    for name, site in world.sites.items():
        for node in site.nodes.values():
            node.fingerprint = certificates[name].fingerprint
            node.pem = certificates[name].pem.decode()
    servers = {name: _server(world, name, certificates[name]) for name in sockets}
    tasks = [asyncio.create_task(server.serve(sockets=[sockets[name]])) for name, server in servers.items()]
    try:
        await _started(servers, tasks)
        if alive:
            tasks.append(asyncio.create_task(Life(world).run()))
        ports = {name: listener.getsockname()[1] for name, listener in sockets.items()}
        yield announcement(world, host.strip("[]"), ports, certificates)
    finally:
        world.stopping.set()
        for server in servers.values():
            server.should_exit = True
        if len(tasks) > len(servers):
            tasks[-1].cancel()
        # No TaskGroup: it would wrap what the block of the caller raises.
        await asyncio.gather(*tasks, return_exceptions=True)


def _bind(world: World, host: str, port: int) -> dict[str, socket.socket]:
    """One listening socket for each server. Raises OSError."""
    found: dict[str, socket.socket] = {}
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        for place, name in enumerate(world.sites):
            # asyncio turns Nagle off only for sockets that say TCP; without it every answer takes 40 ms.
            listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            found[name] = listener
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host.strip("[]"), port + place if port else 0))
            listener.listen(128)
    except OSError:
        for listener in found.values():
            listener.close()
        raise
    return found


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
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        ssl_context_factory=lambda _config, _default: certificate.context(),
    )
    return QuietServer(config)


async def _started(servers: dict[str, Any], tasks: list[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers.values()):
        for task in tasks:
            if task.done():
                await task
        await asyncio.sleep(0.01)  # uvicorn has no event for it


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
