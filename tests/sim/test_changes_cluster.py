"""HA and pools; faults of tasks, lost answers, and what the control door tells of changes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxtui.sim.routes.table import ROUTES
from proxtui.sim.world import World

from .changes import Doer, at, guest_like
from .conftest import client

REFERENCE = Path(os.environ.get("PVE_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "pve"))


async def test_ha_takes_a_guest_under_its_care(doer: Doer) -> None:
    guest = guest_like(doer.site, running=False)
    sid = f"vm:{guest.vmid}"
    assert await doer.ask("POST", "/cluster/ha/resources", sid=sid, state="ignored") is None
    row = next(row for row in await doer.get("/cluster/ha/resources") if row["sid"] == sid)
    assert {key: row[key] for key in row if key != "digest"} == {"sid": sid, "type": "vm", "state": "ignored"}
    assert await doer.refusal("POST", "/cluster/ha/resources", sid=sid) == (500, f"resource ID '{sid}' already defined")
    _, text = await doer.refusal("POST", "/cluster/ha/resources", sid="vm:999")
    assert text == "cannot add service 'vm:999', VM 999 does not exist"
    assert (await doer.refusal("POST", "/cluster/ha/resources", sid="bogus"))[0] == 400
    await doer.ask("PUT", f"/cluster/ha/resources/{sid}", state="started", max_restart=3, comment="web")
    doer.clock.forward(30)
    row = await doer.get(f"/cluster/ha/resources/{sid}")
    assert (row["state"], row["max_restart"], row["comment"]) == ("started", 3, "web")
    assert guest.running
    rows = await doer.get("/cluster/resources", type="vm")
    assert next(row for row in rows if row["vmid"] == guest.vmid)["hastate"] == "started"
    other = "pve1" if guest.node == "pve2" else "pve2"
    assert await doer.ask("POST", f"/cluster/ha/resources/{sid}/relocate", node=other) is None
    doer.clock.forward(60)
    await doer.get("/version")
    assert guest.node == other
    assert await doer.ask("DELETE", f"/cluster/ha/resources/{sid}") is None
    assert await doer.refusal("DELETE", f"/cluster/ha/resources/{sid}") == (500, f"no such resource '{sid}'")


async def test_9_says_what_was_asked_of_the_manager(make_world: Callable[..., World]) -> None:
    world = make_world("fleet")
    site = next(site for site in world.sites.values() if site.modern and len(site.nodes) > 1)
    guest = next(guest for guest in site.guests.values() if guest.ha)
    other = next(name for name in site.nodes if name != guest.node)
    sid = f"{'vm' if guest.kind == 'qemu' else 'ct'}:{guest.vmid}"
    async with client(world, site.name) as http:
        answer = await http.post(f"/cluster/ha/resources/{sid}/migrate", data={"node": other})
        assert answer.json()["data"] == {"sid": sid, "requested-node": other}
        answer = await http.put(f"/cluster/ha/resources/{sid}", data={"group": "first-half"})
        assert answer.status_code == 500


@pytest.mark.parametrize("form", ["path", "parameter"])
async def test_pools(doer: Doer, form: str) -> None:
    def place(**params: Any) -> tuple[str, dict[str, Any]]:
        return ("/pools/p1", params) if form == "path" else ("/pools", {"poolid": "p1"} | params)

    guest = guest_like(doer.site, "lxc")
    guest.pool = None
    assert await doer.ask("POST", "/pools", poolid="p1", comment="pool one") is None
    assert await doer.refusal("POST", "/pools", poolid="p1") == (500, "create pool failed: pool 'p1' already exists")
    path, params = place(vms=guest.vmid, storage="local")
    assert await doer.ask("PUT", path, **params) is None
    found = (await doer.get("/pools", poolid="p1"))[0]
    assert {row["id"] for row in found["members"]} == {guest.id, "storage/pve1/local", "storage/pve2/local"}
    path, params = place()
    refusal = await doer.refusal("DELETE", path, **params)
    assert refusal == (500, f"delete pool failed: pool 'p1' is not empty (contains VM {guest.vmid})")
    path, params = place(vms=guest.vmid, storage="local", delete=1)
    await doer.ask("PUT", path, **params)
    other = guest_like(doer.site, pool="shop")
    path, params = place(vms=other.vmid)
    _, text = await doer.refusal("PUT", path, **params)
    assert text.endswith(f"VM {other.vmid} belongs already to pool 'shop' and 'allow-move' is not set")
    await doer.ask("PUT", path, **params | {"allow-move": 1, "comment": "new"})
    assert (other.pool, doer.site.pools["p1"]) == ("p1", "new")
    other.pool = None
    path, params = place()
    assert await doer.ask("DELETE", path, **params) is None
    assert await doer.refusal("DELETE", path, **params) == (500, "delete pool failed: pool 'p1' does not exist")


async def control(world: World, http: httpx.AsyncClient, verb: str, name: str, **values: Any) -> Any:
    headers = {"Authorization": f"Bearer {world.control_token}"}
    answer = await http.request(verb, f"https://sim/_sim/{name}", headers=headers, json=values or None)
    return answer.json()


async def test_a_task_with_warnings_and_one_that_fails(doer: Doer, world: World) -> None:
    guest = guest_like(doer.site, running=False)
    await control(world, doer.http, "POST", "faults", kind="task-warnings", task="qmstart", times=1)
    upid = await doer.ask("POST", at(guest, "/status/start"))
    assert await doer.end(upid) == "WARNINGS: 1"
    assert guest.running
    assert (await doer.log(upid))[-1] == "TASK WARNINGS: 1"
    await control(world, doer.http, "POST", "faults", kind="task-fail", vmid=guest.vmid, reason="it broke", times=1)
    assert await doer.do("POST", at(guest, "/status/stop")) == "it broke"
    assert guest.running
    assert await doer.do("POST", at(guest, "/status/stop")) == "OK"


@pytest.mark.parametrize("how", ["mended", "told to go on", "told to end"])
async def test_a_task_that_hangs(doer: Doer, world: World, how: str) -> None:
    guest = guest_like(doer.site, running=False)
    fault = await control(world, doer.http, "POST", "faults", kind="task-hang", task="qm*")
    upid = await doer.ask("POST", at(guest, "/status/start"))
    doer.clock.forward(1000)
    assert (await doer.get(f"/nodes/{guest.node}/tasks/{upid}/status"))["status"] == "running"
    assert not guest.running
    told = await control(world, doer.http, "GET", "tasks")
    assert {"server": "lab", "upid": upid, "held": True} in told["tasks"]
    if how == "mended":
        await control(world, doer.http, "DELETE", f"faults/{fault['id']}")
    elif how == "told to go on":
        await control(world, doer.http, "POST", "tasks", upid=upid)
    else:
        await control(world, doer.http, "POST", "tasks", upid=upid, exit="interrupted by signal")
    expected = "interrupted by signal" if how == "told to end" else "OK"
    assert await doer.end(upid) == expected
    assert guest.running == (expected == "OK")


async def test_a_hanging_task_can_be_stopped(doer: Doer, world: World) -> None:
    guest = guest_like(doer.site, running=False)
    await control(world, doer.http, "POST", "faults", kind="task-hang")
    upid = await doer.ask("POST", at(guest, "/status/start"))
    await doer.ask("DELETE", f"/nodes/{guest.node}/tasks/{upid}")
    assert await doer.end(upid) == "unexpected status"
    assert not guest.running


async def test_an_answer_that_is_lost_after_the_change(doer: Doer, world: World) -> None:
    guest = guest_like(doer.site, running=False)
    await control(world, doer.http, "POST", "faults", kind="drop-after", method="POST", path="*/status/start", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await doer.http.post(at(guest, "/status/start"))
    doer.clock.forward(5)
    tasks = await doer.get(f"/nodes/{guest.node}/tasks", typefilter="qmstart", vmid=guest.vmid)
    assert [task["status"] for task in tasks][:1] == ["OK"]
    assert guest.running
    told = await control(world, doer.http, "GET", "changes")
    assert told["counts"] == {f"lab POST {at(guest, '/status/start')}": 1}


async def test_changes_are_counted_with_what_was_sent_and_without_secrets(doer: Doer, world: World) -> None:
    guest = guest_like(doer.site, running=False)
    await doer.get("/version")
    await doer.ask("PUT", at(guest, "/config"), description="x", cipassword="secret-1")
    await doer.send("DELETE", at(guest), purge=1)
    told = await control(world, doer.http, "GET", "changes")
    assert told["total"] == 2
    first, second = told["changes"]
    assert (first["method"], first["path"], first["status"]) == ("PUT", at(guest, "/config"), 200)
    assert first["params"] == {"description": "x", "cipassword": "***"}
    assert second["params"] == {"purge": "1"}
    await control(world, doer.http, "DELETE", "requests")
    assert (await control(world, doer.http, "GET", "changes"))["total"] == 0


async def test_a_node_is_switched_off_and_on(doer: Doer, world: World) -> None:
    assert (await control(world, doer.http, "POST", "nodes", server="lab", node="pve2", online=False))[
        "online"
    ] is False
    assert (await doer.http.get("/nodes/pve2/status")).status_code == 595
    await control(world, doer.http, "POST", "nodes", server="lab", node="pve2")
    assert (await doer.http.get("/nodes/pve2/status")).status_code == 200
    assert "no node" in (await control(world, doer.http, "POST", "nodes", server="lab", node="pve9"))["error"]


async def test_without_quorum(doer: Doer) -> None:
    guest, managed = guest_like(doer.site, running=False), guest_like(doer.site, ha="started")
    doer.site.quorum_lost_since = doer.site.world.now()
    no_lock = "cfs-lock 'domain-ha' error: no quorum!"
    none = "cluster not ready - no quorum?"
    for method, path, params, expected in (
        ("POST", at(guest, "/clone"), {"newid": 180}, none),
        ("POST", at(guest, "/snapshot"), {"snapname": "s1"}, none),
        ("DELETE", at(guest), {}, none),
        ("POST", "/nodes/pve1/startall", {}, none),
        ("POST", "/pools", {"poolid": "p1"}, "create pool failed: cfs-lock 'file-user_cfg' error: no quorum!"),
        ("DELETE", f"/cluster/ha/resources/vm:{managed.vmid}", {}, "delete resource failed: " + no_lock),
    ):  # fmt: skip
        assert await doer.refusal(method, path, **params) == (500, expected), path
    _, text = await doer.refusal("PUT", at(guest, "/config"), description="x")
    assert re.fullmatch(
        r"unable to open file '/etc/pve/nodes/pve\d/qemu-server/\d+\.conf\.tmp\.\d+' - Permission denied", text
    )


@pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no schema in PVE_REFERENCE ({REFERENCE})")
@pytest.mark.parametrize("version", ["8.4", "9.2"])
def test_every_parameter_is_in_the_schema(version: str) -> None:
    """Names, whether they are needed, and the words to choose from, for each kind of guest."""
    schema = json.loads((REFERENCE / f"schema-{version}.json").read_text())
    known = {(e["method"], e["path"]): e.get("parameters") or {} for e in schema["endpoints"]}
    old, wrong = version == "8.4", []
    for route in ROUTES:
        if route.modern and old:
            continue
        for kind in ("qemu", "lxc") if "{kind}" in route.path else ("",):
            key = (route.method, route.path.replace("{kind}", kind))
            theirs = known[key]
            for name, param in route.params.items():
                if (param.only and param.only != kind) or (param.modern and old):
                    continue
                real = theirs.get(name)
                if real is None:
                    wrong.append(f"{key}: there is no {name}")
                elif param.required == bool(real.get("optional")):
                    wrong.append(f"{key}: {name} is {'optional' if param.required else 'needed'}")
                elif param.choices and not set(param.choices) <= set(real.get("enum") or param.choices):
                    wrong.append(f"{key}: {name} has other words: {real['enum']}")
    assert wrong == []
