from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import ApiError, InvalidInput, NotFoundError, PermissionDenied, UnexpectedAnswer
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.models_cluster import ClusterLogEntry, HaEntry, vmid_of_sid
from proxtui.pve.nodes import NodeTools

from .fakes import FakeClient, data

HA = [
    {"id": "quorum", "type": "quorum", "node": "pve1", "status": "OK", "quorate": "1"},
    {"id": "master", "type": "master", "node": "pve1", "status": "pve1 (active, Sun Nov 22 02:00:00 2026)",
     "timestamp": 1795312800},
    {"id": "lrm:pve2", "type": "lrm", "node": "pve2", "status": "pve2 (old timestamp - dead?, Sun Nov 22 2026)",
     "timestamp": 1795309200},
    {"id": "service:vm:100", "type": "service", "sid": "vm:100", "node": "pve1", "state": "started",
     "crm_state": "started", "request_state": "started", "status": "vm:100 (pve1, started)", "max_restart": 1,
     "max_relocate": 1, "failback": 1},
    {"id": "service:ct:200", "type": "service", "sid": "ct:200", "state": "error", "status": "ct:200 (pve2, error)"},
    {"type": "service"},
    "no row",
]  # fmt: skip


async def test_the_state_of_ha() -> None:
    entries = await ClusterTools(FakeClient({"/cluster/ha/status/current": data(HA)})).ha_status()
    assert [(entry.id, entry.condition) for entry in entries] == [
        ("lrm:pve2", "old timestamp - dead?"),
        ("master", "active"),
        ("quorum", "OK"),
        ("service:ct:200", "error"),
        ("service:vm:100", "started"),
    ]
    assert entries.invalid == 2
    service = entries[4]
    assert (service.vmid, service.node, service.failback, service.max_restart) == (100, "pve1", True, 1)
    assert (entries[0].timestamp, entries[1].vmid, entries[2].quorate) == (1795309200, None, True)
    assert HaEntry(id="x", type="lrm").condition is None


@pytest.mark.parametrize("sid", ["vm:", "vm:abc", "node:100", "", None, "vm:99999999999", "vm:²"])
def test_no_guest_in_a_strange_service(sid: str | None) -> None:
    assert vmid_of_sid(sid) is None


async def test_resources_of_ha() -> None:
    rows: list[Any] = [
        {"sid": "vm:100", "type": "vm", "state": "started", "group": "fast", "max_restart": "2", "comment": "web\n"},
        {"sid": "ct:200", "type": "ct"},
        {"sid": "vm:../100"},
    ]
    found = await ClusterTools(FakeClient({"/cluster/ha/resources": data(rows)})).ha_resources()
    assert [(one.sid, one.vmid, one.state, one.group) for one in found] == [
        ("ct:200", 200, None, None),
        ("vm:100", 100, "started", "fast"),
    ]
    assert (found[1].max_restart, found[1].comment, found[0].failback, found.invalid) == (2, "web", None, 1)


async def test_rules_and_groups_are_told_in_the_same_words() -> None:
    rules = [
        {"rule": "apart", "type": "resource-affinity", "resources": "vm:100,ct:200", "affinity": "negative"},
        {"rule": "east", "type": "node-affinity", "resources": "vm:100", "nodes": "pve1:2,pve2", "strict": 1,
         "disable": 1},
    ]  # fmt: skip
    found = await ClusterTools(FakeClient({"/cluster/ha/rules": data(rules)})).ha_rules()
    assert [(one.rule, one.resources, one.nodes, one.strict, one.enabled) for one in found] == [
        ("apart", ("vm:100", "ct:200"), (), None, True),
        ("east", ("vm:100",), ("pve1:2", "pve2"), True, False),
    ]
    groups = [{"group": "fast", "type": "group", "nodes": "pve2,pve1:1", "restricted": 0, "nofailback": 1}]
    unknown = ApiError("Method 'GET /cluster/ha/rules' not implemented", status=501)
    older = FakeClient({"/cluster/ha/rules": unknown, "/cluster/ha/groups": data(groups)})
    found = await ClusterTools(older).ha_rules()
    assert [(one.rule, one.type, one.nodes, one.strict) for one in found] == [
        ("fast", "group", ("pve2", "pve1:1"), False)
    ]


async def test_rules_that_are_forbidden_are_not_looked_for_elsewhere() -> None:
    client = FakeClient({"/cluster/ha/rules": PermissionDenied("no", status=403)})
    with pytest.raises(PermissionDenied):
        await ClusterTools(client).ha_rules()
    assert client.asked == ["/cluster/ha/rules"]


