"""``proxtui exporter`` as a process of its own over the simulator."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.cli.conftest import Call, Simulator

LATEST = 20.0


@contextmanager
def exporter(*flags: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running one, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "proxtui", *flags, "exporter", "--listen", "127.0.0.1:0"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    with process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"metrics at http://127\.0\.0\.1:(\d+)/metrics", line)
            assert found, line
            yield process, int(found[1])
        finally:
            process.kill()


def scraped(port: int) -> dict[str, list[Any]]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as door:
        door.request("GET", "/metrics")
        text = door.getresponse().read().decode()
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


def until(port: int, name: str) -> dict[str, list[Any]]:
    end = time.monotonic() + LATEST
    while time.monotonic() < end:
        if name in (found := scraped(port)):
            return found
    raise AssertionError(f"no {name}: {sorted(found)}")


@pytest.mark.parametrize("flags", [(), ("--monitor",)])
def test_a_fleet_is_exported_until_sigterm(simulator: Simulator, flags: tuple[str, ...]) -> None:
    with exporter(*flags) as (process, port):
        found = until(port, "pve_version")
        guests = {sample.labels["id"] for sample in found["pve_guest"]}
        assert guests
        assert guests <= {sample.labels["id"] for sample in found["pve_up"]}
        assert found["proxtui_requests"][0].value >= 1
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LATEST)
        assert process.returncode == 0
        assert "Traceback" not in err


def test_beyond_this_machine_only_when_it_is_said(simulator: Simulator, call: Call) -> None:
    answer = call("exporter", "--listen", "0.0.0.0:0")
    assert answer.code == 2
    assert "--allow-remote" in answer.line


@pytest.mark.parametrize("listen", ["9221", "127.0.0.1:99999"])
def test_a_wrong_address(simulator: Simulator, call: Call, listen: str) -> None:
    assert call("exporter", "--listen", listen).code == 2
