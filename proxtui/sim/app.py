"""The application of one server: from a request to a reply, below it the ASGI wrapping.

The order of checks is Proxmox's: HTTP, login, path, token allowed, privilege, node, parameters, code.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from proxtui.sim import auth, control, hostile
from proxtui.sim.api import Answer, Call, Refused, Route, verify
from proxtui.sim.consoles import upgrade
from proxtui.sim.reply import JSON, Dropped, Reply, compress, encode, plain, refusal
from proxtui.sim.requests import Record, shown
from proxtui.sim.roles import Identity
from proxtui.sim.routes.table import find
from proxtui.sim.uploads import Reader, Upload
from proxtui.sim.world import Site, World
from proxtui.sim.wrong import misbehave

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = ("GET", "POST", "PUT", "DELETE")
BODY_LIMIT = 512 * 1024
NOBODY = Identity("")


@dataclass(slots=True)
class Request:
    """One HTTP request, read to its end."""

    method: str
    path: str
    """Percent-encoded, without the query."""
    query: str
    headers: dict[str, str]
    body: bytes
    upload: Upload | None = None
    """The multipart body, which is never in ``body``."""
    record: Record | None = None


class SimApp:
    """Serves one site. An ASGI application; :meth:`answer` is the same without ASGI."""

    def __init__(self, world: World, site: Site) -> None:
        self.world = world
        self.site = site

    async def answer(self, request: Request) -> Reply:
        """The reply to a request. Raises :class:`Dropped` when the connection is to break."""
        if request.path.startswith(control.PREFIX):
            return control.answer(self.world, request.method, request.path, request.headers, request.body)
        record = self.world.requests.begin(self.site.name, request.method, request.path, self.world.now())
        request.record = record
        if not self.site.entry.online:
            raise Dropped
        if request.upload is None and _is_upload(request.path, request.headers):
            reader = Reader(request.headers["content-type"])
            reader.feed(request.body)
            request.upload, request.body = reader.end(), b""
        reply = await misbehave(self.world, self.site, request.method, _below(request.path)[1], self._decide, request)
        record.status = reply.status
        return compress(reply, request.headers.get("accept-encoding", ""))

    async def _decide(self, request: Request) -> Reply:
        """What a healthy server answers."""
        early = _http_refusal(request)
        if early is not None:
            return early
        format_, path = _below(request.path)
        if format_ not in ("json", "extjs"):
            return _not_ours(request.path, format_, path)
        try:
            reply = await self._call(request, path)
        except Refused as error:
            if error.slow:
                await self._hold(self.world.auth_delay)
            if self.site.hostile and not error.empty:
                error.reason = hostile.error(error.reason)
            reply = refusal(error)
        except _BadBody as error:
            return plain(error.status, str(error))
        return _as_extjs(reply) if format_ == "extjs" and reply.body else reply

    async def _call(self, request: Request, path: str) -> Reply:
        site, now = self.site, self.world.advance()
        found = find(request.method, path)
        route = found[0] if found else None
        who = self._who(route, request, now)
        if found is None or route is None or (route.modern and not site.modern):
            raise Refused(501, f"Method '{request.method} {path}' not implemented")
        values = {name: unquote(value) for name, value in found[1].items()}
        call = Call(self.world, site, who, now, values, {})
        if route.no_token and request.headers.get("authorization", "").startswith("PVEAPIToken"):
            text = f"Permission check failed (URI '{path}' not available with API token, need proper ticket.\n)"
            raise Refused(403, text)
        remote = await self._reach(route, call)
        given = _parameters(request)
        if request.record is not None and request.method != "GET":
            request.record.params = shown(given)
        call.params, call.upload = verify(route, values, given, self.site.modern), request.upload
        data = route.run(call)
        if isinstance(data, Answer) and data.door is not None and upgrade.wanted(request.headers):
            return upgrade.switch(self.site, request.headers, data.door)
        return self._reply(route, data, remote)

    def _who(self, route: Route | None, request: Request, now: float) -> Identity:
        if route is not None and route.open:
            return NOBODY
        # An upload comes from a form of the web interface, which cannot send a CSRF header.
        method = "GET" if request.upload is not None else request.method
        return auth.identify(self.site, method, request.headers, now)

    async def _reach(self, route: Route, call: Call) -> bool:
        """Check the privilege, then the way to the node. True when another node answers."""
        known = "vmid" not in call.path or call.path["vmid"].isdigit()
        if route.check is not None and known:
            route.check(call)
        name = call.path.get("node")
        if name is None:
            return False
        node = self.site.nodes.get(name)
        if node is None:
            text = (
                f"hostname lookup '{name}' failed - failed to get address info for: {name}: Name or service not known"
            )
            raise Refused(500, text)
        if route.on_node and not node.online:
            await self._hold(node.silence)
            raise Refused(595, node.unreachable)
        return route.on_node and node is not self.site.entry

    def _reply(self, route: Route, data: Any, remote: bool) -> Reply:
        body: dict[str, Any] = {"data": data}
        if isinstance(data, Answer):
            if data.text is not None:
                return Reply(200, "OK", data.text.encode(), "text/plain", route.daemon, remote)
            body = {"data": data.data} if data.total is None else {"data": data.data, "total": data.total}
        if self.site.hostile:
            body = hostile.poison(body)
        return Reply(200, "OK", encode(body), JSON, route.daemon, remote)

    async def _hold(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self.world.stopping.wait()
        except TimeoutError:
            return

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the simulator does not serve {scope['type']}")
        request = await _read(scope, receive)
        try:
            reply = await self.answer(request)
        except Dropped:
            _abort(scope)
            return
        if reply.door is not None and "pve.connection" in scope:
            await scope["pve.connection"].hand_over(reply, self.world.now)
        else:
            await _send(scope, send, reply)


class _BadBody(Exception):
    """A body that cannot be understood; refused below the API, as plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def _below(path: str) -> tuple[str, str]:
    """The format and the path below it: ``json`` and ``/nodes`` for ``/api2/json/nodes``."""
    parts = path.split("/", 3)
    if len(parts) < 3 or parts[1] != "api2":
        return "", path
    return parts[2], "/" + (parts[3].rstrip("/") if len(parts) > 3 else "")


