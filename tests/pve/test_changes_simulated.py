"""Storages, backups, nodes, HA and pools changed on a simulated cluster, and what is there afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.errors import NotFoundError, TaskFailed, ValidationError
from proxtui.pve.backups import BackupTools
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.ha import HaTools
from proxtui.pve.models import Task
from proxtui.pve.nodes import NodeTools
from proxtui.pve.params import BackupParams, HaParams, PruneParams, RestoreParams, UploadParams
from proxtui.pve.pools import PoolTools
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.storage import StorageTools
from proxtui.pve.tasks import TaskTools
from proxtui.pve.vms import VMTools
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


async def ended(client: ProxmoxClient, clock: Clock, upid: str | None) -> Task | None:
    """The task's end; where others wait, the world's clock moves."""

    async def forward(_seconds: float) -> None:
        clock.now += 30

    return None if upid is None else await TaskTools(client).wait(upid, sleep=forward, timeout=10_000)


async def stored(client: ProxmoxClient, storage: str = "local") -> dict[str, object]:
    return {volume.volid: volume for volume in await StorageTools(client).list_storage_content("pve1", storage)}


async def test_a_file_goes_up_and_away_again(client: ProxmoxClient, clock: Clock, tmp_path) -> None:
    file = tmp_path / "tiny.iso"
    file.write_bytes(b"CONTENT" * 100)
    tools, told = StorageTools(client), []
    params = UploadParams(file=str(file), checksum=hashlib.sha256(file.read_bytes()).hexdigest())
    upid = await tools.upload("pve1", "local", params, on_progress=lambda *now: told.append(now))
    assert upid.type == "imgcopy"
    await ended(client, clock, upid)
    assert told[-1] == (700, 700)
    assert (await stored(client))["local:iso/tiny.iso"].size == 700
    await ended(client, clock, await tools.delete_storage_content("pve1", "local", "local:iso/tiny.iso"))
    assert "local:iso/tiny.iso" not in await stored(client)


async def test_the_example_of_the_page_brings_a_file(client: ProxmoxClient, clock: Clock, tmp_path, capsys) -> None:
    file = tmp_path / "page.iso"
    file.write_bytes(b"CONTENT")
    section = PAGE.read_text(encoding="utf-8").partition("\n## Changing storages")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    found: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), found)  # noqa: S102 - our own page

    class Waiting(TaskTools):
        async def wait(self, upid: str, **_options: Any) -> Task:
            return await ended(client, clock, upid)

    await found["bring"](StorageTools(client), Waiting(client), "pve1", str(file))
    assert "local:iso/page.iso" in await stored(client)
    assert capsys.readouterr().out.splitlines()[-1] == "7 of 7 bytes"


async def test_a_file_with_another_checksum_fails(client: ProxmoxClient, clock: Clock, tmp_path) -> None:
    file = tmp_path / "tiny.iso"
    file.write_bytes(b"CONTENT")
    upid = await StorageTools(client).upload("pve1", "local", UploadParams(file=str(file), checksum="0" * 64))
    with pytest.raises(TaskFailed, match="checksum"):
        await ended(client, clock, upid)
    assert "local:iso/tiny.iso" not in await stored(client)


async def test_a_vm_is_saved_protected_and_restored(client: ProxmoxClient, clock: Clock) -> None:
    vm = next(vm for vm in await VMTools(client).list_vms() if vm.node == "pve1" and not vm.lock and not vm.template)
    backups, storages = BackupTools(client), StorageTools(client)
    before = set(await stored(client))
    made = BackupParams(node="pve1", vmids=[vm.vmid], storage="local", notes_template="{{guestname}}")
    await ended(client, clock, await backups.backup_now(made))
    (volid,) = set(await stored(client)) - before
    await storages.update_storage_content("pve1", "local", volid, notes="keep this", protected=True)
    volume = (await stored(client))[volid]
    assert (volume.notes, volume.protected) == ("keep this", True)
    marks = {mark.volid: mark.mark for mark in await storages.prune_preview("pve1", "local", PruneParams(keep_last=1))}
    assert marks[volid] == "protected"
    free = await ClusterTools(client).next_id()
    restore = RestoreParams(node="pve1", vmid=free, archive=volid, storage="local-lvm", unique=True)
    await ended(client, clock, await backups.restore_vm(restore))
    assert (await VMTools(client).get_vm_config("pve1", free))["name"] == vm.name


async def test_services_stop_and_start(client: ProxmoxClient, clock: Clock) -> None:
    tools = NodeTools(client)

    async def state() -> str | None:
        return next(one.state for one in await tools.get_node_services("pve1") if one.service == "cron")

    await ended(client, clock, await tools.stop_service("pve1", "cron"))
    assert await state() == "dead"
    await ended(client, clock, await tools.start_service("pve1", "cron"))
    assert await state() == "running"
    with pytest.raises(ValidationError):
        await tools.restart_service("pve1", "no-such-service")


async def test_a_pool_fills_and_goes(client: ProxmoxClient) -> None:
    tools, cluster = PoolTools(client), ClusterTools(client)
    vmid = next(vm.vmid for vm in await VMTools(client).list_vms() if vm.pool is None)
    await tools.create_pool("web-team", "Web")
    await tools.add_to_pool("web-team", [vmid], ["local"])
    members = (await cluster.pool("web-team")).members or ()
    assert {member.vmid or member.storage for member in members} == {vmid, "local"}
    await tools.remove_from_pool("web-team", [vmid], ["local"])
    await tools.update_pool("web-team", "")
    assert (await cluster.pool("web-team")).comment is None
    await tools.delete_pool("web-team")
    assert "web-team" not in {pool.poolid for pool in await cluster.pools()}


async def test_ha_takes_a_guest_and_lets_it_go(client: ProxmoxClient) -> None:
    tools, cluster = HaTools(client), ClusterTools(client)
    taken = {resource.vmid for resource in await cluster.ha_resources()}
    sid = f"vm:{next(vm.vmid for vm in await VMTools(client).list_vms() if vm.vmid not in taken)}"
    await tools.add_ha_resource(HaParams(sid=sid, state="ignored", comment="by hand"))
    await tools.update_ha_resource(sid, max_restart=3)
    found = {resource.sid: resource for resource in await cluster.ha_resources()}[sid]
    assert (found.state, found.max_restart, found.comment) == ("ignored", 3, "by hand")
    await tools.remove_ha_resource(sid)
    assert sid not in {resource.sid for resource in await cluster.ha_resources()}


async def test_a_task_that_is_none(client: ProxmoxClient) -> None:
    with pytest.raises((NotFoundError, ValidationError)):
        await TaskTools(client).stop_task("UPID:pve1:000004BF:00054094:6B022D53:vzdump:100:admin@pve!full:")
