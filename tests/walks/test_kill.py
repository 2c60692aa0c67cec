"""``kill -9`` at each step of a change: what was sent, and what the next start makes of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.core.run import RunState
from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.places import AuditFiles
from proxtui.pve import ProxmoxClient, ProxmoxConfig
from proxtui.wiring import open_runtime

from .changes import ROOMS
from .conftest import Simulator, simulator
from .fleets import fleet_of, token_server

TOP = Path(__file__).resolve().parents[2]
STEPS = {
    # The step: POSTs that the simulator saw, changes found at the next start, and their ends.
    "before the intent": (0, []),
    "after the intent": (0, [RunState.UNKNOWN]),
    "after the POST": (1, [RunState.OK]),
    "during the task": (1, [RunState.OK]),
}


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with simulator("--scenario", "small", "--auth-delay", "0.1") as running:
        running.control("POST", "life", {"paused": True})
        yield running


async def stopped_guest(sim: Simulator, number: int) -> dict[str, Any]:
    """A guest of its own for each step."""
    server = sim.first
    config = ProxmoxConfig(
        host=server["host"], port=server["port"], fingerprints=(server["fingerprint"],),
        token_id=server["token_id"], token_secret=server["token_secret"],
    )  # fmt: skip
    async with ProxmoxClient(config) as client:
        rows = await client.get("/cluster/resources", params={"type": "vm"})
    found = [row for row in rows if row["type"] == "qemu" and not row.get("lock") and not row.get("template")]
    stopped = sorted((row for row in found if row["status"] == "stopped"), key=lambda row: row["vmid"])
    return dict((stopped or found)[number % len(stopped or found)])


def starts(sim: Simulator) -> int:
    return sum(n for line, n in sim.requests().items() if line.split()[1] != "GET" and "/status/" in line)


def killed(sim: Simulator, folder: Path, guest: dict[str, Any], step: str) -> None:
    told = {"folder": str(folder), "server": sim.first, "step": step, "vmid": str(guest["vmid"])}
    told |= {"name": guest["name"], "node": guest["node"]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.walks.killed"], input=json.dumps(told), cwd=TOP,
        text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("step", STEPS)
async def test_a_killed_process_sends_at_most_once_and_its_change_gets_an_end(
    sim: Simulator, tmp_path: Path, step: str
) -> None:
    sent, ends = STEPS[step]
    guest, before = await stopped_guest(sim, list(STEPS).index(step)), starts(sim)
    killed(sim, tmp_path, guest, step)
    assert starts(sim) - before == sent

    files = AuditFiles(tmp_path)
    config = fleet_of(token_server(sim.first))
    async with open_runtime(config, make_journal=lambda: AuditJournal(files), features=ROOMS) as runtime:
        found = await runtime.gate.reconcile()
        assert [(await run.wait()).state for run in found] == ends
        assert all(run.reason == "to be killed" for run in found)
        assert all(run.upid or run.state is RunState.UNKNOWN for run in found)
    assert list(await AuditJournal(files).unfinished()) == []
    assert starts(sim) - before == sent, "nothing is ever sent again"
