"""Servers that run as processes of their own, as an operator would start them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest


@dataclass(frozen=True)
class Simulator:
    """A running simulator and what it announced."""

    process: subprocess.Popen[str]
    servers: list[dict[str, Any]]
    control_token: str

    @property
    def first(self) -> dict[str, Any]:
        return self.servers[0]

    def control(self, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
        """Call the simulator's own door: ``requests``, ``faults``, ``life``."""
        answer = httpx.request(
            method,
            f"https://127.0.0.1:{self.first['port']}/_sim/{name}",
            json=body,
            headers={"Authorization": f"Bearer {self.control_token}"},
            verify=False,  # noqa: S501  a certificate made a moment ago, on loopback
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def requests(self) -> dict[str, int]:
        """How often each ``SERVER METHOD PATH`` was asked."""
        counts: dict[str, int] = self.control("GET", "requests")["counts"]
        return counts


@contextmanager
def simulator(*arguments: str) -> Iterator[Simulator]:
    command = [sys.executable, "-m", "proxtui.sim", "serve", "--port", "0", "--announce", "--stay-with-parent"]
    process = subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        line = process.stdout.readline()
        assert line, "the simulator ended before it announced its servers"
        try:
            announced = json.loads(line)
            yield Simulator(process, announced["servers"], announced["control_token"])
        finally:
            process.stdin.close()
            process.terminate()


@dataclass(frozen=True)
class FakePve:
    """A running fakepve: another project's idea of PVE, over HTTPS with a certificate of its own."""

    host: str
    port: int
    username: str = "root@pam"
    password: str = "secret"


GUESTS = {
    "guests": [
        {"vmid": 100, "name": "web1", "type": "qemu", "node": "pve1", "status": "running", "config": {"cores": 2}},
        {"vmid": 101, "name": "db1", "type": "qemu", "node": "pve2", "status": "stopped"},
        {"vmid": 200, "name": "ct1", "type": "lxc", "node": "pve1", "status": "running"},
    ]
}


@pytest.fixture(scope="session")
def fakepve_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakePve]:
    guests = tmp_path_factory.mktemp("fakepve") / "guests.json"
    guests.write_text(json.dumps(GUESTS), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("fakepve")), str(guests), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--user", "root@pam", "--password", "secret"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        line = process.stdout.readline()
        assert "listening on https://" in line, line
        host, _, port = line.strip().rpartition("https://")[2].rpartition(":")
        try:
            yield FakePve(host, int(port))
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def fleet_simulator() -> Iterator[Simulator]:
    """Two clusters and a standalone node; tests that break something use one of their own."""
    with simulator("--scenario", "fleet", "--auth-delay", "0.1") as running:
        yield running
