"""The library's changes against fakepve, somebody else's idea of PVE: sent, awaited, and the end state read back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.errors import ApiError, ConflictError, TaskFailed
from proxtui.pve import ContainerTools, ProxmoxClient, ProxmoxConfig, TaskTools, VMTools
from proxtui.pve.models import Task
from proxtui.pve.params import ContainerCreateParams, VMCreateParams
from proxtui.pve.tls import probe_certificate

GUESTS = [
    {"vmid": 100, "name": "web1", "type": "qemu", "node": "pve1", "status": "stopped", "config": {"cores": 2}},
    {"vmid": 101, "name": "run1", "type": "qemu", "node": "pve1", "status": "running", "config": {"memory": "512"}},
    {"vmid": 102, "name": "lock1", "type": "qemu", "node": "pve1", "status": "stopped", "lock": "backup"},
    {"vmid": 200, "name": "ct1", "type": "lxc", "node": "pve1", "status": "stopped"},
    {"vmid": 900, "name": "far1", "type": "qemu", "node": "pve2", "status": "stopped"},
]


@pytest.fixture
def fakepve_url(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """One of its own for each test, because each changes it; its tasks end a hundred times as fast."""
    guests = tmp_path / "guests.json"
    guests.write_text(json.dumps({"guests": GUESTS}), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("fakepve")), str(guests), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--user", "root@pam", "--password", "secret", "--time-scale", "0.01"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        line = process.stdout.readline()
        assert "listening on https://" in line, line
        host, _, port = line.strip().rpartition("https://")[2].rpartition(":")
        try:
            yield host, int(port)
        finally:
            process.terminate()


@pytest.fixture
async def client(fakepve_url: tuple[str, int]) -> AsyncIterator[ProxmoxClient]:
    host, port = fakepve_url
    certificate = await probe_certificate(host, port)
    config = ProxmoxConfig(
        host=host, port=port, username="root@pam", password="secret", fingerprints=(certificate.fingerprint,)
    )
    async with ProxmoxClient(config) as opened:
        yield opened


async def end_of(client: ProxmoxClient, upid: str | None) -> Task:
    assert upid is not None
    return await TaskTools(client).wait(upid, interval=20, timeout=10_000)


async def test_power(client: ProxmoxClient) -> None:
    vms = VMTools(client)

    async def status(vmid: int) -> str | None:
        return (await vms.get_vm_status("pve1", vmid)).status

    assert (await end_of(client, await vms.start_vm("pve1", 100))).type == "qmstart"
    assert await status(100) == "running"
    assert (await end_of(client, await vms.restart_vm("pve1", 100))).outcome == "OK"
    assert (await end_of(client, await vms.suspend_vm("pve1", 100))).outcome == "OK"
    assert await status(100) == "paused"
    await end_of(client, await vms.resume_vm("pve1", 100))
    assert await status(100) == "running"
    await end_of(client, await vms.reset_vm("pve1", 100))
    assert (await end_of(client, await vms.stop_vm("pve1", 100))).type == "qmshutdown"
    assert await status(100) == "stopped"
    assert (await end_of(client, await vms.stop_vm("pve1", 101, force=True))).type == "qmstop"
    assert await status(101) == "stopped"


async def test_a_task_that_fails_is_told_by_its_end(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    upid = await vms.start_vm("pve1", 101)
    with pytest.raises(TaskFailed, match="already running"):
        await end_of(client, upid)
    locked = await vms.start_vm("pve1", 102)
    with pytest.raises(TaskFailed, match="locked"):
        await end_of(client, locked)
    assert (await vms.get_vm_status("pve1", 102)).status == "stopped"


async def test_configuration_and_what_is_pending(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    assert await vms.update_vm_config("pve1", 100, {"cores": 4, "onboot": True}) is None
    config = await vms.get_vm_config("pve1", 100)
    assert (int(str(config["cores"])), str(config["onboot"])) == (4, "1")

    await vms.update_vm_config("pve1", 101, {"memory": 1024})
    assert [(change.key, change.pending) for change in await vms.get_pending("pve1", 101)] == [("memory", "1024")]
    # The next start applies it. (fakepve cannot revert VMs: it takes the word for an option.)
    await end_of(client, await vms.stop_vm("pve1", 101, force=True))
    await end_of(client, await vms.start_vm("pve1", 101))
    assert list(await vms.get_pending("pve1", 101)) == []
    assert str((await vms.get_vm_config("pve1", 101))["memory"]) == "1024"

    await vms.set_notes("pve1", 100, "ours = yours; really & truly")
    await vms.set_tags("pve1", 100, ["web", "prod"])
    await vms.set_tags("pve1", 100, "db", "add")
    config = await vms.get_vm_config("pve1", 100)
    assert str(config["description"]).strip() == "ours = yours; really & truly"
    assert sorted(str(config["tags"]).split(";")) == ["db", "prod", "web"]
    await vms.update_vm_config("pve1", 100, {}, delete=["tags", "onboot"])
    assert not {"tags", "onboot"} & (await vms.get_vm_config("pve1", 100)).keys()


async def test_a_disk_is_added_by_a_task(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    upid = await vms.update_vm_config("pve1", 100, {"scsi1": "local-lvm:8"})
    assert (await end_of(client, upid)).type == "qmconfig"
    assert "scsi1" in await vms.get_vm_config("pve1", 100)


async def test_what_somebody_else_changed_meanwhile_is_not_undone(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    seen = str((await vms.get_vm_config("pve1", 100))["digest"])
    await vms.update_vm_config("pve1", 100, {"cores": 8})
    with pytest.raises(ConflictError):
        await vms.update_vm_config("pve1", 100, {"cores": 1}, digest=seen)
    assert int(str((await vms.get_vm_config("pve1", 100))["cores"])) == 8


class Meddled:
    """The client; somebody else changes the guest right after each look at its configuration."""

    def __init__(self, client: ProxmoxClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def get(self, path: str, **more: Any) -> Any:
        seen = await self._client.get(path, **more)
        if path.endswith("/config"):
            await self._client.put(path, {"description": f"after {seen['digest']}"})
        return seen


async def test_a_disk_grows_unless_somebody_else_changed_the_guest_meanwhile(client: ProxmoxClient) -> None:
    cts, disk = ContainerTools(client), "local-lvm:4"
    made = ContainerCreateParams(node="pve1", vmid=302, ostemplate="local:vztmpl/debian-13.tar.zst", rootfs=disk)
    await end_of(client, await cts.create_container(made))
    with pytest.raises(ConflictError):
        await ContainerTools(Meddled(client)).resize_disk("pve1", 302, "rootfs", "6G")
    assert "size=4G" in str((await cts.get_container_config("pve1", 302))["rootfs"])
    await end_of(client, await cts.resize_disk("pve1", 302, "rootfs", "+2G"))
    assert "size=6G" in str((await cts.get_container_config("pve1", 302))["rootfs"])


async def test_create_and_delete(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    made = VMCreateParams(
        node="pve1", name="new1", cores=2, memory=1024, disk="8", net0="virtio,bridge=vmbr0", tags=["fresh"]
    )
    upid = await vms.create_vm(made)
    task = await end_of(client, upid)
    vmid = int(upid.id)
    assert (task.type, vmid) == ("qmcreate", 103)
    config = await vms.get_vm_config("pve1", vmid)
    assert (config["name"], int(str(config["cores"])), str(config["memory"])) == ("new1", 2, "1024")
    assert str(config["scsi0"]).startswith("local-lvm:")
    assert vmid in {vm.vmid for vm in await vms.list_vms()}

    with pytest.raises(ApiError, match="already exists"):
        await vms.create_vm(VMCreateParams(node="pve1", vmid=100))
    with pytest.raises(ApiError, match="running"):
        await vms.delete_vm("pve1", 101)
    await end_of(client, await vms.delete_vm("pve1", vmid, purge=True))
    assert vmid not in {vm.vmid for vm in await vms.list_vms()}


async def test_clone(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    await end_of(client, await vms.clone_vm("pve1", 100, 300, "copy1", full=True))
    copy = await vms.get_vm_config("pve1", 300)
    assert (copy["name"], int(str(copy["cores"]))) == ("copy1", 2)


async def test_snapshots(client: ProxmoxClient) -> None:
    vms = VMTools(client)
    await end_of(client, await vms.create_snapshot("pve1", 100, "before", "as it was"))
    await vms.update_vm_config("pve1", 100, {"cores": 16})
    assert [(one.name, one.description) for one in await vms.list_snapshots("pve1", 100)] == [("before", "as it was")]
    await end_of(client, await vms.rollback_snapshot("pve1", 100, "before"))
    assert int(str((await vms.get_vm_config("pve1", 100))["cores"])) == 2
    await end_of(client, await vms.delete_snapshot("pve1", 100, "before"))
    assert list(await vms.list_snapshots("pve1", 100)) == []


async def test_containers(client: ProxmoxClient) -> None:
    cts = ContainerTools(client)

    async def status() -> str | None:
        return (await cts.get_container_status("pve1", 200)).status

    await end_of(client, await cts.start_container("pve1", 200))
    assert await status() == "running"
    await end_of(client, await cts.shutdown_container("pve1", 200))
    assert await status() == "stopped"
    await end_of(client, await cts.create_snapshot("pve1", 200, "s1"))
    assert [one.name for one in await cts.list_snapshots("pve1", 200)] == ["s1"]
    await end_of(client, await cts.clone_container("pve1", 200, 301, "ct2", full=True))
    assert 301 in {one.vmid for one in await cts.list_containers()}


async def test_a_pending_change_is_taken_back(client: ProxmoxClient) -> None:
    cts = ContainerTools(client)
    await end_of(client, await cts.start_container("pve1", 200))
    await cts.update_container_config("pve1", 200, {"features": "nesting=1"})
    assert [change.key for change in await cts.get_pending("pve1", 200)] == ["features"]
    await cts.revert_container_config("pve1", 200, "features")
    assert list(await cts.get_pending("pve1", 200)) == []


async def test_a_container_moves(client: ProxmoxClient) -> None:
    cts = ContainerTools(client)
    await end_of(client, await cts.migrate_container("pve1", 200, "pve2"))
    assert {one.vmid: one.node for one in await cts.list_containers()}[200] == "pve2"


async def test_a_container_is_made_and_configured(client: ProxmoxClient) -> None:
    cts = ContainerTools(client)
    made: dict[str, Any] = {"ostemplate": "local:vztmpl/debian-13.tar.zst", "password": "hush hush"}
    upid = await cts.create_container(ContainerCreateParams(node="pve1", vmid=302, hostname="ct3", **made))
    await end_of(client, upid)
    await cts.update_container_config("pve1", 302, {"memory": 2048})
    assert int(str((await cts.get_container_config("pve1", 302))["memory"])) == 2048
    await end_of(client, await cts.delete_container("pve1", 302))
    assert 302 not in {one.vmid for one in await cts.list_containers()}
