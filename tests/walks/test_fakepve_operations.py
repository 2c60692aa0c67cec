"""Changes through the gate, with a real audit, against fakepve: each ends as it should, and fakepve says so too."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Credentials, Endpoint, Server, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.core.run import Run
from proxtui.core.runtime import Runtime
from proxtui.errors import ConflictError
from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.places import AuditFiles
from proxtui.pve import ProxmoxClient
from proxtui.registry import FEATURES
from proxtui.wiring import open_runtime

from .fleets import fleet_of
from .test_fakepve_changes import client, fakepve_url  # noqa: F401  fixtures
from .test_gate import FastClock
from .test_operations import CATALOGUE, end_of, story_of

pytestmark = pytest.mark.skipif(
    not Path(sys.executable).with_name("fakepve").exists(), reason="fakepve is not installed"
)
FAKE = ServerRef("acme", "fake")
STOPPED = Target(FAKE, Kind.QEMU, "100", "web1", "pve1")
RUNNING = Target(FAKE, Kind.QEMU, "101", "run1", "pve1")
LOCKED = Target(FAKE, Kind.QEMU, "102", "lock1", "pve1")
CONTAINER = Target(FAKE, Kind.LXC, "200", "ct1", "pve1")
NODE = Target(FAKE, Kind.NODE, "pve1", "pve1", "pve1")
TEMPLATE = "local:vztmpl/debian-13.tar.zst"


@dataclass(frozen=True)
class Stage:
    """The kernel over one fakepve, and a login of its own that looks at what became of it."""

    runtime: Runtime
    seen_by: ProxmoxClient
    folder: Path

    async def change(self, verb: str, target: Target, ends: str = "ok", **params: Any) -> Run:
        """Make a change, and hold its end and its audit to what is expected."""
        run = await end_of(self.runtime, CATALOGUE[f"guests.{verb}"], target, params or None)
        assert run.state == ends, run.line
        story = story_of(self.folder, run)
        assert [entry.phase for entry in story] == ["intent", *(["sent"] if run.upid else []), "outcome"]
        assert story[-1].result == ends
        assert {(entry.event, entry.target_id) for entry in story} == {(f"guests.{verb}", target.id)}
        return run

    async def get(self, target: Target, what: str) -> Any:
        return await self.seen_by.get(f"/nodes/{target.node}/{target.kind.value}/{target.id}/{what}")

    async def status(self, target: Target) -> str:
        return str((await self.get(target, "status/current"))["status"])

    async def pending(self, target: Target) -> set[str]:
        """The options of which another value waits for the next start."""
        return {row["key"] for row in await self.get(target, "pending") if "pending" in row or "delete" in row}

    async def snapshots(self, target: Target) -> dict[str, str]:
        """The notes of each, by name."""
        rows = await self.get(target, "snapshot")
        return {row["name"]: row.get("description", "") for row in rows if row["name"] != "current"}

    async def guests(self) -> dict[int, str]:
        """What there is, by VMID."""
        rows = await self.seen_by.get("/cluster/resources", params={"type": "vm"})
        return {int(row["vmid"]): row["name"] for row in rows}


@pytest.fixture
async def stage(
    fakepve_url: tuple[str, int],  # noqa: F811
    client: ProxmoxClient,  # noqa: F811
    tmp_path: Path,
) -> AsyncIterator[Stage]:
    host, port = fakepve_url
    server = Server(
        name=FAKE.server,
        endpoints=(Endpoint(host=host, port=port),),
        trust=TlsTrust(mode="fingerprint", fingerprints=client.config.fingerprints),
        credentials=Credentials(username="root@pam", password=Secret("secret")),
        timeout_ms=30_000,
    )
    folder = tmp_path / "audit"
    more: dict[str, Any] = {"make_journal": lambda: AuditJournal(AuditFiles(folder)), "features": FEATURES}
    async with open_runtime(fleet_of(server), clock=FastClock(), **more) as runtime:
        await runtime.poller.poll_once()
        yield Stage(runtime, client, folder)


@pytest.mark.parametrize(
    ("target", "types"),
    [(STOPPED, ["qmstart", "qmstop"]), (CONTAINER, ["vzstart", "vzstop"])],
    ids=["vm", "container"],
)
async def test_power(stage: Stage, target: Target, types: list[str]) -> None:
    assert await stage.status(target) == "stopped"
    started = await stage.change("start", target)
    assert await stage.status(target) == "running"
    stopped = await stage.change("stop", target)
    assert await stage.status(target) == "stopped"
    assert [run.upid.type for run in (started, stopped) if run.upid] == types


async def test_a_locked_guest_does_not_start(stage: Stage) -> None:
    run = await stage.change("start", LOCKED, ends="failed")
    assert "locked" in run.message
    assert await stage.status(LOCKED) == "stopped"


@pytest.mark.parametrize("target", [STOPPED, CONTAINER], ids=["vm", "container"])
async def test_configuration_and_its_digest(stage: Stage, target: Target) -> None:
    seen = (await stage.get(target, "config"))["digest"]
    await stage.change("config", target, set={"cores": "7"}, digest=seen)
    assert int((await stage.get(target, "config"))["cores"]) == 7
    # The digest is of what was there before: somebody else's change must stay.
    late = await stage.change("config", target, ends="failed", set={"cores": "1"}, digest=seen)
    assert isinstance(late.error, ConflictError)
    assert int((await stage.get(target, "config"))["cores"]) == 7


async def test_a_pending_change_is_applied_by_the_next_start(stage: Stage) -> None:
    await stage.change("config", RUNNING, set={"memory": "1024"})
    assert await stage.pending(RUNNING) == {"memory"}
    await stage.change("stop", RUNNING)
    await stage.change("start", RUNNING)
    assert await stage.pending(RUNNING) == set()
    assert int((await stage.get(RUNNING, "config"))["memory"]) == 1024


@pytest.mark.parametrize(
    ("target", "key", "value"),
    [
        pytest.param(
            STOPPED, "memory", "1024", id="vm",
            marks=pytest.mark.skip(reason="fakepve takes the parameter 'revert' of a VM for an option"),
        ),
        pytest.param(CONTAINER, "features", "nesting=1", id="container"),
    ],
)  # fmt: skip
async def test_a_pending_change_is_taken_back(stage: Stage, target: Target, key: str, value: str) -> None:
    await stage.change("start", target)
    await stage.change("config", target, set={key: value})
    assert await stage.pending(target) == {key}
    await stage.change("revert", target, keys=[key])
    assert await stage.pending(target) == set()


async def test_a_vm_is_made_and_deleted(stage: Stage) -> None:
    await stage.change("create-vm", NODE, node="pve1", vmid=990, name="new1", cores=2, memory=1024, disk="8")
    made = Target(FAKE, Kind.QEMU, "990", "new1", "pve1")
    config = await stage.get(made, "config")
    assert (config["name"], int(config["cores"]), int(config["memory"])) == ("new1", 2, 1024)
    assert config["scsi0"].startswith("local-lvm:")
    await stage.change("delete", made, purge=True)
    assert 990 not in await stage.guests()


async def test_a_container_is_made_and_deleted(stage: Stage) -> None:
    await stage.change("create-ct", NODE, node="pve1", vmid=990, hostname="new2", ostemplate=TEMPLATE)
    made = Target(FAKE, Kind.LXC, "990", "new2", "pve1")
    assert (await stage.get(made, "config"))["hostname"] == "new2"
    await stage.change("delete", made)
    assert 990 not in await stage.guests()


@pytest.mark.parametrize("target", [STOPPED, CONTAINER], ids=["vm", "container"])
async def test_clone(stage: Stage, target: Target) -> None:
    await stage.change("clone", target, newid=300, name="copy1", full=True)
    guests = await stage.guests()
    assert (guests[300], guests[target.vmid]) == ("copy1", target.name)


@pytest.mark.parametrize("target", [STOPPED, CONTAINER], ids=["vm", "container"])
async def test_snapshots(stage: Stage, target: Target) -> None:
    await stage.change("snapshot", target, snapname="before", description="as it was")
    assert await stage.snapshots(target) == {"before": "as it was"}
    await stage.change("edit-snapshot", target, snapname="before", description="other words")
    assert await stage.snapshots(target) == {"before": "other words"}
    await stage.change("delete-snapshot", target, snapname="before")
    assert await stage.snapshots(target) == {}


@pytest.mark.parametrize("target", [STOPPED, CONTAINER], ids=["vm", "container"])
async def test_a_rollback_brings_back_what_was(stage: Stage, target: Target) -> None:
    await stage.change("config", target, set={"cores": "3"})
    await stage.change("snapshot", target, snapname="before")
    await stage.change("config", target, set={"cores": "7"})
    await stage.change("rollback", target, snapname="before")
    assert int((await stage.get(target, "config"))["cores"]) == 3


@pytest.mark.parametrize("target", [STOPPED, CONTAINER], ids=["vm", "container"])
async def test_options_are_removed(stage: Stage, target: Target) -> None:
    await stage.change("config", target, set={"onboot": "1", "description": "words", "cores": "3"})
    await stage.change("config", target, set={"cores": "4"}, delete=["onboot", "description"])
    config = await stage.get(target, "config")
    assert int(config["cores"]) == 4
    assert not {"onboot", "description"} & config.keys()


async def test_a_disk_grows(stage: Stage) -> None:
    # At fakepve only disks of containers grow.
    params = {"node": "pve1", "vmid": 990, "hostname": "new2", "ostemplate": TEMPLATE, "rootfs": "4"}
    await stage.change("create-ct", NODE, **params)
    made = Target(FAKE, Kind.LXC, "990", "new2", "pve1")
    await stage.change("resize", made, disk="rootfs", size="6G")
    assert "size=6G" in (await stage.get(made, "config"))["rootfs"]


async def test_a_running_guest_is_not_deleted(stage: Stage) -> None:
    assert "running" in (await stage.change("delete", RUNNING, ends="failed")).message
    assert (await stage.guests())[101] == "run1"
