"""Requests as they go out, answers as they come back, and the deadline over both."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from proxtui.errors import (
    DeadlineExceeded,
    InvalidInput,
    OutcomeUnknown,
    RateLimitError,
    UnexpectedAnswer,
    UsageError,
)
from proxtui.pve import paths
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.console import ConsoleTools
from proxtui.pve.limits import RateLimiter
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.wire import LARGEST_BODY

from .conftest import SECRET, Bench
from .gate import PASSWORD
from .servers import Answer, Bytes, Hang, Seen, answer, ok

AWKWARD = "a=b;c&d +%/ü\n#?"


class TestRequests:
    async def test_a_form(self, bench: Bench) -> None:
        server, client = await bench.pair(lambda seen: ok("UPID:x"))
        data = {"description": AWKWARD, "full": True, "onboot": False, "pool": None, "cores": 2, "vmid": ["1", "2"]}
        assert await client.post("/nodes/pve1/qemu", data, params={"q": AWKWARD}) == "UPID:x"
        seen = server.requests[0]
        escaped = "a%3Db%3Bc%26d%20%2B%25%2F%C3%BC%0A%23%3F"
        assert seen.body.decode() == f"description={escaped}&full=1&onboot=0&cores=2&vmid=1&vmid=2"
        assert seen.target == f"/api2/json/nodes/pve1/qemu?q={escaped}"
        assert seen.headers["content-length"] == str(len(seen.body))
        assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
        assert "transfer-encoding" not in seen.headers

    @pytest.mark.parametrize("method", ["post", "put"])
    async def test_an_empty_form_still_has_a_length(self, bench: Bench, method: str) -> None:
        server, client = await bench.pair(lambda seen: ok())
        assert await getattr(client, method)("/nodes") is None
        assert server.requests[0].method == method.upper()
        assert server.requests[0].headers["content-length"] == "0"

    async def test_delete_has_its_parameters_in_the_query_and_no_body(self, bench: Bench) -> None:
        server, client = await bench.pair(lambda seen: ok())
        await client.delete("/nodes/pve1/qemu/100", params={"purge": True, "skip": None})
        seen = server.requests[0]
        assert (seen.target, seen.body) == ("/api2/json/nodes/pve1/qemu/100?purge=1", b"")
        assert "content-length" not in seen.headers
        assert "content-type" not in seen.headers

    async def test_what_stands_in_every_head(self, bench: Bench) -> None:
        server, client = await bench.pair(lambda seen: ok())
        await client.get("version/")
        headers = server.requests[0].headers
        assert server.requests[0].target == "/api2/json/version"
        assert (headers["host"], headers["accept-encoding"]) == (f"127.0.0.1:{server.port}", "gzip")
        assert "connection" not in headers or headers["connection"] == "keep-alive"

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "/a/../b",
            "/a/./b",
            "/..",
            "/a//b",
            "/a/%2e%2e/b",
            "/a%2f..%2fb",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/ü",
            "/a\n",
            "/a%zz",
            "\\a",
        ],
    )
    async def test_paths_that_could_be_read_otherwise_are_refused(self, token_config: ProxmoxConfig, path: str) -> None:
        async with ProxmoxClient(token_config, transport=httpx.MockTransport(never)) as client:
            for ask in (client.get, client.read, client.post, client.put, client.delete):
                with pytest.raises(InvalidInput) as caught:
                    await ask(path)
                assert caught.value.field == "path"

    async def test_segments_are_encoded_whole(self, bench: Bench) -> None:
        server, client = await bench.pair(lambda seen: ok())
        await client.get(paths.path("storage", "local", "content", "local:iso/ä b?#%.iso", 100))
        assert server.requests[0].target == "/api2/json/storage/local/content/local%3Aiso%2F%C3%A4%20b%3F%23%25.iso/100"

    @pytest.mark.parametrize("segment", ["", ".", "..", "a/../b", "../a", "\ud800", "a\x00"])
    def test_segments_that_climb_or_are_none(self, segment: str) -> None:
        with pytest.raises(InvalidInput):
            paths.path("nodes", segment)

    @pytest.mark.parametrize("value", [{"a": 1}, object(), b"x", "\ud800", [["deep"]]])
    def test_values_no_form_can_carry(self, value: Any) -> None:
        with pytest.raises(InvalidInput):
            paths.encoded({"field": value})

    async def test_timeouts_that_cannot_be_meant(self, token_config: ProxmoxConfig) -> None:
        async with ProxmoxClient(token_config, transport=httpx.MockTransport(never)) as client:
            with pytest.raises(InvalidInput):
                await client.get("/version", timeout=0)


class TestAnswers:
    @pytest.mark.parametrize(
        ("body", "data"),
        [
            (b'{"data":null}', None),
            (b' {"data":{"a":"\\u001b"}}', {"a": "␛"}),
            (b'{"data":[1,NaN,Infinity,-Infinity,1e400,2.5]}', [1, None, None, None, None, 2.5]),
            (b'{"data":[' + b"9" * 5000 + b",18446744073709551615]}", [None, 18446744073709551615]),
            (b'{"data":"\\ud800 \xff"}', "\ufffd \ufffd"),
            (b'{"data":0,"total":5}', 0),
        ],
    )
    async def test_data(self, bench: Bench, body: bytes, data: Any) -> None:
        _, client = await bench.pair(lambda seen: answer(200, "OK", body))
        assert await client.get("/version") == data

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b'"x"',
            b"{}",
            b'{"success":1}',
            b'{"data":1',
            b"<!DOCTYPE html><title>x</title>",
            b'{"data":' + b"[" * 200_000,
            b'{"data":' + b"[" * 900 + b"]" * 900 + b"}" * 2,
            b'{"data":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
        ],
        ids=range(11),
    )
    async def test_what_is_no_answer(self, bench: Bench, body: bytes) -> None:
        _, client = await bench.pair(lambda seen: answer(200, "OK", body))
        with pytest.raises(UnexpectedAnswer) as caught:
            await client.get("/version")
        assert len(str(caught.value)) < 200
        with pytest.raises(OutcomeUnknown):
            await client.post("/nodes")

    @pytest.mark.parametrize("body", [b"", b"[]", b" <html>"])
    async def test_read_gives_json_only(self, bench: Bench, body: bytes) -> None:
        _, client = await bench.pair(lambda seen: answer(200, "OK", body))
        with pytest.raises(UnexpectedAnswer):
            await client.read("/cluster/resources")

    async def test_read_gives_the_bytes_as_they_came(self, bench: Bench) -> None:
        body = b'{ "data": [ {"vmid":100} ] }'
        _, client = await bench.pair(
            lambda seen: answer(200, "OK", gzip.compress(body), headers=[("Content-Encoding", "gzip")])
        )
        assert await client.read("/cluster/resources", params={"type": "vm"}) == body

    async def test_a_redirect_is_not_followed(self, bench: Bench) -> None:
        server, client = await bench.pair(
            lambda seen: answer(302, "Found", headers=[("Location", "https://evil.example/\x9b")])
        )
        with pytest.raises(UnexpectedAnswer, match=r"redirects to https://evil\.example/\ufffd"):
            await client.get("/version")
        assert len(server.requests) == 1

    @pytest.mark.parametrize("compressed", [False, True])
    async def test_sixteen_mebibytes_are_the_most(self, bench: Bench, compressed: bool) -> None:
        bomb = b'{"data":"' + b"x" * (LARGEST_BODY * 4)
        body = gzip.compress(bomb, 1) if compressed else bomb[: LARGEST_BODY + 1]
        headers = [("Content-Encoding", "gzip")] if compressed else []
        _, client = await bench.pair(lambda seen: answer(200, "OK", body, headers=headers))
        with pytest.raises(UnexpectedAnswer, match="16 MiB"):
            await client.get("/version")

    async def test_a_small_answer_that_unpacks_to_much_never_fills_the_memory(self, bench: Bench) -> None:
        body = gzip.compress(b'{"data":"' + b"x" * 100 * 2**20, 9)
        _, client = await bench.pair(lambda seen: answer(200, "OK", body, headers=[("Content-Encoding", "gzip")]))
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedAnswer, match="16 MiB"):
                await client.get("/version")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3 * LARGEST_BODY

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", b"no gzip at all"),
            ("gzip", gzip.compress(b'{"data":1}' * 100)[:-12]),
            ("br", b"x"),
            ("deflate", zlib.compress(b'{"data":1}')),
            ("gzip", gzip.compress(b'{"data":1}') + b"x" * 200_000),
        ],
        ids=["broken", "cut", "unknown", "not asked for", "followed"],
    )
    async def test_compression_that_cannot_be_read(self, bench: Bench, encoding: str, body: bytes) -> None:
        _, client = await bench.pair(lambda seen: answer(200, "OK", body, headers=[("Content-Encoding", encoding)]))
        with pytest.raises(UnexpectedAnswer, match="compress"):
            await client.get("/version")
        with pytest.raises(OutcomeUnknown):
            await client.post("/nodes")

    async def test_after_a_bad_answer_the_client_goes_on(self, bench: Bench) -> None:
        replies = [answer(200, "OK", b"x" * (LARGEST_BODY + 9)), answer(500, "no", connection=("close",)), ok(1)]
        _, client = await bench.pair(lambda seen: replies.pop(0))
        for _ in range(2):
            with pytest.raises(Exception, match=r"16 MiB|no"):
                await client.get("/version")
        assert await client.get("/version") == 1


class TestDeadline:
    @pytest.mark.parametrize("drips", ["head", "body", "nothing"])
    async def test_a_drip_ends_at_the_deadline(self, bench: Bench, drips: str) -> None:
        whole = ok("x" * 500)
        start = whole.index(b"\r\n\r\n") + 4 if drips == "body" else 1
        parts = (whole[:start], *(whole[i : i + 1] for i in range(start, len(whole))))
        script: Answer = Hang() if drips == "nothing" else Bytes(parts, pause=0.02)
        server, client = await bench.pair(lambda seen: script, fields={"timeout": 300})
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"gave no full answer to GET /version within 0\.3 s") as caught:
            await client.get("/version")
        assert time.monotonic() - started < 2
        assert caught.value.stage == "deadline"
        assert len(server.requests) == 1

    async def test_a_single_call_may_have_its_own(self, bench: Bench) -> None:
        _, client = await bench.pair(lambda seen: Hang())
        with pytest.raises(DeadlineExceeded, match=r"0\.1 s"):
            await client.get("/nodes/pve1/report", timeout=100)

    async def test_waiting_for_a_slot_counts_and_sends_nothing(self, bench: Bench) -> None:
        arrived = asyncio.Semaphore(0)

        def app(seen: Seen) -> Answer:
            arrived.release()
            return Hang()

        server, client = await bench.pair(app)
        busy = [asyncio.ensure_future(client.get("/slow")) for _ in range(4)]
        for _ in range(4):
            await arrived.acquire()
        with pytest.raises(DeadlineExceeded):
            await client.post("/nodes", timeout=100)
        assert len(server.requests) == 4
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)

    async def test_a_full_bucket_sends_nothing(self, bench: Bench) -> None:
        limiter = RateLimiter(1, 60_000)
        server, client = await bench.pair(lambda seen: ok(1), limiter=limiter)
        await client.get("/version")
        with pytest.raises(RateLimitError):
            await client.post("/nodes", timeout=1000)
        assert len(server.requests) == 1


async def test_the_log_has_paths_and_times_and_no_secrets(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def app(seen: Seen) -> bytes:
        if seen.path == "/access/ticket":
            return ok({"ticket": "PVE:SECRETTICKET", "CSRFPreventionToken": "SECRETCSRF", "username": "root@pam"})
        return ok(1)

    server = await bench.serve(app)
    for client in (await bench.client(server), await bench.client(server, with_password=True)):
        await client.get("/nodes", params={"vncticket": "SECRETPARAM"})
        await client.put("/access/password", {"password": "SECRETFORM"})
    ours = [record.getMessage() for record in caplog.records if record.name == "proxtui.pve"]
    assert len([line for line in ours if "GET /nodes: 200" in line]) == 2
    assert "SECRET" not in caplog.text
    assert PASSWORD not in caplog.text
    assert SECRET not in caplog.text


async def test_any_transport_of_httpx_will_do(token_config: ProxmoxConfig) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            content=gzip.compress(json.dumps({"data": request.url.path}).encode()),
            headers={"content-encoding": "gzip"},
        )

    async with ProxmoxClient(token_config, transport=httpx.MockTransport(app)) as client:
        assert await client.get("/version") == "/api2/json/version"


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError("reached the wire")


async def test_hung_nodes_leave_room_for_the_poll() -> None:
    hung = asyncio.Event()
    arrived = 0
    all_arrived = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal arrived
        if "/nodes/" in request.url.path:
            arrived += 1
            if arrived == 3:
                all_arrived.set()
            await hung.wait()
        return httpx.Response(200, json={"data": []})

    config = ProxmoxConfig(host="pve1", token_id="root@pam!t", token_secret="s")
    async with (
        ProxmoxClient(config, transport=httpx.MockTransport(answer)) as client,
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
    ):
        for number in range(8):
            group.create_task(client.get(f"/nodes/pve{number}/status"))
        await all_arrived.wait()
        assert await client.get("/cluster/resources") == []
        assert arrived == 3
        hung.set()
    assert arrived == 8


async def test_a_closed_client_sends_nothing_more(bench: Bench) -> None:
    server, client = await bench.pair(lambda seen: ok({"version": "8.4.1"}))
    await client.get("/version")
    await client.aclose()
    before = server.connections
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: client.get("/version"),
        lambda: client.read("/cluster/resources"),
        lambda: client.post("/nodes/pve1/qemu/100/status/start"),
        lambda: client.put("/nodes/pve1/qemu/100/config", {"name": "x"}),
        lambda: client.delete("/nodes/pve1/qemu/100"),
        client.authenticate,
        lambda: ConsoleTools(client).vnc_proxy("pve1", 100, "qemu"),
    ]
    for call in calls:
        with pytest.raises(UsageError, match=f"^the client of 127.0.0.1:{server.port} is closed: make a new one$"):
            await call()
    await client.aclose()
    assert server.connections == before
    assert len(server.requests) == 1
