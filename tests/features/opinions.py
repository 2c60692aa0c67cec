"""Diagnoses made by hand, and somebody who gives them stage by stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from proxtui.config.models import Config, Credentials, Endpoint, Place, Server, Tenant
from proxtui.config.secret import Secret
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.stages import STAGES, Diagnosis, Stage
from proxtui.pve.tls import CertificateInfo

PRINT = ":".join(["AB"] * 32)
SHOWN = CertificateInfo(
    subject="CN=pve1",
    issuer="CN=Proxmox Virtual Environment",
    names=("pve1", "10.0.0.1"),
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2027, 1, 1, tzinfo=UTC),
    fingerprint=PRINT,
)


def server(name: str, *hosts: str) -> Server:
    return Server(
        name=name,
        endpoints=tuple(Endpoint(host=host) for host in hosts or (name,)),
        credentials=Credentials(token_id="root@pam!watch", token_secret=Secret("6f1c1b6e-beef")),
    )


def config(*servers: Server, tenant: str = "acme") -> Config:
    return Config(tenants=(Tenant(slug=tenant, name=tenant.title(), servers=servers),))


def place(name: str, tenant: str = "acme") -> Place:
    return Place(tenant, name)


def diagnosis(endpoint: str = "pve1:8006", failed: str = "", **fields: Any) -> Diagnosis:
    """All well, or broken at the stage ``failed``."""
    stages = []
    state = "ok"
    for name in STAGES:
        if name == failed:
            stages.append(Stage(name, "failed", 3.0, f"{name} broke"))
            state = "skipped"
        else:
            stages.append(Stage(name, state, 1.25 if state == "ok" else None, f"{name} line"))  # type: ignore[arg-type]
    known = {"verdict": "ok", "advice": "Nothing to do.", **fields}
    return Diagnosis(endpoint=endpoint, stages=tuple(stages), **known)


class Doctor:
    """Stands for ``diagnose``: gives what it was told for each endpoint, and waits where it is told to."""

    def __init__(self, *given: Diagnosis) -> None:
        self.given = {one.endpoint: one for one in given}
        self.asked: list[tuple[str, str]] = []
        """Endpoint, and the reason not to log in."""
        self.go_on: asyncio.Semaphore | None = None
        """While set, each stage waits for one release."""
        self.cancelled = 0

    async def __call__(self, config: ProxmoxConfig, *, no_login: str, tell: Callable[[Stage], None]) -> Diagnosis:
        self.asked.append((config.endpoint, no_login))
        found = self.given.get(config.endpoint) or diagnosis(config.endpoint)
        try:
            for stage in found.stages:
                if self.go_on is not None:
                    await self.go_on.acquire()
                tell(stage)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return found
