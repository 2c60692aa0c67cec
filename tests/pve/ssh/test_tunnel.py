"""A way through jump hosts carries bytes, shares its logins, opens no listener, and ends at once when a hop dies."""

from __future__ import annotations

import asyncio
import socket

import asyncssh
import pytest

from proxtui.errors import TunnelError, TunnelRefused
from proxtui.pve.ssh.tunnel import Tunnel
from tests.pve.ssh.conftest import Echo
from tests.pve.ssh.jumps import Home, jump_host, public
from tests.pve.ssh.listening import listeners


async def exchange(near: socket.socket, sent: bytes) -> bytes:
    """Send, end our half, and read to the end of the other."""
    reader, writer = await asyncio.open_connection(sock=near)
    writer.write(sent)
    writer.write_eof()
    heard = await reader.read()
    writer.close()
    await writer.wait_closed()
    return heard


async def test_bytes_pass_both_ways_and_the_end_of_one_half_leaves_the_other(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        before = listeners()
        sent = bytes(range(256)) * 12_000
        assert await exchange(await tunnel.open_connection("127.0.0.1", echo.port), sent) == sent + b"bye"
        assert listeners() == before, "a listener was added"
        await tunnel.aclose()
    assert jump.asked == [("127.0.0.1", echo.port)]


async def test_one_login_serves_all_connections(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        nears = await asyncio.gather(*(tunnel.open_connection("127.0.0.1", echo.port) for _ in range(6)))
        assert await asyncio.gather(*(exchange(near, b"hello") for near in nears)) == [b"hellobye"] * 6
        await tunnel.aclose()
    assert jump.logins == ["op"]


async def test_the_second_hop_is_reached_through_the_first(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, other_host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key) as first, jump_host([other_host_key], user_key) as second:
        hops = [home.hop(first, public(host_key)), home.hop(second, other_host_key.get_fingerprint())]
        tunnel = Tunnel(hops, ours=home.ours)
        assert await exchange(await tunnel.open_connection("127.0.0.1", echo.port), b"far") == b"farbye"
        await tunnel.aclose()
    assert set(first.asked) == {("127.0.0.1", second.port)}
    assert second.asked == [("127.0.0.1", echo.port)]


@pytest.mark.parametrize("dying", [0, 1])
async def test_a_hop_that_dies_ends_every_channel_and_the_next_connection_opens_the_chain_anew(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo, dying: int
) -> None:
    async with jump_host([host_key], user_key) as first, jump_host([host_key], user_key) as second:
        tunnel = Tunnel([home.hop(jump, public(host_key)) for jump in (first, second)], ours=home.ours)
        lines = [
            await asyncio.open_connection(sock=await tunnel.open_connection("127.0.0.1", echo.port)) for _ in range(3)
        ]
        assert tunnel.loss() is None
        dead = (first, second)[dying]
        dead.die()
        async with asyncio.timeout(5):
            assert [await reader.read() for reader, _ in lines] == [b""] * 3
        loss = tunnel.loss()
        assert loss is not None
        assert f"127.0.0.1:{dead.port}" in str(loss)
        for _, writer in lines:
            writer.close()
        assert await exchange(await tunnel.open_connection("127.0.0.1", echo.port), b"again") == b"againbye"
        assert tunnel.loss() is None
        await tunnel.aclose()


async def test_what_nobody_reads_stays_on_the_other_side(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey
) -> None:
    written = 0

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        try:
            while True:
                writer.write(bytes(65536))
                await writer.drain()
                written += 65536
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    async with server, jump_host([host_key], user_key) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        near = await tunnel.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        last = -1
        while written != last:
            last = written
            await asyncio.sleep(0.2)
        assert written < 16 * 1024 * 1024, "nobody read a byte, and it still poured"
        near.close()
        await tunnel.aclose()


async def test_closing_ends_every_task_and_closes_the_sockets(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key) as jump:
        before = asyncio.all_tasks()
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        near = await tunnel.open_connection("127.0.0.1", echo.port)
        await tunnel.aclose()
        mine = {task for task in asyncio.all_tasks() - before if "channel" in task.get_name() or "jump" in str(task)}
        assert not mine
        assert near.recv(10) == b""
        near.close()
        with pytest.raises(TunnelError, match="is closed"):
            await tunnel.open_connection("127.0.0.1", echo.port)


async def test_a_closed_socket_closes_its_channel(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey
) -> None:
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server, jump_host([host_key], user_key) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        near = await tunnel.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        near.close()
        async with asyncio.timeout(5):
            await gone.wait()
        await tunnel.aclose()


async def test_an_endpoint_that_the_last_hop_cannot_reach_is_named_with_the_hop(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        async with jump_host([host_key], user_key) as jump:
            tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
            with pytest.raises(TunnelError, match=f"jump host 127.0.0.1:{jump.port} cannot reach 127.0.0.1:{port}"):
                await tunnel.open_connection("127.0.0.1", port)
            await tunnel.aclose()


async def test_a_hop_that_forbids_the_way_is_refused_for_good(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key, forwards=False) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        with pytest.raises(TunnelRefused, match="AllowTcpForwarding"):
            await tunnel.open_connection("127.0.0.1", echo.port)
        await tunnel.aclose()
    assert echo.connections == 0


async def test_who_runs_out_of_time_leaves_the_chain_to_the_others(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        hasty = asyncio.create_task(tunnel.open_connection("127.0.0.1", echo.port))
        patient = asyncio.create_task(tunnel.open_connection("127.0.0.1", echo.port))
        await asyncio.sleep(0)
        hasty.cancel()
        assert await exchange(await patient, b"x") == b"xbye"
        await asyncio.gather(hasty, return_exceptions=True)
        await tunnel.aclose()
    assert jump.logins == ["op"]


async def test_what_was_dropped_is_opened_anew_and_says_no_goodbye(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, echo: Echo
) -> None:
    async with jump_host([host_key], user_key) as jump:
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        old = await tunnel.open_connection("127.0.0.1", echo.port)
        tunnel.drop()
        assert await exchange(await tunnel.open_connection("127.0.0.1", echo.port), b"new") == b"newbye"
        reader, writer = await asyncio.open_connection(sock=old)
        assert await reader.read() == b"", "it ended with the chain that it went through"
        writer.close()
        await tunnel.aclose()
    assert jump.logins == ["op", "op"]
