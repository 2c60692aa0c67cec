"""Consoles on the served simulator: tickets, sockets, screens, and everything that can be wrong with them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    CertificateError,
    ConsoleError,
    NetworkError,
    PermissionDenied,
    ProxtuiError,
    ReadOnlyError,
)
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.console import ConsoleTools, TermTicket, VncTicket, consoles_among, open_socket, taken_line
from proxtui.pve.rfb.streams import ConsoleStream
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.vnc import open_screen
from proxtui.sim.consoles.desk import desk_of
from proxtui.sim.running import running
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.world import World
from tests.sim.conftest import HeldClock

CONFIG = ProxmoxConfig(host="127.0.0.1", token_id="root@pam!watch", token_secret="6f1c1b6e")
TICKET = VncTicket(path="/nodes/n/qemu/1", endpoint="", port=5900, user="", upid="", ticket="T", password="P")


@dataclass
class Bench:
    world: World
    told: dict[str, Any]
    clock: HeldClock

    @property
    def site(self) -> Any:
        return self.world.sites[self.told["server"]]

    def config(self, **fields: Any) -> ProxmoxConfig:
        told = self.told
        whole = ProxmoxConfig(
            host=told["host"],
            port=told["port"],
            token_id=told["token_id"],
            token_secret=told["token_secret"],
            fingerprints=(told["fingerprint"],),
        )
        return replace(whole, **fields)

    def with_password(self) -> ProxmoxConfig:
        login = {"username": self.told["username"], "password": self.told["password"]}
        return self.config(token_id=None, token_secret=None, **login)

    def guest(self, kind: str = "qemu") -> Any:
        return next(one for one in self.site.guests.values() if one.kind == kind and one.running)


async def bench_of(scenario: str) -> AsyncIterator[Bench]:
    clock = HeldClock()
    world = World(now=clock, seed=1, auth_delay=0.0)
    SCENARIOS[scenario](world)
    async with running(world, alive=False) as told:
        yield Bench(world, told["servers"][0], clock)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async for one in bench_of("small"):
        yield one


async def requests(bench: Bench) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in bench.world.requests.changes()["changes"]]


@pytest.mark.parametrize("by", ["token", "password"])
async def test_a_screen(bench: Bench, by: str) -> None:
    config = bench.config() if by == "token" else bench.with_password()
    guest = bench.guest()
    async with (
        ProxmoxClient(config) as client,
        open_screen(client, guest.node, guest.vmid, "qemu", asyncio.Lock()) as screen,
    ):
        head = await screen.read_exactly(24)
        assert f"QEMU ({guest.name})".encode() == await screen.read_exactly(int.from_bytes(head[20:]))
        found = await ConsoleTools(client).open_now(guest.node, guest.vmid, "qemu")
        assert [(task.type, task.id) for task in found] == [("vncproxy", str(guest.vmid))]


async def test_an_old_server_has_another_password(bench: Bench) -> None:
    desk_of(bench.site).old = True
    guest = bench.guest()
    async with ProxmoxClient(bench.config()) as client:
        ticket = await ConsoleTools(client).vnc_proxy(guest.node, guest.vmid, "qemu")
        assert ticket.ticket.startswith("PVEVNC:")
        assert ticket.password != ticket.ticket, "it was asked to make one"
        container = bench.guest("lxc")
        inside = await ConsoleTools(client).vnc_proxy(container.node, container.vmid, "lxc")
        assert inside.password == inside.ticket, "there nobody can be asked"
        async with open_screen(client, container.node, container.vmid, "lxc", asyncio.Lock()) as screen:
            assert await screen.read_exactly(4)


async def test_two_at_the_same_moment_both_work(bench: Bench) -> None:
    guest, lock = bench.guest(), asyncio.Lock()
    async with ProxmoxClient(bench.config()) as client:

        async def look() -> bytes:
            async with open_screen(client, guest.node, guest.vmid, "qemu", lock) as screen:
                return await screen.read_exactly(24)

        heads = await asyncio.gather(look(), look(), look())
    assert len(set(heads)) == 1


async def test_another_program_sets_the_password_in_between(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from proxtui.pve import vnc

    guest, opened = bench.guest(), []
    whole = vnc.open_socket

    async def and_somebody_else(client: ProxmoxClient, path: str, ticket: Any) -> Any:
        found = await whole(client, path, ticket)
        if not opened:
            # Its own socket, opened after ours and before our answer: the last password counts.
            other = await ConsoleTools(client).vnc_proxy(guest.node, guest.vmid, "qemu")
            opened.append(await whole(client, other.path, other))
            await ConsoleStream(opened[0]).read_exactly(12)
        return found

    monkeypatch.setattr(vnc, "open_socket", and_somebody_else)
    async with ProxmoxClient(bench.config()) as client:
        async with open_screen(client, guest.node, guest.vmid, "qemu", asyncio.Lock()) as screen:
            assert await screen.read_exactly(4)
        for socket in opened:
            await socket.aclose()
    assert len([one for one in await requests(bench) if one.endswith("/vncproxy")]) == 3, "ours, theirs, ours anew"


async def test_a_terminal_answers_its_greeting(bench: Bench) -> None:
    guest = bench.guest("lxc")
    async with ProxmoxClient(bench.config()) as client:
        ticket = await ConsoleTools(client).term_proxy(guest.node, guest.vmid, "lxc")
        assert isinstance(ticket, TermTicket)
        assert ticket.greeting == f"{ticket.user}:{ticket.ticket}\n".encode()
        socket = await open_socket(client, ticket.path, ticket)
        await socket.send(ticket.greeting)
        assert (await socket.recv())[:2] == b"OK"
        await socket.aclose()
        while await socket.recv():
            continue
        assert await socket.recv() == b"", "and for ever after"
        with pytest.raises(NetworkError):
            await socket.send(b"x")


async def test_no_secret_shows(bench: Bench) -> None:
    guest = bench.guest()
    async with ProxmoxClient(bench.config()) as client:
        ticket = await ConsoleTools(client).vnc_proxy(guest.node, guest.vmid, "qemu")
    assert ticket.password not in repr(ticket)
    assert ticket.ticket not in repr(ticket)


async def test_a_ticket_that_is_no_good(bench: Bench) -> None:
    guest = bench.guest()
    async with ProxmoxClient(bench.config()) as client:
        ticket = await ConsoleTools(client).vnc_proxy(guest.node, guest.vmid, "qemu")
        with pytest.raises(AuthenticationError, match="invalid PVEVNC ticket"):
            await open_socket(client, ticket.path, replace(ticket, ticket="PVEVNC:00000000::forged"))
        with pytest.raises(ConsoleError, match="the ticket is one of pve9:8006"):
            await open_socket(client, ticket.path, replace(ticket, endpoint="pve9:8006"))
        bench.clock.forward(11)
        with pytest.raises(ConsoleError, match="nobody listens there"):
            await open_socket(client, ticket.path, ticket)


async def test_a_guest_that_is_off_has_no_screen(bench: Bench) -> None:
    guest = bench.guest()
    guest.turn(bench.clock.now, "stopped")
    async with ProxmoxClient(bench.config()) as client:
        with pytest.raises(ConsoleError, match="is the guest running"):
            async with open_screen(client, guest.node, guest.vmid, "qemu", asyncio.Lock()):
                raise AssertionError


@pytest.mark.parametrize("trust", [{"fingerprints": ("AA:" * 31 + "AA",)}, {"fingerprints": (), "verify_ssl": True}])
async def test_another_certificate_hears_nothing(trust: dict[str, Any], shown: Any) -> None:
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(-1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=shown.context)
    config = replace(CONFIG, port=server.sockets[0].getsockname()[1], **trust)
    async with ProxmoxClient(config) as client:
        with pytest.raises(CertificateError) as caught:
            await open_socket(client, TICKET.path, replace(TICKET, endpoint=config.endpoint))
    server.close()
    assert caught.value.seen == shown.fingerprint
    assert heard == b""


async def test_the_lock_refuses_every_console(bench: Bench) -> None:
    guest = bench.guest()
    async with ProxmoxClient(bench.config()) as client:
        ticket = await ConsoleTools(client).vnc_proxy(guest.node, guest.vmid, "qemu")
    sent = await requests(bench)
    async with ProxmoxClient(bench.config(), read_only=True) as client:
        tools = ConsoleTools(client)
        for way in (
            tools.vnc_proxy(guest.node, guest.vmid, "qemu"),
            tools.term_proxy("pve1", None, "node"),
            tools.spice_proxy(guest.node, guest.vmid, "qemu"),
            open_socket(client, ticket.path, ticket),
        ):
            with pytest.raises(ReadOnlyError, match="read-only"):
                await way
        assert client.requests_sent == 0
    assert await requests(bench) == sent


async def test_a_token_and_the_shell_of_a_node(bench: Bench) -> None:
    bench.site.version = "8.4.21"
    async with ProxmoxClient(bench.config()) as client:
        before = await requests(bench)
        with pytest.raises(PermissionDenied, match=r"before PVE 9\.0\.4 \(this one is 8\.4\.21\)"):
            await ConsoleTools(client).term_proxy("pve1", None, "node")
        assert await requests(bench) == before, "said before it was tried"
    async with ProxmoxClient(bench.with_password()) as client:
        assert (await ConsoleTools(client).term_proxy("pve1", None, "node")).path == "/nodes/pve1"
        assert isinstance(await ConsoleTools(client).vnc_proxy("pve1", None, "node"), VncTicket)


async def test_spice(bench: Bench) -> None:
    guest = bench.guest()
    async with ProxmoxClient(bench.config()) as client:
        with pytest.raises(ApiError, match="no SPICE display"):
            await ConsoleTools(client).spice_proxy(guest.node, guest.vmid, "qemu")
        guest.extra["vga"] = "qxl"
        found = await ConsoleTools(client).spice_proxy(guest.node, guest.vmid, "qemu")
    assert found["type"] == "spice"
    assert found["proxy"] == f"http://{bench.told['host']}:3128"
    assert found["delete-this-file"] == "1"


async def test_who_is_at_a_terminal_already(bench: Bench) -> None:
    guest = bench.guest("lxc")
    async with ProxmoxClient(bench.config()) as client:
        tools = ConsoleTools(client)
        assert await tools.open_now(guest.node, guest.vmid, "lxc") == ()
        ticket = await tools.term_proxy(guest.node, guest.vmid, "lxc")
        found = await tools.open_now(guest.node, guest.vmid, "lxc")
    assert [task.upid for task in found] == [ticket.upid]
    assert "sees and types the same" in taken_line(found, "lxc")
    assert "stays silent" in taken_line(found, "qemu")
    assert taken_line(found, "lxc", [ticket.upid]) == ""
    assert consoles_among(found, guest.node, 999, "lxc") == ()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 302 Found\r\nLocation: wss://evil.example/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
async def test_who_is_no_console(answer: bytes, shown: Any) -> None:
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.transport.abort() if not answer else writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=shown.context)
    config = replace(CONFIG, port=server.sockets[0].getsockname()[1], fingerprints=(shown.fingerprint,))
    ticket = replace(TICKET, endpoint=config.endpoint)
    async with ProxmoxClient(config) as client:
        with pytest.raises(ProxtuiError):
            await open_socket(client, ticket.path, ticket)
    server.close()
    text = heard.decode().lower()
    assert "sec-websocket-protocol: binary" in text
    assert "authorization: pveapitoken=root@pam!watch=" in text
    assert "user-agent" not in text
    assert "sec-websocket-extensions" not in text


def test_websockets_is_loaded_with_the_first_console_only() -> None:
    code = (
        "import sys, proxtui.cli.main, proxtui.tui.app, proxtui.pve.vnc, proxtui.core.consoles, proxtui.pve.rfb.relay\n"
        "import proxtui.registry, proxtui.features.consoles.operations\n"
        "print([one for one in sys.modules if one.partition('.')[0] == 'websockets'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
