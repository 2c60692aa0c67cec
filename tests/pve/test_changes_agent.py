"""Guests asked from inside, and what PVE says before one moves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.errors import (
    ApiError,
    DeadlineExceeded,
    NetworkError,
    NodeUnreachable,
    OutcomeUnknown,
    UnexpectedAnswer,
)
from proxtui.pve.containers import ContainerTools
from proxtui.pve.models_change import AgentExecResult, LocalDisk, MigrationCheck
from proxtui.pve.vms import VMTools

from .changing import Recorder, Sent
from .conftest import HeldClock
from .fakes import data, one_after_the_other
from .schema import VERSIONS, PveSchema, needs_schema

AGENT = "/nodes/pve1/qemu/100/agent"
RUNNING = data({"exited": 0})


def asked(*states: Any) -> Recorder:
    return Recorder({f"{AGENT}/exec-status": one_after_the_other(*states)}, [{"pid": 77}])


async def test_a_program_is_run_and_its_end_waited_for(clock: HeldClock) -> None:
    ended = data({"exited": 1, "exitcode": 3, "out-data": "one\ntwo\n", "err-data": "no\n", "out-truncated": 1})
    client = asked(RUNNING, RUNNING, ended)
    result = await VMTools(client).agent_exec("pve1", 100, "grep -r 'a b' /etc", input="x", sleep=clock.sleep)
    assert result == AgentExecResult(pid=77, exitcode=3, out="one\ntwo\n", err="no\n", out_truncated=True)
    assert client.sent == [Sent("POST", f"{AGENT}/exec", {"command": ["grep", "-r", "a b", "/etc"], "input-data": "x"})]
    assert client.asked == [f"{AGENT}/exec-status?pid=77"] * 3
    assert clock.slept == pytest.approx([0.2, 0.3])


async def test_a_signal_is_no_exit_code(clock: HeldClock) -> None:
    client = asked(data({"exited": 1, "signal": 9}))
    result = await VMTools(client).agent_exec("pve1", 100, ["true"], sleep=clock.sleep)
    assert (result.exitcode, result.signal, result.out) == (None, 9, "")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        # PVE gives each byte as one character.
        ("Grüße".encode().decode("latin-1"), "Grüße"),
        ("日本".encode().decode("latin-1"), "日本"),
        ("Grüße", "Grüße"),
        ("日本", "日本"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\r\nb\tc", "a\nb\tc"),
        (["no", "text"], ""),
    ],
)
async def test_output_is_read_as_the_vm_wrote_it_and_cleaned(clock: HeldClock, sent: Any, shown: str) -> None:
    client = asked(data({"exited": 1, "exitcode": 0, "out-data": sent}))
    assert (await VMTools(client).agent_exec("pve1", 100, "x", sleep=clock.sleep)).out == shown


async def test_a_program_that_does_not_end_may_still_run(clock: HeldClock) -> None:
    client = asked(*[RUNNING] * 50)
    with pytest.raises(DeadlineExceeded, match=r"after 5 s: process 77 in VM 100 may still run"):
        await VMTools(client).agent_exec("pve1", 100, "sleep 99", timeout=5, sleep=clock.sleep)
    assert 5 <= sum(clock.slept) < 7
    assert len(client.sent) == 1


async def test_an_answer_that_never_comes_ends_too() -> None:
    class Silent(Recorder):
        async def read(self, path: str, *, params: Any = None) -> bytes:
            await asyncio.Event().wait()
            raise AssertionError

    client = Silent({}, [{"pid": 77}])
    tools = VMTools(client)
    with pytest.raises(DeadlineExceeded, match="may still run"):
        await tools.agent_exec("pve1", 100, "true", timeout=1)


@pytest.mark.parametrize("lost", [NetworkError("gone", stage="connect"), NodeUnreachable("595", status=595)])
async def test_a_node_lost_meanwhile_leaves_the_outcome_unknown(clock: HeldClock, lost: Exception) -> None:
    client = asked(RUNNING, lost)
    with pytest.raises(OutcomeUnknown, match="process 77 in VM 100 may still run"):
        await VMTools(client).agent_exec("pve1", 100, "true", sleep=clock.sleep)


async def test_an_agent_that_knows_no_such_process_says_so(clock: HeldClock) -> None:
    client = asked(ApiError("Agent error: Invalid parameter 'pid'", status=500))
    with pytest.raises(ApiError, match="Invalid parameter"):
        await VMTools(client).agent_exec("pve1", 100, "true", sleep=clock.sleep)


@pytest.mark.parametrize("answer", [None, "77", {"pid": "x"}, [77], {}])
async def test_a_program_without_a_process_is_unexpected(answer: Any) -> None:
    client = Recorder({}, [answer])
    with pytest.raises(UnexpectedAnswer, match="no process"):
        await VMTools(client).agent_exec("pve1", 100, "true")


@pytest.mark.parametrize("nonsense", [[], "x", None])
async def test_a_state_that_is_no_object_is_unexpected(clock: HeldClock, nonsense: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        await VMTools(asked(data(nonsense))).agent_exec("pve1", 100, "true", sleep=clock.sleep)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ({"result": {}}, "running"),
        (ApiError("No QEMU guest agent configured", status=500), "absent"),
        (ApiError("QEMU guest agent is not running", status=500), "silent"),
        (ApiError("VM 100 is not running", status=500), "stopped"),
    ],
)
async def test_a_ping_has_a_state(reply: Any, state: str) -> None:
    client = Recorder({}, [reply])
    assert await VMTools(client).agent_ping("pve1", 100) == state
    assert client.sent == [Sent("POST", f"{AGENT}/ping")]


async def test_a_ping_of_no_vm_is_an_error() -> None:
    gone = ApiError("Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist", status=500)
    with pytest.raises(ApiError, match="does not exist"):
        await VMTools(Recorder({}, [gone])).agent_ping("pve1", 100)


async def test_what_the_agent_says_of_itself_and_its_disks() -> None:
    commands = [{"name": "guest-exec", "enabled": True}, {"name": "guest-shutdown", "enabled": False}, "x", {}]
    disks = [
        {"mountpoint": "/boot", "name": "vda1", "type": "ext4", "used-bytes": 5, "total-bytes": 10, "disk": []},
        {"mountpoint": "/", "name": "dm-0"},
        {"name": "no mount point"},
    ]
    networks = [{"name": "eth0", "ip-addresses": [{"ip-address": "10.0.0.5", "prefix": 24}]}]
    client = Recorder(
        {
            f"{AGENT}/info": data({"result": {"version": "8.2.0", "supported_commands": commands}}),
            f"{AGENT}/get-fsinfo": data({"result": disks}),
            f"{AGENT}/network-get-interfaces": data({"result": networks}),
        }
    )
    tools = VMTools(client)
    version = await tools.agent_info("pve1", 100)
    found = await tools.agent_filesystems("pve1", 100)
    cards = await tools.agent_network("pve1", 100)
    assert (version.version, version.commands) == ("8.2.0", ("guest-exec",))
    assert [(one.mountpoint, one.type, one.used, one.total) for one in found] == [
        ("/", None, None, None),
        ("/boot", "ext4", 5, 10),
    ]
    assert found.invalid == 1
    assert cards[0].networks == ("10.0.0.5/24",)


RECORDED = {
    "running": 1,
    "allowed_nodes": ["pve2"],
    "not_allowed_nodes": {"pve2": {}, "pve3": {"unavailable_storages": ["nfs", "tank"]}, "pve4": {}},
    "local_disks": [
        {"volid": "local:100/vm-100-disk-0.qcow2", "size": 1073741824, "cdrom": 0, "is_unused": 0},
        {"volid": "local:iso/x.iso", "cdrom": 1, "is_unused": 0},
        {"size": 1},
    ],
    "local_resources": [],
    "mapped-resources": ["gpu"],
}


async def test_what_pve_says_before_a_vm_moves() -> None:
    where = "/nodes/pve1/qemu/100/migrate"
    client = Recorder({where: data(RECORDED)})
    check = await VMTools(client).check_migration("pve1", 100, "pve2")
    assert check is not None
    assert client.asked == [f"{where}?target=pve2"]
    assert (check.running, check.allowed, check.mapped_resources) == (True, ("pve2",), ("gpu",))
    assert check.local_disks[0] == LocalDisk(volid="local:100/vm-100-disk-0.qcow2", size=1073741824)
    assert len(check.local_disks) == 2
    assert check.needs_local_disks
    assert check.obstacle("pve2") is None
    assert check.obstacle("pve3") == "storage nfs, tank is not there"
    assert check.obstacle("pve4") == "PVE does not allow this node"
    assert check.obstacle("pve5") is None


async def test_containers_are_checked_where_pve_can() -> None:
    where = "/nodes/pve1/lxc/200/migrate"
    blocking = [{"sid": "ct:201", "cause": "resource-affinity"}, "x"]
    answer = {
        "running": 0,
        "allowed-nodes": ["pve2"],
        "not-allowed-nodes": {"pve3": {"blocking-ha-resources": blocking}},
        "dependent-ha-resources": ["ct:202"],
    }
    check = await ContainerTools(Recorder({where: data(answer)})).check_migration("pve1", 200)
    assert check == MigrationCheck(
        running=False,
        allowed=("pve2",),
        refused={"pve3": ("HA resource ct:201 stands against it (resource-affinity)",)},
        follows=("ct:202",),
    )
    unknown = ApiError("this server does not know the call: Method not implemented", status=501)
    assert await ContainerTools(Recorder({where: unknown})).check_migration("pve1", 200) is None
    with pytest.raises(ApiError):
        await VMTools(Recorder({"/nodes/pve1/qemu/100/migrate": unknown})).check_migration("pve1", 100)


async def test_devices_of_the_node_hold_a_vm_back() -> None:
    check = MigrationCheck(allowed=("pve2",), local_resources=("hostpci0", "usb0"))
    assert check.obstacle("pve2") == "it uses hostpci0, usb0 of this node"
    assert not check.needs_local_disks


@pytest.mark.parametrize("nonsense", [None, [], "yes"])
async def test_a_check_that_is_no_object_is_unexpected(nonsense: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        await VMTools(Recorder({"/nodes/pve1/qemu/100/migrate": data(nonsense)})).check_migration("pve1", 100)


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_pve_knows_these_questions(version: str) -> None:
    schema = PveSchema(version)
    schema.check("POST", f"{AGENT}/ping")
    schema.check("POST", f"{AGENT}/exec", {"command": ["ls", "-l"], "input-data": "x"})
    schema.check("GET", f"{AGENT}/exec-status", {"pid": 77})
    for question in ("info", "get-fsinfo", "network-get-interfaces"):
        schema.check("GET", f"{AGENT}/{question}")
    schema.check("GET", "/nodes/pve1/qemu/100/migrate", {"target": "pve2"})
    schema.check("GET", "/cluster/nextid")
