"""Consoles opened as a client does it: the API over HTTPS, then a WebSocket, both on real sockets."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import quote

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from proxtui.sim.world import World


def context() -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


class Stream:
    """The bytes of a WebSocket, whatever frames they came in."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._buffer = b""

    async def read(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._buffer += bytes(await self.socket.recv(decode=False))
        found, self._buffer = self._buffer[:length], self._buffer[length:]
        return found

    async def until(self, text: str) -> str:
        """Everything up to and with ``text``."""
        wanted = text.encode()
        while wanted not in self._buffer:
            self._buffer += bytes(await self.socket.recv(decode=False))
        end = self._buffer.index(wanted) + len(wanted)
        found, self._buffer = self._buffer[:end], self._buffer[end:]
        return found.decode("utf-8", "replace")

    async def rest(self) -> bytes:
        """What still comes, until the server ends it."""
        try:
            while True:
                self._buffer += bytes(await self.socket.recv(decode=False))
        except ConnectionClosed:
            found, self._buffer = self._buffer, b""
            return found

    async def send(self, data: bytes | str) -> None:
        await self.socket.send(data)


class Operator:
    """Somebody with a token, or with the ticket of a login."""

    def __init__(self, world: World, told: dict[str, Any], who: str = "admin@pve!proxtui") -> None:
        self.world, self.told = world, told
        self.site = world.sites[told["server"]]
        self.authority = f"{told['host']}:{told['port']}"
        self.headers: dict[str, str] = {}
        if "!" in who:
            self.headers["Authorization"] = f"PVEAPIToken={who}={self.site.tokens[who].secret}"
        self.http = httpx.AsyncClient(
            base_url=f"https://{self.authority}/api2/json", verify=context(), trust_env=False, headers=self.headers
        )

    async def log_in(self, username: str) -> Operator:
        password = self.site.users[username].password
        data = (await self.http.post("/access/ticket", data={"username": username, "password": password})).json()
        self.headers = {"Cookie": f"PVEAuthCookie={quote(data['data']['ticket'], safe='')}"}
        self.http.headers.update(self.headers | {"CSRFPreventionToken": data["data"]["CSRFPreventionToken"]})
        return self

    async def post(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.http.post(path, data=params)
        assert answer.status_code == 200, (answer.reason_phrase, answer.text)
        return dict(answer.json()["data"])

    def dial(self, path: str, given: dict[str, Any], **changes: Any) -> connect:
        """A WebSocket to the console that an answer offers; ``path`` is that of the guest or node."""
        port, ticket = changes.get("port", given["port"]), changes.get("ticket", given["ticket"])
        url = f"wss://{self.authority}/api2/json{path}/vncwebsocket?port={port}&vncticket={quote(ticket, safe='')}"
        return connect(
            url,
            ssl=context(),
            additional_headers=self.headers,
            subprotocols=["binary"],  # type: ignore[list-item]
            compression=None,
            user_agent_header=None,
            max_size=None,
            proxy=None,
            ping_interval=None,
            close_timeout=1,
        )

    async def task(self, upid: str) -> tuple[str, str | None]:
        """Status and exit status of a task."""
        node = upid.split(":")[1]
        data = (await self.http.get(f"/nodes/{node}/tasks/{quote(upid, safe='')}/status")).json()["data"]
        return data["status"], data.get("exitstatus")

    async def close(self) -> None:
        await self.http.aclose()