JOB = {"id": "100-0", "guest": 100, "jobnum": 0, "type": "local", "source": "pve1", "target": "pve2", "schedule": "*/5"}


async def test_replication_knows_the_job_here_and_how_it_goes_at_its_node() -> None:
    jobs = await ClusterTools(
        FakeClient({"/cluster/replication": data([JOB | {"disable": 1}, {"id": "x"}])})
    ).replication()
    job = jobs[0]
    assert (job.guest, job.source, job.target, job.schedule, job.enabled) == (100, "pve1", "pve2", "*/5", False)
    assert (job.state_known, job.last_sync, job.fail_count, job.running, jobs.invalid) == (False, None, None, None, 1)
    failing = JOB | {"last_sync": 0, "last_try": 1795300000, "next_sync": 1795300300, "duration": 1.5, "fail_count": 3}
    client = FakeClient({"/nodes/pve1/replication": data([failing | {"error": "no space\n", "pid": 77}])})
    job = (await NodeTools(client).get_node_replication("pve1"))[0]
    # 0 is PVE's "never".
    assert (job.last_sync, job.last_try, job.next_sync, job.duration) == (None, 1795300000, 1795300300, 1.5)
    assert (job.fail_count, job.error, job.running, job.state_known) == (3, "no space", True, True)


async def test_the_log_is_newest_first_and_limited() -> None:
    rows = [
        {"uid": "1", "id": "1:pve1", "time": 10, "msg": "a\x1b[2J", "pri": 6, "node": "pve1", "user": "root@pam"},
        {"uid": "2", "id": "2:pve1", "time": 30, "msg": "b", "pri": "3"},
        {"uid": "3", "id": "3:pve1", "time": 20, "msg": "c", "pri": 4},
        {},
    ]
    client = FakeClient({"/cluster/log": data(rows)})
    lines = await ClusterTools(client).log(max=7)
    assert [(line.msg, line.severity) for line in lines] == [("b", "error"), ("c", "warning"), ("a␛[2J", "info")]
    assert (lines.invalid, client.asked) == (1, ["/cluster/log?max=7"])
    assert ClusterLogEntry(time=None).severity is None
    with pytest.raises(InvalidInput):
        await ClusterTools(client).log(max=0)


async def test_pools_and_their_members() -> None:
    rows: list[Any] = [{"poolid": "prod/web", "comment": ""}, {"poolid": "a"}, {"poolid": "../x"}, 7]
    pools = await ClusterTools(FakeClient({"/pools": data(rows)})).pools()
    assert ([(pool.poolid, pool.comment) for pool in pools], pools.invalid) == ([("a", None), ("prod/web", None)], 2)
    members = [
        {"type": "storage", "storage": "local", "node": "pve1"},
        {"type": "lxc", "vmid": 200, "node": "pve1", "name": "ct"},
        {"type": "qemu", "vmid": 100, "node": "pve2", "status": "running"},
        {"vmid": 5},
        None,
    ]
    client = FakeClient({"/pools": data([{"poolid": "prod/web", "members": members}])})
    pool = await ClusterTools(client).pool("prod/web")
    assert pool.members is not None
    assert [(one.vmid, one.storage) for one in pool.members] == [(100, None), (200, None), (None, "local")]
    assert client.asked == ["/pools?poolid=prod%2Fweb"]


async def test_a_pool_that_is_not_there() -> None:
    with pytest.raises(NotFoundError):
        await ClusterTools(FakeClient({"/pools": data([])})).pool("gone")
    client = FakeClient({})
    for name in ("", "a//b", "a/b/c/d", "..", "a b"):
        with pytest.raises(InvalidInput):
            await ClusterTools(client).pool(name)
    assert client.asked == []


@pytest.mark.parametrize(("options", "expected"), [({}, False), ({"enable": 1}, True), ({"enable": "0"}, False)])
async def test_the_firewall_of_the_cluster(options: dict[str, Any], expected: bool) -> None:
    assert await ClusterTools(FakeClient({"/cluster/firewall/options": data(options)})).is_firewall_on() is expected


async def test_what_is_no_list_is_an_error_and_not_an_empty_one() -> None:
    paths = ("/cluster/ha/status/current", "/cluster/ha/resources", "/cluster/ha/rules", "/cluster/replication")
    client = FakeClient(dict.fromkeys((*paths, "/cluster/log", "/pools"), data(None)))
    tools = ClusterTools(client)
    for call in (tools.ha_status, tools.ha_resources, tools.ha_rules, tools.replication, tools.log, tools.pools):
        with pytest.raises(UnexpectedAnswer):
            await call()
