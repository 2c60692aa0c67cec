"""The simulator as a process: announcement, files, signals, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

COMMAND = (sys.executable, "-m", "proxtui.sim", "serve", "--announce")


class Served:
    """A running simulator, ended at the end of the block."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--port", str(port), "--auth-delay", "0", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return dict(json.loads(line))

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)


def get(server: dict[str, Any], path: str) -> httpx.Response:
    token = f"PVEAPIToken={server['token_id']}={server['token_secret']}"
    url = f"https://{server['host']}:{server['port']}{path}"
    # The test compares no certificates; test_wire does.
    with httpx.Client(verify=False, trust_env=False) as http:  # noqa: S501
        return http.get(url, headers={"Authorization": token})


def test_a_fleet_is_announced_served_and_ended(tmp_path: Path) -> None:
    env = tmp_path / "sim.env"
    with Served("--scenario", "fleet", "--env-file", str(env)) as sim:
        told = sim.told()
        assert [server["server"] for server in told["servers"]] == ["aurora", "medilab", "edge"]
        for server in told["servers"]:
            assert get(server, "/api2/json/version").json()["data"]["version"] == server["version"]
        files = [env, *(tmp_path / f"sim.env.{server['server']}" for server in told["servers"])]
        assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"] * 4
        lines = dict(line.split("=", 1) for line in env.read_text().splitlines() if not line.startswith("#"))
        first = told["servers"][0]
        assert lines == {
            "PROXMOX_HOST": "127.0.0.1",
            "PROXMOX_PORT": str(first["port"]),
            "PROXMOX_TOKEN_ID": first["token_id"],
            "PROXMOX_TOKEN_SECRET": first["token_secret"],
            "PROXMOX_FINGERPRINT": first["fingerprint"],
        }
        sim.process.send_signal(signal.SIGTERM)
        out, err = sim.process.communicate(timeout=10)
        assert sim.process.returncode == 0
        assert out == "", "the announcement is all there is on stdout"
        assert err.splitlines()[-1] == "proxtui sim: ended"
        assert "Traceback" not in err


def test_it_ends_with_its_parent_even_while_it_hangs() -> None:
    with Served("--stay-with-parent", "--fault", "hang:path=/version") as sim:
        server = sim.told()["servers"][0]
        with socket.create_connection((server["host"], server["port"])):
            assert sim.process.stdin is not None
            sim.process.stdin.close()
            sim.process.stdin = None
            sim.process.wait(timeout=10)
        assert sim.process.returncode == 0


def test_flags_reach_the_world() -> None:
    with Served("--fault", "status:status=502,reason=Bad Gateway,path=/nodes", "--still", "--seed", "5") as sim:
        told = sim.told()
        answer = get(told["servers"][0], "/api2/json/nodes")
        assert (answer.status_code, answer.reason_phrase) == (502, "Bad Gateway")
        server = told["servers"][0]
        with httpx.Client(verify=False, trust_env=False) as http:  # noqa: S501
            url = f"https://{server['host']}:{server['port']}/_sim/world"
            world = http.get(url, headers={"X-Sim-Token": told["control_token"]}).json()
        assert (world["seed"], world["paused"]) == (5, True)


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (("--fault", "bogus"), 2, "--fault: unknown fault 'bogus'; there are: latency"),
        (("--fault", "node-offline:node=nope"), 2, "there is no node 'nope'"),
        (("--speed", "0"), 2, "--speed must be more than 0"),
        (("--scenario", "bogus"), 2, "argument --scenario: invalid choice: 'bogus'"),
        (("--port", "http"), 2, "argument --port: invalid int value: 'http'"),
        (("--port", "70000"), 2, "--port must be from 0 to 65535"),
        (("--scenario", "fleet", "--port", "65534"), 2, "3 servers need as many ports"),
        (("--guests", "500"), 2, "--guests goes with --scenario huge only"),
        (("--scenario", "huge", "--guests", "50001"), 2, "--guests must be from 100 to 50000"),
        (("--latency", "-1"), 2, "--latency must be 0 or more"),
        (("--env-file", "/no/such/folder/file"), 2, "--env-file: there is no folder /no/such/folder"),
        (("--env-file", "/"), 2, "--env-file: / is a folder"),
        (("--stay-with-parent",), 2, "--stay-with-parent needs a pipe or a terminal as stdin"),
        (("--bogus",), 2, "unrecognized arguments: --bogus"),
        (("--host", "192.0.2.1"), 2, "cannot listen on 192.0.2.1"),
        (("--fault", "status:status=9999"), 2, "--fault: fault status: status must be a whole number from 200 to 599"),
        (("--fault", "latency:ms=nan"), 2, "--fault: fault latency: ms must be a number from 0 to 86400000, not 'nan'"),
        (
            ("--fault", "hang:times=-1"),
            2,
            "--fault: fault hang: times must be a whole number from 1 to 1000000, not '-1'",
        ),
        (("--fault", "hang:server=nope"), 2, "--fault: there is no server 'nope'; there are: lab"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(options: tuple[str, ...], code: int, text: str) -> None:
    command = [*COMMAND, "--port", "0", *options]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == code
    lines = [line for line in ended.stderr.splitlines() if "WARNING" not in line and "https://" not in line]
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("proxtui sim: ")
    assert text in lines[0]
    assert ended.stdout == ""


def test_huge_is_announced_in_time() -> None:
    start = time.monotonic()
    with Served("--scenario", "huge", "--guests", "10000", "--still") as sim:
        told = sim.told()
        # Less than a second on a machine that does nothing else; the bound only catches another order of magnitude.
        assert time.monotonic() - start < 8
        answer = get(told["servers"][0], "/api2/json/cluster/resources?type=vm")
        assert len(answer.json()["data"]) == 2000


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, timeout=20, check=False, env=dict(os.environ)
        )
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
