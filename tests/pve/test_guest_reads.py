from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import ApiError, DeadlineExceeded, InvalidInput, NodeUnreachable, PermissionDenied, UnexpectedAnswer
from proxtui.pve.containers import ContainerTools
from proxtui.pve.models_guest import PendingChange
from proxtui.pve.vms import VMTools

from .fakes import FakeClient, data

VM, CT = "/nodes/pve1/qemu/100", "/nodes/pve1/lxc/200"

SNAPSHOTS: list[Any] = [
    {"name": "current", "description": "You are here!", "running": 1, "parent": "b"},
    {"name": "c", "snaptime": 30, "parent": "b"},
    {"name": "b", "snaptime": "20", "parent": "a", "vmstate": 1, "description": "before\nthe upgrade\n"},
    {"name": "a", "snaptime": 10, "vmstate": 0},
    {"name": "../x", "snaptime": 5},
    None,
]


async def test_snapshots_are_oldest_first_without_the_state_of_now() -> None:
    found = await VMTools(FakeClient({f"{VM}/snapshot": data(SNAPSHOTS)})).list_snapshots("pve1", 100)
    assert [(one.name, one.parent, one.is_current, one.vmstate) for one in found] == [
        ("a", None, False, False),
        ("b", "a", True, True),
        ("c", "b", False, None),
    ]
    assert (found[1].description, found[1].snaptime, found.invalid) == ("before\nthe upgrade", 20, 2)


async def test_without_any_snapshot_nothing_is_current() -> None:
    rows = [{"name": "current", "description": "You are here!"}]
    found = await ContainerTools(FakeClient({f"{CT}/snapshot": data(rows)})).list_snapshots("pve1", 200)
    assert (len(found), found.invalid) == (0, 0)


async def test_only_what_will_change_is_pending() -> None:
    rows: list[Any] = [
        {"key": "name", "value": "web"},
        {"key": "memory", "value": "64", "pending": "128"},
        {"key": "tags", "value": "a", "delete": 1},
        {"key": "net1", "pending": "virtio,bridge=vmbr0"},
        {"key": "scsi1", "value": "x", "delete": 2},
        {"key": "cores", "value": 1, "delete": 0},
        {"value": "?"},
    ]
    client = FakeClient({f"{VM}/pending": data(rows), f"{CT}/pending": data([])})
    found = await VMTools(client).get_pending("pve1", 100)
    assert list(found) == [
        PendingChange(key="memory", value="64", pending="128"),
        PendingChange(key="net1", pending="virtio,bridge=vmbr0"),
        PendingChange(key="scsi1", value="x", delete=True),
        PendingChange(key="tags", value="a", delete=True),
    ]
    assert found.invalid == 1
    assert len(await ContainerTools(client).get_pending("pve1", 200)) == 0


async def test_the_firewall_of_a_guest() -> None:
    options = {"enable": 1, "policy_in": "DROP", "macfilter": "0", "log_level_in": "nolog"}
    client = FakeClient(
        {f"{VM}/firewall/options": data(options), f"{VM}/firewall/rules": data([{"enable": 1}, {"enable": 0}, {}])}
    )
    state = await VMTools(client).get_firewall_state("pve1", 100)
    assert (state.enabled, state.policy_in, state.policy_out, state.macfilter) == (True, "DROP", None, False)
    assert (state.rules, state.active_rules, state.ipfilter, state.log_level_in) == (3, 1, None, "nolog")


