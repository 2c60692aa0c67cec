"""The client behind jump hosts: pinned TLS, changes that are sent once, and words for a hop that dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from proxtui.errors import CertificateError, DeadlineExceeded, HostKeyError, NetworkError, OutcomeUnknown, ReadOnlyError
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.ssh.backend import TunnelBackend
from proxtui.pve.ssh.hops import Hop
from proxtui.pve.ssh.tunnel import Tunnel
from tests.pve.servers import App, Certificates, Hang, Seen, Server, ok
from tests.pve.ssh.jumps import Home, jump_host, public

SECRET = "11111111-2222-3333-4444-555555555555"


@asynccontextmanager
async def served(folder: Path, app: App) -> AsyncIterator[tuple[Server, str, Path]]:
    authority = Certificates(folder)
    context, pin = authority.server("pve1", "pve1.example")
    async with Server(app, context) as server:
        yield server, pin, authority.ca_file


@asynccontextmanager
async def client(
    home: Home,
    hop: Hop,
    server: Server,
    *,
    read_only: bool = False,
    farther: Sequence[Hop] = (),
    timeout: int = 8_000,  # noqa: ASYNC109  milliseconds of a call
    **trust: object,
) -> AsyncIterator[ProxmoxClient]:
    config = ProxmoxConfig(
        host="127.0.0.1", port=server.port, token_id="root@pam!t", token_secret=SECRET, timeout=timeout, **trust  # type: ignore[arg-type]
    )  # fmt: skip
    tunnel = Tunnel([hop, *farther], ours=home.ours)
    async with ProxmoxClient(config, read_only=read_only, backend=TunnelBackend(tunnel)) as made:
        yield made
    await tunnel.aclose()


@asynccontextmanager
async def silent_host() -> AsyncIterator[int]:
    """Takes connections and says nothing; gives its port."""
    over = asyncio.Event()

    async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    listener = await asyncio.start_server(wait, "127.0.0.1", 0)
    yield listener.sockets[0].getsockname()[1]
    over.set()
    listener.close()
    await listener.wait_closed()


async def test_requests_share_one_pinned_connection(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with (
        served(tmp_path, lambda seen: ok(seen.path)) as (server, pin, _),
        jump_host([host_key], user_key) as jump,
    ):
        async with client(home, home.hop(jump, public(host_key)), server, fingerprints=(pin,)) as made:
            assert [await made.get("/version") for _ in range(3)] == ["/version"] * 3
        assert server.connections == 1
        assert jump.asked == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("trust", ["pin", "ca"])
async def test_a_certificate_that_is_not_trusted_gets_nothing_and_its_fingerprint_is_seen_through_the_tunnel(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path, trust: str
) -> None:
    async with (
        served(tmp_path, lambda seen: ok()) as (server, pin, ca_file),
        jump_host([host_key], user_key) as jump,
    ):
        # The authority is right, but the certificate is for pve1.example and not for this address.
        how = {"fingerprints": ("AA:" * 31 + "AA",)} if trust == "pin" else {"ca_file": str(ca_file)}
        async with client(home, home.hop(jump, public(host_key)), server, **how) as made:
            with pytest.raises(CertificateError) as caught:
                await made.get("/version")
        assert caught.value.seen == pin
        assert server.requests == []
        assert {place for place in jump.asked} == {("127.0.0.1", server.port)}


async def test_a_change_that_a_dying_hop_swallows_is_unknown_and_never_sent_again(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    arrived = asyncio.Event()

    def app(_seen: Seen) -> Hang:
        arrived.set()
        return Hang()

    async with served(tmp_path, app) as (server, pin, _), jump_host([host_key], user_key) as jump:
        async with client(home, home.hop(jump, public(host_key)), server, fingerprints=(pin,)) as made:
            change = asyncio.create_task(made.post("/nodes/pve1/qemu/100/status/start"))
            await arrived.wait()
            jump.die()
            with pytest.raises(OutcomeUnknown, match=f"the connection to jump host 127.0.0.1:{jump.port} broke off"):
                await change
        assert len(server.requests) == 1


async def test_a_kept_connection_that_died_with_its_hop_is_replaced_by_one_over_a_new_chain(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with served(tmp_path, lambda seen: ok("fine")) as (server, pin, _), jump_host([host_key], user_key) as jump:
        async with client(home, home.hop(jump, public(host_key)), server, fingerprints=(pin,)) as made:
            assert await made.get("/version") == "fine"
            jump.die()
            assert await made.get("/version") == "fine"
        assert jump.logins == ["op", "op"]


async def test_a_refused_hop_reaches_the_caller_in_its_own_words_and_no_change_is_in_doubt(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with served(tmp_path, lambda seen: ok()) as (server, pin, _), jump_host([host_key], user_key) as jump:
        async with client(home, home.hop(jump), server, fingerprints=(pin,)) as made:
            with pytest.raises(HostKeyError):
                await made.get("/version")
            with pytest.raises(NetworkError) as caught:
                await made.post("/nodes/pve1/qemu/100/status/start")
            assert not isinstance(caught.value, OutcomeUnknown)
        assert server.connections == 0


async def test_the_read_only_lock_is_before_the_tunnel(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with served(tmp_path, lambda seen: ok()) as (server, pin, _), jump_host([host_key], user_key) as jump:
        hop = home.hop(jump, public(host_key))
        async with client(home, hop, server, read_only=True, fingerprints=(pin,)) as made:
            with pytest.raises(ReadOnlyError):
                await made.post("/nodes/pve1/qemu/100/status/start")
        assert jump.connections == []


async def test_a_deadline_that_ends_during_a_login_names_the_hop(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with (
        served(tmp_path, lambda seen: ok()) as (server, pin, _),
        jump_host([host_key], user_key) as first,
        silent_host() as port,
    ):
        near = home.hop(first, public(host_key))
        far = replace(near, port=port)
        async with client(home, near, server, farther=[far], fingerprints=(pin,), timeout=1000) as made:
            with pytest.raises(DeadlineExceeded, match=f"still waiting for jump host 127.0.0.1:{port}"):
                await made.get("/version")
