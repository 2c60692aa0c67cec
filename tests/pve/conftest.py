"""What the tests of the library share: certificates, a server, and a client for it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from proxtui.pve.client import ProxmoxClient
from proxtui.pve.settings import ProxmoxConfig

from .gate import PASSWORD, Gate
from .servers import App, Certificates, Server

SECRET = "6f1c1b6e-0000-4000-8000-00000000beef"


@dataclass(frozen=True)
class Shown:
    """A certificate that a server shows: its context and its fingerprint."""

    context: ssl.SSLContext
    fingerprint: str


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def shown(certificates: Certificates) -> Shown:
    return Shown(*certificates.server("pve1", "pve1", "localhost", "127.0.0.1"))


@pytest.fixture
def token_config() -> ProxmoxConfig:
    return ProxmoxConfig(host="pve1", token_id="root@pam!watch", token_secret=SECRET)


@pytest.fixture
def password_config() -> ProxmoxConfig:
    return ProxmoxConfig(host="pve1", username="root", password=PASSWORD)


@dataclass
class Bench:
    """Starts servers and clients that end with the test."""

    stack: AsyncExitStack
    shown: Shown

    async def serve(self, app: App, **options: Any) -> Server:
        return await self.stack.enter_async_context(Server(app, **{"context": self.shown.context, **options}))

    def config(self, server: Server, **fields: Any) -> ProxmoxConfig:
        """An API token and a pin, unless ``fields`` say otherwise."""
        config = ProxmoxConfig(
            host="127.0.0.1",
            port=server.port,
            token_id="root@pam!watch",
            token_secret=SECRET,
            fingerprints=(self.shown.fingerprint,),
        )
        return replace(config, **fields)

    async def client(self, server: Server, *, with_password: bool = False, **options: Any) -> ProxmoxClient:
        fields: dict[str, Any] = options.pop("fields", {})
        if with_password:
            fields = {"token_id": None, "token_secret": None, "username": "root", "password": PASSWORD, **fields}
        client = ProxmoxClient(self.config(server, **fields), **options)
        return await self.stack.enter_async_context(client)

    async def pair(self, app: App, **options: Any) -> tuple[Server, ProxmoxClient]:
        server = await self.serve(app)
        return server, await self.client(server, **options)


@pytest.fixture
async def bench(shown: Shown) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(stack, shown)


class HeldClock:
    """A clock that moves only when told, or when somebody sleeps by it."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def gate() -> Gate:
    return Gate()
