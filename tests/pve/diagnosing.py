"""A whole PVE in a few answers, each of which a test can break, and ways to it that lead nowhere."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formatdate

from proxtui.pve.diagnosis import diagnose
from proxtui.pve.probes import Address, Network
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.stages import Diagnosis, Stage

from .conftest import SECRET
from .gate import REFUSED, Gate
from .servers import Answer, Seen, answer, ok

NOW = 1_795_305_600.0
MEMBERS = [
    {"type": "cluster", "name": "lab", "quorate": 1, "nodes": 2, "version": 4},
    {"type": "node", "name": "pve1", "online": 1, "local": 1, "nodeid": 1},
    {"type": "node", "name": "pve2", "online": 1, "local": 0, "nodeid": 2},
]


@dataclass
class Pve:
    """Answers as PVE does; ``broken`` holds what it answers instead, by ``METHOD /path``."""

    broken: dict[str, Answer] = field(default_factory=dict)
    clock: float = NOW
    gate: Gate | None = None
    """Asks for a password instead of the token."""
    asked: list[str] = field(default_factory=list)

    def __call__(self, seen: Seen) -> Answer:
        call = f"{seen.method} {seen.path}"
        self.asked.append(call)
        if call in self.broken:
            return self.broken[call]
        if call == "GET /access/ticket":
            assert SECRET not in str(seen)
            body = json.dumps({"data": None}).encode()
            headers = (("Date", formatdate(self.clock, usegmt=True)), ("Server", "pve-api-daemon/3.0"))
            return answer(200, "OK", body, headers=headers)
        if self.gate is not None and (call == "POST /access/ticket" or not self._has_ticket(seen)):
            return self.gate(seen)
        if self.gate is None and seen.headers.get("authorization") != f"PVEAPIToken=root@pam!watch={SECRET}":
            return REFUSED
        data: dict[str, object] = {
            "/version": {"version": "9.2.4", "release": "9.2"},
            "/cluster/status": MEMBERS,
            "/nodes/pve2/version": {"version": "9.2.4"},
        }
        return ok(data[seen.path])

    def _has_ticket(self, seen: Seen) -> bool:
        assert self.gate is not None
        return seen.headers.get("cookie", "").removeprefix("PVEAuthCookie=") in self.gate.valid


async def examined(config: ProxmoxConfig, **options: object) -> Diagnosis:
    """``diagnose`` at a moment at which the clocks agree."""
    return await diagnose(config, **{"now": lambda: NOW, **options})  # type: ignore[arg-type]


def by_name(found: Diagnosis) -> dict[str, Stage]:
    return {stage.name: stage for stage in found.stages}


def states(found: Diagnosis) -> list[str]:
    """``["ok", "ok", "failed", "skipped", ..]``."""
    return [stage.state for stage in found.stages]


class NoSuchName(Network):
    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


class DeafResolver(Network):
    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        await asyncio.Event().wait()
        raise AssertionError


class BlackHole(Network):
    """Nothing ever comes back from the addresses in ``dead``; all when there are none."""

    def __init__(self, *dead: str) -> None:
        self._dead = dead

    async def connect(self, address: Address) -> socket.socket:
        if not self._dead or address.text in self._dead:
            await asyncio.Event().wait()
        return await super().connect(address)


class TwoAddresses(BlackHole):
    """A dead address of IPv6 before the good one."""

    def __init__(self) -> None:
        super().__init__("2001:db8::1")

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        dead = Address(socket.AF_INET6, ("2001:db8::1", port, 0, 0))
        return [dead, *await super().resolve(host, port)]
