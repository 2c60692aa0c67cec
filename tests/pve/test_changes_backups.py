"""Backups made and restored: the requests, PVE's schema, and what is refused before."""

from __future__ import annotations

import pytest

from proxtui.errors import ApiError
from proxtui.pve.backups import BackupTools
from proxtui.pve.params import BackupParams, RestoreParams

from .changing import Recorder, Sent
from .schema import VERSIONS, needs_schema
from .tables import Change, pve_takes, refuses_answers_that_are_no_task, sends_nothing, sends_one_request

VM_BACKUP = "local:backup/vzdump-qemu-100-2026_11_21-23_50_50.vma.zst"
CT_BACKUP = "pbs-1:backup/ct/200/2026-11-21T23:50:50Z"
PLAIN = {"mode": "snapshot", "compress": "zstd", "remove": False}


def backup(**values: object) -> object:
    return lambda c: BackupTools(c).backup_now(BackupParams(node="pve1", **values))


def restore(**values: object) -> object:
    given = {"node": "pve1", "vmid": 300, "archive": VM_BACKUP, **values}
    return lambda c: BackupTools(c).restore_vm(RestoreParams(**given))


CHANGES = {
    "one guest": Change(backup(vmids=[100]), Sent("POST", "/nodes/pve1/vzdump", {"vmid": "100", **PLAIN})),
    "some guests": Change(
        backup(
            vmids=[100, 200], storage="nfs", mode="stop", compress="0", remove=True, protected=True,
            notes_template="{{guestname}}, before the upgrade", bwlimit=1000,
        ),
        Sent("POST", "/nodes/pve1/vzdump", {
            "vmid": "100,200", "storage": "nfs", "mode": "stop", "compress": "0", "remove": True, "protected": True,
            "notes-template": "{{guestname}}, before the upgrade", "bwlimit": 1000,
        }),
    ),
    "all but one": Change(
        backup(all=True, exclude="101"), Sent("POST", "/nodes/pve1/vzdump", {"all": True, "exclude": "101", **PLAIN})
    ),
    "a pool": Change(backup(pool="team/web"), Sent("POST", "/nodes/pve1/vzdump", {"pool": "team/web", **PLAIN})),
    "restore a VM": Change(restore(), Sent("POST", "/nodes/pve1/qemu", {"vmid": 300, "archive": VM_BACKUP})),
    "restore a VM over another": Change(
        restore(storage="tank", force=True, unique=True, start=True, live_restore=True, pool="p1", bwlimit=0),
        Sent("POST", "/nodes/pve1/qemu", {
            "vmid": 300, "archive": VM_BACKUP, "storage": "tank", "force": True, "unique": True, "start": True,
            "live-restore": True, "pool": "p1", "bwlimit": 0,
        }),
    ),
    "restore a container": Change(
        lambda c: BackupTools(c).restore_container(
            RestoreParams(
                node="pve1", vmid=300, archive=CT_BACKUP, force=True, unprivileged=False, ignore_unpack_errors=True
            )
        ),
        Sent("POST", "/nodes/pve1/lxc", {
            "vmid": 300, "ostemplate": CT_BACKUP, "restore": True, "force": True, "unprivileged": False,
            "ignore-unpack-errors": True,
        }),
    ),
}  # fmt: skip
WRONG = {
    "no guest": (backup(), "vmids"),
    "guests and all": (backup(vmids=[100], all=True), "vmids"),
    "none of the guests": (backup(vmids=[]), "vmids"),
    "no VMID": (backup(vmids=[99]), "vmids"),
    "all but, without all": (backup(vmids=[100], exclude=[101]), "exclude"),
    "a pool that climbs": (backup(pool="../x"), "pool"),
    "protected nowhere": (backup(vmids=[100], protected=True), "storage"),
    "notes nowhere": (backup(vmids=[100], notes_template="x"), "storage"),
    "an escape in the notes": (backup(vmids=[100], storage="a", notes_template="\x1b[2J"), "notes_template"),
    "no such mode": (backup(vmids=[100], mode="live"), "mode"),
    "a word of root": (backup(vmids=[100], script="/bin/sh"), "script"),
    "a file for a backup": (restore(archive="/etc/passwd"), "archive"),
    "a pipe for a backup": (restore(archive="-"), "archive"),
    "no VMID to restore": (restore(vmid=0), "vmid"),
    "a container's word": (restore(unprivileged=True), "unprivileged"),
    "a node that climbs": (restore(node=".."), "node"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_sends_one_request(name: str) -> None:
    await sends_one_request(CHANGES[name])


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CHANGES)
def test_pve_takes_it(name: str, version: str) -> None:
    pve_takes(CHANGES[name], version)


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_input_is_not_sent(name: str) -> None:
    await sends_nothing(*WRONG[name])


@pytest.mark.parametrize("name", ["one guest", "restore a VM", "restore a container"])
async def test_what_is_no_task_is_not_taken_for_one(name: str) -> None:
    await refuses_answers_that_are_no_task(CHANGES[name])


async def test_a_refusal_is_told() -> None:
    error = ApiError("unable to restore VM 300 - VM 300 already exists on node 'pve2'", status=500)
    with pytest.raises(ApiError, match="already exists"):
        await CHANGES["restore a VM"].call(Recorder(replies=[error]))