INTERFACES: list[Any] = [
    {"name": "lo", "hardware-address": "00:00:00:00:00:00",
     "ip-addresses": [{"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}]},
    {"name": "eth0", "hardware-address": "bc:24:11:00:00:01",
     "ip-addresses": [
         {"ip-address": "fe80::1%eth0", "prefix": 64},
         {"ip-address": "2001:db8::5", "prefix": 64},
         {"ip-address": "10.3.0.5", "prefix": "24"},
         {"ip-address": "10.3.0.5", "prefix": "24"},
         {"ip-address": "evil", "prefix": 24}, "x"]},
    {"hardware-address": "x"},
]  # fmt: skip


async def test_what_the_agent_says() -> None:
    system = {"result": {"pretty-name": "Debian GNU/Linux 12 (bookworm)", "kernel-release": "6.1.0-1", "id": "debian"}}
    client = FakeClient(
        {
            f"{VM}/agent/network-get-interfaces": data({"result": INTERFACES}),
            f"{VM}/agent/get-osinfo": data(system),
        }
    )
    info = await VMTools(client).get_agent_info("pve1", 100)
    assert (info.state, info.osname, info.kernel) == ("running", "Debian GNU/Linux 12 (bookworm)", "6.1.0-1")
    assert info.addresses == ("10.3.0.5", "2001:db8::5")
    assert [one.name for one in info.interfaces] == ["eth0", "lo"]
    assert info.interfaces[0].networks == ("fe80::1/64", "2001:db8::5/64", "10.3.0.5/24")


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("No QEMU guest agent configured", "absent"),
        ("QEMU guest agent is not running", "silent"),
        ("VM 100 qga command 'guest-network-get-interfaces' failed - got timeout", "silent"),
        ("VM 100 is not running", "stopped"),
        ("VM 100 not running", "stopped"),
    ],
)
async def test_no_agent_is_an_answer_and_asked_for_once(text: str, state: str) -> None:
    client = FakeClient({f"{VM}/agent/network-get-interfaces": ApiError(text, status=500)})
    info = await VMTools(client).get_agent_info("pve1", 100)
    assert (info.state, info.addresses, info.osname) == (state, (), None)
    assert len(client.asked) == 1


@pytest.mark.parametrize(
    "error",
    [
        PermissionDenied("Permission check failed (/vms/100, VM.Monitor)", status=403),
        ApiError("something else", status=500),
        DeadlineExceeded("no answer", stage="deadline"),
    ],
)
async def test_what_keeps_us_from_asking_is_an_error(error: Exception) -> None:
    with pytest.raises(type(error)):
        await VMTools(FakeClient({f"{VM}/agent/network-get-interfaces": error})).get_agent_info("pve1", 100)


@pytest.mark.parametrize(
    ("second", "raises"),
    [
        (ApiError("unsupported command", status=500), False),
        (data({"result": {"error": {"class": "GenericError"}}}), False),
        (NodeUnreachable("gone", status=595), True),
    ],
)
async def test_old_agents_do_not_tell_their_system(second: Any, raises: bool) -> None:
    client = FakeClient(
        {f"{VM}/agent/network-get-interfaces": data({"result": INTERFACES}), f"{VM}/agent/get-osinfo": second}
    )
    if raises:
        with pytest.raises(NodeUnreachable):
            await VMTools(client).get_agent_info("pve1", 100)
        return
    info = await VMTools(client).get_agent_info("pve1", 100)
    assert (info.osname, info.addresses) == (None, ("10.3.0.5", "2001:db8::5"))


async def test_interfaces_of_containers_old_and_new_and_off() -> None:
    where = f"{CT}/interfaces"
    newer = FakeClient({where: data(INTERFACES)})
    found = await ContainerTools(newer).get_interfaces("pve1", 200)
    assert ([one.name for one in found], found.invalid) == (["eth0", "lo"], 1)
    older = FakeClient({where: data([{"name": "eth0", "hwaddr": "aa", "inet": "10.0.0.2/24", "inet6": "nonsense"}])})
    one = (await ContainerTools(older).get_interfaces("pve1", 200))[0]
    assert (one.mac, one.addresses, one.networks) == ("aa", ("10.0.0.2",), ("10.0.0.2/24",))
    assert len(await ContainerTools(FakeClient({where: data(None)})).get_interfaces("pve1", 200)) == 0
    with pytest.raises(UnexpectedAnswer):
        await ContainerTools(FakeClient({where: data({"a": 1})})).get_interfaces("pve1", 200)


async def test_bad_arguments_never_reach_the_wire() -> None:
    client = FakeClient({})
    vms, containers = VMTools(client), ContainerTools(client)
    calls: list[Any] = [vms.list_snapshots, vms.get_pending, vms.get_firewall_state, vms.get_agent_info]
    calls += [containers.get_interfaces, containers.list_snapshots]
    for call in calls:
        for node, vmid in (("a/b", 100), ("pve1", 99), ("pve1", True)):
            with pytest.raises(InvalidInput):
                await call(node, vmid)
    assert client.asked == []
