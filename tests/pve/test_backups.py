from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import InvalidInput, PermissionDenied
from proxtui.pve.backups import BackupTools, newest_by_guest
from proxtui.pve.fields import Row
from proxtui.pve.models import StorageContent
from proxtui.pve.models_backup import BackupJob

from .fakes import FakeClient, data

JOBS: list[Any] = [
    {"id": "backup-b", "type": "vzdump", "enabled": 1, "schedule": "mon..fri 02:30", "next-run": 1795401000,
     "storage": "pbs", "mode": "snapshot", "all": 1, "exclude": "101,100", "prune-backups": {"keep-last": "3",
     "keep-daily": 7}, "comment": "nightly\n", "notes-template": "{{guestname}}"},
    {"id": "backup-a", "vmid": "200,x,100", "enabled": "0", "storage": "local", "prune-backups": "keep-all=1",
     "node": "pve1"},
    {"id": "backup-c", "pool": "prod", "dow": "sat", "starttime": "03:00"},
    {"schedule": "daily"},
    "no row",
]  # fmt: skip


async def test_jobs() -> None:
    jobs = await BackupTools(FakeClient({"/cluster/backup": data(JOBS)})).jobs()
    assert jobs.invalid == 2
    assert [(job.id, job.enabled, job.selection, job.schedule) for job in jobs] == [
        ("backup-a", False, "100, 200", None),
        ("backup-b", True, "all but 100, 101", "mon..fri 02:30"),
        ("backup-c", True, "pool prod", "sat 03:00"),
    ]
    first, second, third = jobs
    assert (first.node, first.next_run, first.prune, first.all) == ("pve1", None, "keep-all=1", False)
    assert (second.next_run, second.prune, second.comment) == (1795401000, "keep-daily=7,keep-last=3", "nightly")
    assert (third.prune, third.storage, third.mode) == (None, None, None)
    assert (BackupJob(id="x").selection, BackupJob(id="x", all=True).selection) == ("none", "all")


async def test_guests_that_no_job_names() -> None:
    rows: list[Any] = [{"vmid": 200, "type": "lxc", "name": "b"}, {"vmid": "100", "type": "moon"}, {"name": "c"}]
    guests = await BackupTools(FakeClient({"/cluster/backup-info/not-backed-up": data(rows)})).not_covered()
    assert [(guest.vmid, guest.type, guest.name) for guest in guests] == [(100, None, None), (200, "lxc", "b")]
    assert guests.invalid == 1


CONTENT = "/nodes/pve1/storage/pbs/content"
BACKUPS: list[Any] = [
    {"volid": "pbs:backup/vm/100/2026-11-20T00:00:00Z", "content": "backup", "vmid": 100, "ctime": 1795132800,
     "size": 10, "notes": "web\nserver", "protected": 1, "encrypted": "ab:cd", "verification": {"state": "ok"}},
    {"volid": "pbs:backup/vm/100/2026-11-21T00:00:00Z", "content": "backup", "vmid": "100", "ctime": 1795219200,
     "verification": {"state": "failed", "upid": "x"}},
    {"volid": "pbs:iso/x.iso", "content": "iso", "ctime": 1795219300},
    {"volid": "pbs:backup/ct/200/x", "vmid": 200},
    {"content": "backup"},
]  # fmt: skip


async def test_backups_are_newest_first() -> None:
    client = FakeClient({CONTENT: data(BACKUPS)})
    backups = await BackupTools(client).list_backups("pve1", "pbs")
    assert [(one.vmid, one.ctime) for one in backups] == [(100, 1795219200), (100, 1795132800), (200, None)]
    assert [one.verified for one in backups] == ["failed", "ok", None]
    assert (backups[1].encrypted, backups[1].protected, backups[1].notes) == (True, True, "web\nserver")
    assert (backups[0].encrypted, backups[0].size, backups.invalid) == (None, None, 1)
    await BackupTools(client).list_backups("pve1", "pbs", vmid=100)
    assert client.asked == [f"{CONTENT}?content=backup", f"{CONTENT}?content=backup&vmid=100"]


def volume(volid: str, vmid: int | None, ctime: int | None) -> StorageContent:
    return StorageContent(volid=volid, vmid=vmid, ctime=ctime, content="backup")


def test_the_newest_backup_of_each_guest() -> None:
    volumes = [volume("a:1", 100, 5), volume("b:2", 100, 9), volume("a:3", 200, 1), volume("a:4", None, 99)]
    found = newest_by_guest([*volumes, volume("a:5", 300, None)])
    assert {vmid: one.volid for vmid, one in found.items()} == {100: "b:2", 200: "a:3"}
    assert newest_by_guest([]) == {}


async def test_bad_arguments_never_reach_the_wire() -> None:
    client = FakeClient({})
    tools = BackupTools(client)
    for node, storage, vmid in (("../x", "pbs", None), ("pve1", "p/b", None), ("pve1", "pbs", 99), ("pve1", "", 100)):
        with pytest.raises(InvalidInput):
            await tools.list_backups(node, storage, vmid)
    assert client.asked == []


async def test_forbidden_is_no_empty_list() -> None:
    denied = PermissionDenied("Permission check failed (/, Sys.Audit)", status=403)
    client = FakeClient({"/cluster/backup": denied, "/cluster/backup-info/not-backed-up": denied})
    for call in (BackupTools(client).jobs, BackupTools(client).not_covered):
        with pytest.raises(PermissionDenied):
            await call()


def test_vmids_of_a_list_in_one_string() -> None:
    row = Row({"a": "300,100;200  7 x 1.5 -100", "b": 100, "c": None, "d": ""})
    assert (row.vmids("a"), row.vmids("b"), row.vmids("c"), row.vmids("d")) == ((100, 200, 300), (100,), (), ())
