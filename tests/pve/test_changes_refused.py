"""Wrong input is refused before anything is sent; answers that are no task are not taken for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxtui.errors import ApiError, GuestLocked, InvalidInput, UnexpectedAnswer, ValidationError
from proxtui.pve.containers import ContainerTools
from proxtui.pve.params import ContainerCreateParams, VMCreateParams
from proxtui.pve.vms import VMTools

from .changing import DIGEST, UPID, Recorder, guest

Call = Callable[[VMTools, ContainerTools], Awaitable[Any]]
WRONG: dict[str, tuple[Call, str]] = {
    "no node": (lambda vms, _: vms.start_vm("../pve1", 100), "node"),
    "no vmid": (lambda vms, _: vms.start_vm("pve1", 99), "vmid"),
    "true is no vmid": (lambda vms, _: vms.reset_vm("pve1", True), "vmid"),
    "a node that climbs": (lambda _, cts: cts.stop_container("..", 200), "node"),
    "a negative timeout": (lambda vms, _: vms.shutdown_vm("pve1", 100, timeout=-1), "timeout"),
    "overrule without force": (lambda vms, _: vms.stop_vm("pve1", 100, overrule_shutdown=True), "overrule_shutdown"),
    "a bad storage": (lambda vms, _: vms.hibernate_vm("pve1", 100, "-x"), "statestorage"),
    "a bad key": (lambda vms, _: vms.send_key("pve1", 100, "a; quit"), "key"),
    "too few cores": (lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", cores=0)), "cores"),
    "too much memory": (lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", memory=8_388_609)), "memory"),
    "a name with an underscore": (lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", name="a_b")), "name"),
    "a disk with no size": (lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", disk="big")), "disk"),
    "an iso with options": (lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", iso="a:iso/x,y=1")), "iso"),
    "an unknown word": (lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", args="-S")), "args"),  # type: ignore[call-arg]
    "a short password": (
        lambda _, cts: cts.create_container(
            ContainerCreateParams(node="pve1", ostemplate="local:vztmpl/x.tar", password="hush")  # type: ignore[arg-type]
        ),
        "password",
    ),
    "a copy of itself": (lambda vms, _: vms.clone_vm("pve1", 100, 100), "newid"),
    "a linked copy elsewhere": (lambda vms, _: vms.clone_vm("pve1", 100, 300, storage="tank"), "storage"),
    "a word that clones have not": (lambda vms, _: vms.clone_vm("pve1", 100, 300, colour="red"), "colour"),
    "a format for containers": (
        lambda _, cts: cts.clone_container("pve1", 200, 300, full=True, format="raw"),
        "format",
    ),
    "no such size": (lambda vms, _: vms.resize_disk("pve1", 100, "scsi0", "40"), "size"),
    "a smaller one": (lambda vms, _: vms.resize_disk("pve1", 100, "scsi0", "-5G"), "size"),
    "no such disk": (lambda vms, _: vms.resize_disk("pve1", 100, "scsi31", "+5G"), "disk"),
    "a container's disk": (lambda vms, _: vms.resize_disk("pve1", 100, "rootfs", "+5G"), "disk"),
    "a VM's disk": (lambda _, cts: cts.move_disk("pve1", 200, "scsi0", "tank"), "disk"),
    "a disk in use destroyed": (lambda vms, _: vms.delete_disk("pve1", 100, "scsi0"), "disk"),
    "a disk to nowhere": (lambda vms, _: vms.move_disk("pve1", 100, "scsi0"), "storage"),
    "a bad node for a disk": (lambda vms, _: vms.resize_disk("pve_1", 100, "scsi0", "+5G"), "node"),
    "nothing to configure": (lambda vms, _: vms.update_vm_config("pve1", 100, {}), "set"),
    "an option that is none": (lambda vms, _: vms.update_vm_config("pve1", 100, {"skiplock": 1}), "set"),
    "an escape in a value": (lambda vms, _: vms.update_vm_config("pve1", 100, {"name": "\x1b[2J"}), "set"),
    "set and removed": (lambda vms, _: vms.update_vm_config("pve1", 100, {"name": "a"}, delete="name"), "delete"),
    "a value of None": (lambda _, cts: cts.update_container_config("pve1", 200, {"swap": None}), "set"),
    "a digest that is none": (lambda vms, _: vms.update_vm_config("pve1", 100, {"name": "a"}, digest="?"), "digest"),
    "nothing to revert": (lambda vms, _: vms.revert_vm_config("pve1", 100, []), "keys"),
    "a bad tag": (lambda vms, _: vms.set_tags("pve1", 100, ["a b!"]), "tags"),
    "an escape in notes": (lambda vms, _: vms.set_notes("pve1", 100, "a\x9b31mb"), "text"),
    "a snapshot named current": (lambda vms, _: vms.create_snapshot("pve1", 100, "current"), "snapname"),
    "a snapshot that climbs": (lambda vms, _: vms.delete_snapshot("pve1", 100, "../../100"), "snapname"),
    "memory of a container": (lambda _, cts: cts.create_snapshot("pve1", 200, "s1", vmstate=True), "vmstate"),
    "to where it is": (lambda vms, _: vms.migrate_vm("pve1", 100, "pve1"), "target"),
    "to no node": (lambda vms, _: vms.check_migration("pve1", 100, "no node"), "target"),
    "a container online": (lambda _, cts: cts.migrate_container("pve1", 200, "pve2", online=True), "online"),
    "no command": (lambda vms, _: vms.agent_exec("pve1", 100, []), "command"),
    "an open quote": (lambda vms, _: vms.agent_exec("pve1", 100, "echo 'a"), "command"),
    "forever": (lambda vms, _: vms.agent_exec("pve1", 100, "true", timeout=0), "timeout"),
    "too much to read": (lambda vms, _: vms.agent_exec("pve1", 100, "cat", "x" * 65_537), "input"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_input_sends_nothing(name: str) -> None:
    call, field = WRONG[name]
    client = Recorder({**guest(), **guest("lxc", 200)})
    with pytest.raises(InvalidInput) as refused:
        await call(VMTools(client), ContainerTools(client))
    assert refused.value.field == field
    assert refused.value.rule
    assert client.count == 0


@pytest.mark.parametrize("garbage", ["OK", "", 1, True, {"upid": UPID}, [UPID], UPID[:-1], f"\u202e{UPID}"])
async def test_garbage_is_no_task(garbage: Any) -> None:
    with pytest.raises(UnexpectedAnswer) as said:
        await VMTools(Recorder(replies=[garbage])).start_vm("pve1", 100)
    assert (said.value.status, said.value.method) == (200, "POST")
    with pytest.raises(UnexpectedAnswer):
        await VMTools(Recorder(replies=[garbage])).update_vm_config("pve1", 100, {"cores": 2}, digest=DIGEST)


async def test_null_is_no_task_where_one_was_promised() -> None:
    with pytest.raises(UnexpectedAnswer, match="no task was named"):
        await VMTools(Recorder(replies=[None])).delete_vm("pve1", 100)


async def test_null_is_done_where_pve_may_do_it_at_once() -> None:
    client = Recorder(guest(), [None, None])
    assert await VMTools(client).update_vm_config("pve1", 100, {"cores": 2}) is None
    assert await VMTools(client).convert_vm_to_template("pve1", 100) is None


async def test_without_a_digest_nothing_is_changed() -> None:
    client = Recorder({"/nodes/pve1/qemu/100/config": {"data": {"cores": 2}}})
    with pytest.raises(UnexpectedAnswer, match="without a digest"):
        await VMTools(client).update_vm_config("pve1", 100, {"cores": 4})
    assert client.sent == []


async def test_a_digest_that_was_given_is_not_read_again() -> None:
    client = Recorder()
    await VMTools(client).set_notes("pve1", 100, "hello", digest="ab")
    assert client.asked == []
    assert client.sent[0].params["digest"] == "ab"


async def test_a_disk_that_is_not_there_is_not_destroyed() -> None:
    client = Recorder(guest(unused1="tank:vm-100-disk-3"))
    with pytest.raises(InvalidInput, match="no such disk"):
        await VMTools(client).delete_disk("pve1", 100, "unused0")
    assert client.sent == []


async def test_tags_that_would_not_change_are_not_sent() -> None:
    client = Recorder(guest(tags="web;prod"))
    assert await VMTools(client).set_tags("pve1", 100, ["prod"], "add") is None
    assert client.sent == []


async def test_the_next_free_vmid_is_taken() -> None:
    client = Recorder({"/cluster/nextid": "104"})
    await VMTools(client).create_vm(VMCreateParams(node="pve1"))
    await VMTools(client).clone_vm("pve1", 100)
    assert [sent.params.get("vmid", sent.params.get("newid")) for sent in client.sent] == [104, 104]


TAKEN = ApiError("unable to create VM 104 - VM 104 already exists on node 'pve2'", status=500)
TAKEN_400 = ValidationError("Parameter verification failed.", status=400, errors={"vmid": "VM 104 already exists"})


@pytest.mark.parametrize("taken", [TAKEN, TAKEN_400])
async def test_a_vmid_of_ours_that_somebody_took_is_replaced_once(taken: ApiError) -> None:
    free = iter(["104", "105", "106"])
    client = Recorder({"/cluster/nextid": lambda: next(free)}, [taken, UPID])
    assert await VMTools(client).create_vm(VMCreateParams(node="pve1")) == UPID
    assert [sent.params["vmid"] for sent in client.sent] == [104, 105]

    again = ApiError("CT 106 already exists", status=500)
    client = Recorder({"/cluster/nextid": one_of("105", "106")}, [ApiError("CT 105 already exists"), again])
    with pytest.raises(ApiError, match="106 already exists"):
        await ContainerTools(client).clone_container("pve1", 200)
    assert len(client.sent) == 2


def one_of(*values: str) -> Callable[[], str]:
    return iter(values).__next__


@pytest.mark.parametrize(
    ("vmid", "error"),
    [
        (104, TAKEN),
        (None, ApiError("storage 'nope' does not exist", status=500)),
        (None, ApiError("VM 555 already exists", status=500)),
    ],
)
async def test_nothing_else_is_sent_twice(vmid: int | None, error: ApiError) -> None:
    client = Recorder({"/cluster/nextid": "104"}, [error])
    with pytest.raises(ApiError, match=str(error.reason)[:10]):
        await VMTools(client).create_vm(VMCreateParams(node="pve1", vmid=vmid))
    assert len(client.sent) == 1


async def test_a_vmid_that_stays_taken_is_not_tried_again() -> None:
    client = Recorder({"/cluster/nextid": "104"}, [TAKEN])
    with pytest.raises(ApiError, match="already exists"):
        await VMTools(client).create_vm(VMCreateParams(node="pve1"))
    assert len(client.sent) == 1


@pytest.mark.parametrize("answer", ["", "x", None, 7, {"vmid": 104}])
async def test_no_vmid_is_made_up(answer: Any) -> None:
    client = Recorder({"/cluster/nextid": {"data": answer}})
    with pytest.raises(UnexpectedAnswer, match="no VMID"):
        await VMTools(client).create_vm(VMCreateParams(node="pve1"))
    assert client.sent == []


ROOT_ONLY = ValidationError(
    "Parameter verification failed.", status=400, errors={"skiplock": "Only root may use this option."}
)


async def test_unlocking_tells_the_command_where_the_api_cannot() -> None:
    client = Recorder({**guest(lock="backup"), **guest("lxc", 200, lock="backup")}, [ROOT_ONLY])
    with pytest.raises(GuestLocked, match=r"type on node pve1: qm unlock 100$"):
        await VMTools(client).unlock("pve1", 100)
    with pytest.raises(GuestLocked, match=r"type on node pve1: pct unlock 200$"):
        await ContainerTools(client).unlock("pve1", 200)
    assert [sent.path for sent in client.sent] == ["/nodes/pve1/qemu/100/config"]


async def test_what_has_no_lock_is_left_alone() -> None:
    client = Recorder(guest())
    await VMTools(client).unlock("pve1", 100)
    assert client.sent == []


async def test_another_refusal_of_unlocking_stays_what_it_is() -> None:
    other = ValidationError("Parameter verification failed.", status=400, errors={"digest": "too long"})
    with pytest.raises(ValidationError):
        await VMTools(Recorder(guest(lock="clone"), [other])).unlock("pve1", 100)