def _not_ours(path: str, format_: str, below: str) -> Reply:
    if not path.startswith("/api2"):
        return plain(500, f"no such file '{path}'")
    if not format_:
        return plain(501, "no such uri")
    return plain(501, f"no formatter for uri {below}, {format_}")


def _http_refusal(request: Request) -> Reply | None:
    """What the HTTP server refuses by itself."""
    if request.method not in METHODS:
        return Reply(501, f"method '{request.method}' not available")
    if "transfer-encoding" in request.headers:
        return Reply(501, "chunked transfer encoding not supported")
    if len(request.body) > BODY_LIMIT:
        return plain(501, "for data too large")
    if request.body and request.method in ("GET", "DELETE"):
        return plain(501, f"Unexpected content for method '{request.method}'")
    return None


def _parameters(request: Request) -> dict[str, Any]:
    """Body and query; the query wins. ``_dc`` is what browsers add against caches."""
    found: dict[str, Any] = {}
    if request.upload is not None:
        if request.upload.broken:
            raise _BadBody(501, request.upload.broken)
        found = dict(request.upload.fields) | {"filename": request.upload.filename or ""}
    elif request.body:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "application/json":
            found = _json(request.body)
        elif kind == "application/x-www-form-urlencoded":
            found = _pairs(request.body.decode("utf-8", "replace"))
        else:
            raise _BadBody(506, f"upload 'Content-Type '{kind}' not implemented")
    found |= _pairs(request.query)
    found.pop("_dc", None)
    return found


def _pairs(text: str) -> dict[str, Any]:
    """Names and values; a name that comes again makes a list of its values."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text.replace(";", "&"), keep_blank_values=True):
        found[name] = [*_listed(found[name]), value] if name in found else value
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_upload(path: str, headers: dict[str, str]) -> bool:
    return path.endswith("/upload") and headers.get("content-type", "").startswith("multipart/form-data")


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise _BadBody(500, f"malformed JSON string: {error} at AnyEvent.pm line 917.\n") from error
    if not isinstance(found, dict):
        raise _BadBody(500, "json needs to be an object\n")
    return found


def _as_extjs(reply: Reply) -> Reply:
    """The format of the web interface: always 200, the outcome inside."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply
    body["success"] = int(reply.status == 200)
    if reply.status != 200:
        body["status"] = reply.status
    return Reply(200, "OK", encode(body), JSON, reply.daemon, reply.remote)


async def _read(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.decode("latin-1").partition("?")[0]
    reader = Reader(headers["content-type"]) if _is_upload(path, headers) else None
    body = b""
    while True:
        message = await receive()
        if reader is not None:
            reader.feed(message.get("body", b""))
        else:
            body += message.get("body", b"")
        if not message.get("more_body") or message["type"] == "http.disconnect":
            break
    upload = reader.end() if reader is not None else None
    return Request(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body, upload)


def _abort(scope: Scope) -> None:
    """Break the connection; in process, where there is none, as an error."""
    connection = scope.get("pve.connection")
    if connection is None:
        raise ConnectionResetError("the simulator dropped the connection")
    connection.abort()


async def _send(scope: Scope, send: Send, reply: Reply) -> None:
    connection = scope.get("pve.connection")
    last = connection is not None and connection.last
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in reply.head()]
    values = reply.connection(last)
    if connection is not None:
        # What h11 would obey or refuse to write is put into the bytes behind its back.
        connection.dress(reply.reason, values)
    if values == ["close"]:
        headers.append((b"Connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.cut:
        half = reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _abort(scope)
    elif reply.drip:
        await _drip(send, reply)
    else:
        await send({"type": "http.response.body", "body": reply.body})


async def _drip(send: Send, reply: Reply) -> None:
    for place in range(len(reply.body)):
        await send({"type": "http.response.body", "body": reply.body[place : place + 1], "more_body": True})
        await asyncio.sleep(reply.drip)
    await send({"type": "http.response.body", "body": b""})


def create_app(world: World, server_name: str) -> SimApp:
    """The ASGI application of one server of ``world``; unit tests mount it on ``httpx.ASGITransport``."""
    return SimApp(world, world.sites[server_name])
