"""What goes over the wire: reason phrases, Connection headers, refusals below the API. Real sockets, raw bytes."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from proxtui.sim.faults import Fault
from proxtui.sim.running import running
from proxtui.sim.world import World

from .conftest import arrival


class Wire:
    """One TLS connection, by hand."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.token = f"PVEAPIToken={told['token_id']}={told['token_secret']}"

    async def open(self) -> Wire:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.reader, self.writer = await asyncio.open_connection(self.told["host"], self.told["port"], ssl=context)
        return self

    async def __aenter__(self) -> Wire:
        return await self.open()

    async def __aexit__(self, *exc: object) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return

    async def ask(
        self, line: str, *headers: str, body: bytes = b"", token: bool = True
    ) -> tuple[str, list[str], bytes]:
        """Status line, header lines, body."""
        lines = [f"{line} HTTP/1.1", "Host: sim", *headers]
        if token:
            lines.append(f"Authorization: {self.token}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = next((int(item.split(":")[1]) for item in head if item.lower().startswith("content-length:")), None)
        content = b"" if line.startswith("HEAD") else await self._body(length)
        return head[0], [item for item in head[1:] if item], content

    async def _body(self, length: int | None) -> bytes:
        return await self.reader.read() if length is None else await self.reader.readexactly(length)

    async def ended(self) -> bool:
        """Whether the server closed the connection."""
        return await self.reader.read() == b""


def connections(headers: list[str]) -> list[str]:
    return [header.partition(": ")[2] for header in headers if header.startswith("Connection:")]


@pytest.fixture
async def told(world: World) -> AsyncIterator[dict[str, Any]]:
    async with running(world, alive=False) as announced:
        yield announced["servers"][0]


async def test_pveproxy_answers_keep_alive(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        line, headers, body = await wire.ask("GET /api2/json/version")
        assert line == "HTTP/1.1 200 OK"
        assert connections(headers) == ["Keep-Alive"]
        assert json.loads(body)["data"]["release"] == "8.4"
        assert "Server: pve-api-daemon/3.0" in headers
        assert "Content-Type: application/json;charset=UTF-8" in headers


async def test_pvedaemon_says_close_and_keep_alive_and_means_keep_alive(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        for path, expected in (
            ("cluster/status", ["close", "Keep-Alive"]),
            ("nodes/pve1/qemu", ["close", "Keep-Alive"]),
            ("nodes/pve2/qemu", ["close,Keep-Alive", "Keep-Alive"]),
            ("nodes/pve2/status", ["close,Keep-Alive", "Keep-Alive"]),
            ("version", ["Keep-Alive"]),
        ):
            _, headers, _ = await wire.ask(f"GET /api2/json/{path}")
            assert connections(headers) == expected, path


async def test_the_error_text_is_the_reason_phrase_and_the_connection_closes(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        line, headers, body = await wire.ask("GET /api2/json/nodes/pve1/qemu/999/config")
        text = "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist"
        assert line == f"HTTP/1.1 500 {text}"
        assert json.loads(body) == {"data": None, "message": text + "\n"}
        assert connections(headers) == ["close"]
        assert await wire.ended()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH"])
async def test_other_methods_are_not_available(told: dict[str, Any], method: str) -> None:
    async with Wire(told) as wire:
        line, headers, body = await wire.ask(f"{method} /api2/json/version")
        assert line == f"HTTP/1.1 501 method '{method}' not available"
        assert (body, connections(headers)) == (b"", ["close"])
        assert not any(header.startswith("Content-Type") for header in headers)


async def test_a_401_is_empty_and_says_no_ticket(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        line, headers, body = await wire.ask("GET /api2/json/nodes", token=False)
        assert (line, body) == ("HTTP/1.1 401 No ticket", b"")
        assert not any(header.startswith(("Content-Type", "Content-Length")) for header in headers)


async def test_chunked_bodies_and_bodies_on_delete_are_refused(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        chunked = b"3\r\na=b\r\n0\r\n\r\n"
        line, _, _ = await wire.ask("POST /api2/json/access/ticket", "Transfer-Encoding: chunked", body=chunked)
        assert line == "HTTP/1.1 501 chunked transfer encoding not supported"
    async with Wire(told) as wire:
        line, _, body = await wire.ask("DELETE /api2/json/nodes/pve1/qemu/100", "Content-Length: 3", body=b"a=b")
        assert line == "HTTP/1.1 501 Unexpected content for method 'DELETE'"
        assert body == b"Unexpected content for method 'DELETE'"


async def test_the_hundredth_answer_closes(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        for _ in range(99):
            _, headers, _ = await wire.ask("GET /api2/json/version")
            assert connections(headers) == ["Keep-Alive"]
        _, headers, _ = await wire.ask("GET /api2/json/version")
        assert connections(headers) == ["close"]
        assert await wire.ended()


async def test_a_node_that_is_away_is_a_595_without_a_body(told: dict[str, Any], world: World) -> None:
    world.sites["lab"].nodes["pve2"].offline_since = world.now()
    async with Wire(told) as wire:
        line, _, body = await wire.ask("GET /api2/json/nodes/pve2/status")
        assert (line, body) == ("HTTP/1.1 595 No route to host", b"")


async def test_gzip_when_taken_and_worth_it(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        _, headers, body = await wire.ask("GET /api2/json/cluster/resources", "Accept-Encoding: gzip")
        assert "Content-Encoding: gzip" in headers
        assert len(json.loads(gzip.decompress(body))["data"]) > 20
        _, headers, _ = await wire.ask("GET /api2/json/version", "Accept-Encoding: gzip")
        assert "Content-Encoding: gzip" not in headers


async def test_dropped_and_cut_answers(told: dict[str, Any], world: World) -> None:
    world.faults.add(Fault("drop", path="/version", times=1))
    async with Wire(told) as wire:
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await wire.ask("GET /api2/json/version")
        assert caught.value.partial == b""
    world.faults.add(Fault("truncate", path="/nodes", times=1))
    async with Wire(told) as wire:
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await wire.ask("GET /api2/json/nodes")
        assert caught.value.partial.startswith(b'{"data":[')
    async with Wire(told) as wire:
        line, _, _ = await wire.ask("GET /api2/json/version")
        assert line == "HTTP/1.1 200 OK"


async def test_a_cut_answer_is_cut_for_clients_that_take_gzip_too(told: dict[str, Any], world: World) -> None:
    world.faults.add(Fault("truncate", path="/cluster/resources", times=1))
    async with Wire(told) as wire:
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await wire.ask("GET /api2/json/cluster/resources", "Accept-Encoding: gzip")
    assert caught.value.partial.startswith(b"\x1f\x8b")
    assert caught.value.expected is not None
    assert len(caught.value.partial) == caught.value.expected // 2


async def test_an_empty_answer_that_keeps_the_connection_says_so(told: dict[str, Any], world: World) -> None:
    world.faults.add(Fault("empty", path="/version", times=1))
    async with Wire(told) as wire:
        line, headers, body = await wire.ask("GET /api2/json/version")
        assert (line, body, connections(headers)) == ("HTTP/1.1 200 OK", b"", ["Keep-Alive"])
        assert "Content-Length: 0" in headers
        _, _, body = await wire.ask("GET /api2/json/version")
        assert json.loads(body)["data"]["release"] == "8.4", "on the same connection"


async def test_the_certificate_is_the_announced_one_and_names_the_nodes(told: dict[str, Any]) -> None:
    async with Wire(told) as wire:
        der = wire.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    digest = hashlib.sha256(der).hexdigest().upper()
    assert told["fingerprint"] == ":".join(digest[at : at + 2] for at in range(0, 64, 2))
    from cryptography import x509

    names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "pve1", "pve2"} <= set(names.get_values_for_type(x509.DNSName))


async def test_a_hung_server_answers_nothing_and_still_ends(world: World) -> None:
    world.faults.add(Fault("hang"))
    async with running(world, alive=False) as announced:
        wire = await Wire(announced["servers"][0]).open()
        arrived = arrival(world)
        asking = asyncio.create_task(wire.ask("GET /api2/json/version"))
        await arrived.wait()
        assert not asking.done()
    with pytest.raises(asyncio.IncompleteReadError):
        await asking
    await wire.__aexit__()


async def test_connections_are_counted(told: dict[str, Any], world: World) -> None:
    for _ in range(2):
        async with Wire(told) as wire:
            await wire.ask("GET /api2/json/version")
            await wire.ask("GET /api2/json/version")
    assert world.requests.connections["lab"] == 2
    assert world.requests.counts["lab GET /version"] == 4
