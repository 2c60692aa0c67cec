"""Rows in which anything may stand anywhere: read, left out and counted, or refused, and never a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from proxtui.errors import ProxtuiError, UnexpectedAnswer
from proxtui.pve import AccessTools, BackupTools, ClusterTools, ContainerTools, Listing, NodeTools, VMTools

from .fakes import FakeClient, data

FIELDS = (
    "id type node status sid state vmid vmids exclude all enabled prune-backups next-run schedule time msg pri pid uid "
    "poolid comment members storage guest source target last_sync fail_count error userid groups tokens tokenid expire "
    "roleid privs groupid users path ugid propagate realm rule resources nodes strict group name parent snaptime "
    "vmstate key value pending delete enable ip-addresses ip-address prefix inet hwaddr result pretty-name devpath "
    "wearout rpm osdid health attributes text Package Version filename notafter san dns1 timezone localtime volid "
    "ctime content encrypted verification"
)
KEYS = FIELDS.split()
WORDS = [
    "current",
    "vm:100",
    "100-0",
    "p1",
    "/dev/sda",
    "local:backup/x",
    "127.0.0.1",
    "a",
    "1",
    "0",
    "",
    "\x1b[2J",
    "\u202e",
]

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS) | st.text()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)
rows = st.lists(st.dictionaries(st.sampled_from(KEYS), values, max_size=12) | values, max_size=4)

LISTS: dict[str, Callable[[FakeClient], Awaitable[Listing[Any]]]] = {
    "/cluster/ha/status/current": lambda client: ClusterTools(client).ha_status(),
    "/cluster/ha/resources": lambda client: ClusterTools(client).ha_resources(),
    "/cluster/ha/rules": lambda client: ClusterTools(client).ha_rules(),
    "/cluster/replication": lambda client: ClusterTools(client).replication(),
    "/cluster/log": lambda client: ClusterTools(client).log(),
    "/pools": lambda client: ClusterTools(client).pools(),
    "/cluster/backup": lambda client: BackupTools(client).jobs(),
    "/cluster/backup-info/not-backed-up": lambda client: BackupTools(client).not_covered(),
    "/access/users": lambda client: AccessTools(client).users(),
    "/access/roles": lambda client: AccessTools(client).roles(),
    "/access/groups": lambda client: AccessTools(client).groups(),
    "/access/acl": lambda client: AccessTools(client).acl(),
    "/access/domains": lambda client: AccessTools(client).realms(),
    "/nodes/a/disks/list": lambda client: NodeTools(client).get_node_disks("a"),
    "/nodes/a/apt/update": lambda client: NodeTools(client).get_node_updates("a"),
    "/nodes/a/certificates/info": lambda client: NodeTools(client).get_node_certificates("a"),
    "/nodes/a/replication": lambda client: NodeTools(client).get_node_replication("a"),
    "/nodes/a/qemu/100/snapshot": lambda client: VMTools(client).list_snapshots("a", 100),
    "/nodes/a/qemu/100/pending": lambda client: VMTools(client).get_pending("a", 100),
    "/nodes/a/lxc/100/interfaces": lambda client: ContainerTools(client).get_interfaces("a", 100),
    "/nodes/a/storage/s/content": lambda client: BackupTools(client).list_backups("a", "s"),
}
ONES: dict[str, Callable[[FakeClient], Awaitable[Any]]] = {
    "/nodes/a/disks/smart": lambda client: NodeTools(client).get_node_disk_smart("a", "/dev/sda"),
    "/nodes/a/subscription": lambda client: NodeTools(client).get_node_subscription("a"),
    "/nodes/a/dns": lambda client: NodeTools(client).get_node_dns("a"),
    "/nodes/a/time": lambda client: NodeTools(client).get_node_time("a"),
    "/cluster/firewall/options": lambda client: ClusterTools(client).is_firewall_on(),
}
FILTERED = {"/nodes/a/qemu/100/pending", "/nodes/a/qemu/100/snapshot", "/nodes/a/storage/s/content"}


@settings(max_examples=60, deadline=None)
@given(answer=rows)
def test_every_row_is_read_or_counted(answer: list[Any]) -> None:
    found = asyncio.run(_each(LISTS, answer))
    for path, listing in found.items():
        counted = len(listing) + listing.invalid
        assert counted <= len(answer) if path in FILTERED else counted == len(answer), path
        written = msgspec.json.encode(listing.rows).decode()
        assert not any(bad in written for bad in ("\x1b", "\\u001b", "\u202e")), path


@settings(max_examples=60, deadline=None)
@given(answer=values)
def test_one_thing_is_read_or_refused(answer: Any) -> None:
    found = asyncio.run(_each(ONES, answer))
    assert all(isinstance(one, UnexpectedAnswer) != isinstance(answer, dict) for one in found.values())


@settings(max_examples=60, deadline=None)
@given(first=values, second=values)
def test_the_agent_may_say_anything(first: Any, second: Any) -> None:
    where = "/nodes/a/qemu/100/agent"
    client = FakeClient(
        {f"{where}/network-get-interfaces": data({"result": first}), f"{where}/get-osinfo": data(second)}
    )
    try:
        info = asyncio.run(_awaited(VMTools(client).get_agent_info("a", 100)))
    except ProxtuiError:
        return
    assert info.state == "running"


async def _each(reads: dict[str, Callable[[FakeClient], Awaitable[Any]]], answer: Any) -> dict[str, Any]:
    """What each of them makes of the same answer."""
    found: dict[str, Any] = {}
    for path, read in reads.items():
        try:
            found[path] = await read(FakeClient({path: data(answer)}))
        except UnexpectedAnswer as error:
            found[path] = error
    return found


async def _awaited(call: Awaitable[Any]) -> Any:
    return await call
