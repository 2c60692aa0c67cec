"""The examples of ``docs/library.md`` do what they say, against the simulator."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.pve import ProxmoxClient, ProxmoxConfig, TaskTools, VMTools
from proxtui.pve.models import Task
from proxtui.sim.app import create_app
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.transport import SimTransport
from proxtui.sim.world import World

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
WHO = "admin@pve!proxtui"


class Clock:
    now = 1_795_305_600.0

    def __call__(self) -> float:
        return self.now


class FastTasks(TaskTools):
    """Moves the world's clock where others would wait."""

    def __init__(self, client: ProxmoxClient, clock: Clock) -> None:
        super().__init__(client)
        self.clock = clock

    async def wait(self, upid: str, **options: Any) -> Task:
        async def forward(_seconds: float) -> None:
            self.clock.now += 5

        return await super().wait(upid, sleep=forward, timeout=10_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[ProxmoxClient]:
    world = World(now=clock, seed=1, auth_delay=0.0)
    SCENARIOS["small"](world)
    config = ProxmoxConfig(host="sim", token_id=WHO, token_secret=world.sites["lab"].tokens[WHO].secret)
    async with ProxmoxClient(config, transport=SimTransport(create_app(world, "lab"))) as opened:
        yield opened


@pytest.fixture
def examples() -> dict[str, Any]:
    """What the code of the section defines."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## Changing things\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    found: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), found)  # noqa: S102 - our own page
    return found


async def test_a_vm_is_upgraded(client: ProxmoxClient, clock: Clock, examples: dict[str, Any]) -> None:
    vms = VMTools(client)
    running = next(vm for vm in await vms.list_vms() if vm.status == "running" and not vm.lock)
    assert running.node is not None
    await examples["upgrade"](vms, FastTasks(client, clock), running.node, running.vmid)
    assert "before-upgrade" in {one.name for one in await vms.list_snapshots(running.node, running.vmid)}
    assert str((await vms.get_vm_config(running.node, running.vmid))["memory"]) == "4096"
    assert (await vms.get_vm_status(running.node, running.vmid)).status == "running"


async def test_one_more_vm_is_made(client: ProxmoxClient, clock: Clock, examples: dict[str, Any]) -> None:
    vms = VMTools(client)
    vmid = await examples["one_more"](vms, FastTasks(client, clock), "pve1")
    config = await vms.get_vm_config("pve1", vmid)
    assert (config["name"], config["tags"]) == ("web-2", "web")
    assert str(config["scsi0"]).startswith("local-lvm:")
