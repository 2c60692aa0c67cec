"""The lock: whatever could change something never leaves, and without the lock it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from proxtui.errors import ReadOnlyError
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.lock import LockedTransport, refuse
from proxtui.pve.settings import ProxmoxConfig

from .conftest import Bench
from .servers import Seen, ok

Change = Callable[[ProxmoxClient], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "post": lambda client: client.post("/nodes/pve1/qemu/100/status/start"),
    "post with data": lambda client: client.post("/access/ticket/x", {"a": 1}),
    "put": lambda client: client.put("/nodes/pve1/qemu/100/config", {"cores": 2}),
    "delete": lambda client: client.delete("/nodes/pve1/qemu/100", params={"purge": True}),
    "put on the login": lambda client: client.put("/access/ticket"),
}


@pytest.mark.parametrize("with_password", [False, True])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_changes_leave_no_trace_on_the_wire(bench: Bench, change: Change, with_password: bool) -> None:
    server = await bench.serve(lambda _: ok("UPID:x"))
    client = await bench.client(server, read_only=True, with_password=with_password)
    with pytest.raises(ReadOnlyError, match="read-only") as caught:
        await change(client)
    assert caught.value.exit_code == 13
    assert (server.connections, client.requests_sent) == (0, 0)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_without_the_lock_they_pass(bench: Bench, change: Change) -> None:
    server, client = await bench.pair(lambda _: ok("UPID:x"))
    assert await change(client) == "UPID:x"
    assert len(server.requests) == 1


async def test_the_login_and_reads_pass_the_lock(bench: Bench) -> None:
    def app(seen: Seen) -> bytes:
        if seen.method == "POST":
            return ok({"ticket": "PVE:root@pam:1::x", "CSRFPreventionToken": "c", "username": "root@pam"})
        return ok([])

    server = await bench.serve(app)
    client = await bench.client(server, read_only=True, with_password=True)
    assert await client.get("/cluster/resources") == []
    assert [(seen.method, seen.path) for seen in server.requests] == [
        ("POST", "/access/ticket"),
        ("GET", "/cluster/resources"),
    ]


async def test_the_lock_wraps_whatever_transport_there_is(token_config: ProxmoxConfig) -> None:
    asked: list[httpx.Request] = []

    def app(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"data": 1})

    async with ProxmoxClient(token_config, read_only=True, transport=httpx.MockTransport(app)) as client:
        assert await client.get("/version") == 1
        with pytest.raises(ReadOnlyError):
            await client.post("/nodes")
        # Not by the client's own check alone: the transport below refuses for itself.
        with pytest.raises(ReadOnlyError):
            await client._wire._fresh.handle_async_request(httpx.Request("POST", "https://pve1:8006/api2/json/nodes"))
    assert len(asked) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get", "post", "CONNECT"])
@pytest.mark.parametrize(
    "path", ["/nodes", "/api2/json/access/ticket/", "/api2/extjs/access/ticket", "/api2/json//access/ticket"]
)
async def test_only_a_get_and_the_login_itself_pass_the_transport(method: str, path: str) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        raise AssertionError("reached the wire")

    async with LockedTransport(httpx.MockTransport(app)) as transport:
        request = httpx.Request("GET", "https://pve1:8006" + path)
        request.method = method
        with pytest.raises(ReadOnlyError):
            await transport.handle_async_request(request)


def test_others_ask_the_same_lock() -> None:
    with pytest.raises(ReadOnlyError, match="an SSH session is refused"):
        refuse("an SSH session")
