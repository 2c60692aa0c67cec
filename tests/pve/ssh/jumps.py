"""Jump hosts for tests: in this process, with keys of their own, and with everything that they may do wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from proxtui.pve.ssh.hops import Hop, Ours


class _Gate(asyncssh.SSHServer):
    def __init__(self, jump: Jump) -> None:
        self._jump = jump

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._jump.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._jump.logins.append(username)
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._jump.asked.append((dest_host, dest_port))
        if not self._jump.forwards:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return True


@dataclass
class Jump:
    """A jump host that runs, and what it saw."""

    port: int = 0
    forwards: bool = True
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def die(self) -> None:
        """All of its connections end at once."""
        for connection in self.connections:
            connection.abort()


@asynccontextmanager
async def jump_host(
    host_keys: Sequence[asyncssh.SSHKey], users: asyncssh.SSHKey, *, port: int = 0, forwards: bool = True
) -> AsyncIterator[Jump]:
    """``users`` may log in, under any name."""
    jump = Jump(forwards=forwards)
    allowed = asyncssh.import_authorized_keys(users.export_public_key().decode())
    listener = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_factory=lambda: _Gate(jump),
        server_host_keys=list(host_keys),
        authorized_client_keys=allowed,
        config=None,
    )
    jump.port = listener.get_port()
    try:
        yield jump
    finally:
        jump.die()
        listener.close()
        await listener.wait_closed()
        await asyncio.gather(*(connection.wait_closed() for connection in jump.connections))


def written(key: asyncssh.SSHKey, path: Path, passphrase: str | None = None) -> Path:
    """The private key as a file."""
    path.write_bytes(
        key.export_private_key("openssh", passphrase, rounds=50) if passphrase else key.export_private_key()
    )
    path.chmod(0o600)
    return path


def public(key: asyncssh.SSHKey) -> str:
    """Its public part as one line."""
    return key.export_public_key().decode().strip()


@dataclass
class Home:
    """What a user brings along: a key, a file of known hosts, no agent."""

    folder: Path
    key: asyncssh.SSHKey
    key_file: Path

    @property
    def ours(self) -> Ours:
        return Ours(self.folder / "known_hosts", None)

    def knows(self, *lines: str) -> None:
        (self.folder / "known_hosts").write_text("\n".join(lines) + "\n")

    def hop(self, jump: Jump, *host_keys: str) -> Hop:
        return Hop(
            host="127.0.0.1", port=jump.port, username="op", host_keys=tuple(host_keys), key_file=self.key_file
        )  # fmt: skip
