"""The command line as a script calls it: in this process for speed, as a process of its own where that matters."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from proxtui.cli.main import main


@dataclass(frozen=True)
class Answer:
    """What a call said, where, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The only line on stderr, without our name before it; never a traceback."""
        assert "Traceback" not in self.out + self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("proxtui: ")
        return lines[0].removeprefix("proxtui: ")


Call = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server, no colours forced or forbidden, and a state directory of the test's own."""
    for name in list(os.environ):
        if name.startswith(("PROXMOX_", "PROXTUI_", "_PROXTUI")) or name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """``call("guests", "list")`` in this process."""

    def run(*arguments: str) -> Answer:
        capfd.readouterr()
        code = main(arguments)
        said = capfd.readouterr()
        return Answer(code, said.out, said.err)

    return run


def spawn(*arguments: str, environ: Mapping[str, str] | None = None, code: str | None = None) -> Answer:
    """``python -m proxtui ARGUMENTS``, or ``python -c CODE ARGUMENTS``, without a terminal."""
    start = ["-c", code] if code else ["-m", "proxtui"]
    done = subprocess.run(
        [sys.executable, *start, *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, **(environ or {})},
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Simulator:
    """A running simulator: one server, and the door through which things go wrong."""

    server: dict[str, Any]
    control_token: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PROXMOX_HOST": f"{self.server['host']}:{self.server['port']}",
            "PROXMOX_FINGERPRINT": self.server["fingerprint"],
            "PROXMOX_TOKEN_ID": self.server["token_id"],
            "PROXMOX_TOKEN_SECRET": self.server["token_secret"],
        }

    def control(self, method: str, what: str, values: Mapping[str, Any] | None = None) -> Any:
        """``GET requests``, ``POST faults``, ..."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with closing(HTTPSConnection(self.server["host"], self.server["port"], context=context)) as door:
            headers = {"Authorization": f"Bearer {self.control_token}"}
            door.request(method, f"/_sim/{what}", json.dumps(values or {}), headers)
            return json.loads(door.getresponse().read())

    @contextmanager
    def fault(self, kind: str, **values: Any) -> Iterator[None]:
        """Something goes wrong for as long as the ``with`` lasts."""
        number = self.control("POST", "faults", {"kind": kind, **values})["id"]
        try:
            yield
        finally:
            self.control("DELETE", f"faults/{number}")


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    flags = ["--scenario", "small", "--port", "0", "--announce", "--stay-with-parent", "--auth-delay", "0.1", "--still"]
    process = subprocess.Popen(
        [sys.executable, "-m", "proxtui.sim", "serve", *flags],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        line = process.stdout.readline()
        assert line, "the simulator ended before it announced its servers"
        told = json.loads(line)
        yield Simulator(told["servers"][0], told["control_token"])
        process.stdin.close()
        process.terminate()


@pytest.fixture
def simulator(simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, and an environment that points to it."""
    for name, value in simulator_process.environ.items():
        monkeypatch.setenv(name, value)
    return simulator_process
