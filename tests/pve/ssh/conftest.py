"""A user with a key, and host keys: made once, because that takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.pve.ssh.jumps import Home, written


@pytest.fixture(scope="session")
def user_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="session")
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="session")
def other_host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ecdsa-sha2-nistp256")


@pytest.fixture
def home(tmp_path: Path, user_key: asyncssh.SSHKey) -> Home:
    return Home(tmp_path, user_key, written(user_key, tmp_path / "id_ed25519"))


class Echo:
    """A TCP server that sends back what comes, and after the end of that ``bye``."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
            writer.write(b"bye")
            await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def _echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    try:
        yield echo
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    async with _echo() as running:
        yield running
