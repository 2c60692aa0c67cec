"""The simulator as a process of its own: started, listened to, and ended with the dashboard that it is for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from proxtui.config.models import Config, Credentials, Endpoint, Role, Server, Tenant, TlsTrust, User
from proxtui.config.secret import Secret
from proxtui.core.children import environment
from proxtui.errors import ProxtuiError
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

START_SECONDS = 60.0
"""Longer than any machine needs to make 50,000 guests and seven certificates."""
END_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Announced:
    """One server that the simulator serves, as its first line of output tells."""

    tenant: str
    tenant_name: str
    server: str
    host: str
    port: int
    fingerprint: str
    token_id: str
    token_secret: str

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Announced:
        """Take what we know from one entry of ``servers``; KeyError when something is missing."""
        return cls(**{name: value[name] for name in cls.__slots__})


@contextmanager
def simulation(scenario: str, guests: int | None = None) -> Iterator[Sequence[Announced]]:
    """A running simulator; ``guests`` is for ``huge`` only.

    Raises ProxtuiError with the last line it said when it does not start.
    """
    with tempfile.TemporaryFile() as said:
        process = _start(scenario, guests, said)
        try:
            yield _announced(process, said)
        finally:
            _end(process)


def configuration(servers: Sequence[Announced]) -> Config:
    """A configuration in memory over what the simulator announced."""
    names = {server.tenant: server.tenant_name for server in servers}
    tenants = tuple(
        Tenant(slug=slug, name=name, servers=tuple(_server(found) for found in servers if found.tenant == slug))
        for slug, name in names.items()
    )
    user = User(name="demo", system_role="admin", roles=dict.fromkeys(names, Role.ADMIN))
    return Config(tenants=tenants, users=(user,))


def _server(found: Announced) -> Server:
    return Server(
        name=found.server,
        endpoints=(Endpoint(host=found.host, port=found.port),),
        trust=TlsTrust(mode="fingerprint", fingerprints=(found.fingerprint,)),
        credentials=Credentials(token_id=found.token_id, token_secret=Secret(found.token_secret)),
    )


def _start(scenario: str, guests: int | None, said: IO[bytes]) -> subprocess.Popen[bytes]:
    # "-m" would put the current folder first on the path, and run what lies there: only where we do so ourselves.
    safely = [] if sys.path[:1] in ([""], [os.getcwd()]) else ["-P"]
    serve = ["-m", "proxtui.sim", "serve", "--scenario", scenario, "--port", "0", "--announce", "--stay-with-parent"]
    serve += [] if guests is None else ["--guests", str(guests)]
    return subprocess.Popen(  # noqa: S603  our own module, our own arguments
        [sys.executable, *safely, *serve],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        env=environment(os.environ),
        # A key such as ctrl+c in our terminal is not meant for it.
        start_new_session=True,
    )


def _announced(process: subprocess.Popen[bytes], said: IO[bytes]) -> Sequence[Announced]:
    assert process.stdout is not None  # noqa: S101  asked for a pipe above
    patience = threading.Timer(START_SECONDS, process.kill)
    patience.start()
    try:
        line = process.stdout.readline()
    finally:
        patience.cancel()
    try:
        return [Announced.read(server) for server in json.loads(line)["servers"]]
    except (ValueError, KeyError, TypeError):
        _end(process)
        said.seek(0)
        lines = said.read().decode(errors="replace").split("\n")
        last = next((text for text in reversed(lines) if text.strip()), f"it ended with {process.returncode}")
        raise ProxtuiError(f"the simulator did not start: {clean(last.strip(), limit=300)}") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
