"""Faults, the control endpoint, and life."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from proxtui.sim.app import create_app
from proxtui.sim.faults import parse_fault
from proxtui.sim.hostile import PAYLOADS
from proxtui.sim.life import Life
from proxtui.sim.world import World

from .conftest import HeldClock, client


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client(world) as given:
        yield given


@pytest.fixture
def control(world: World, http: httpx.AsyncClient) -> Callable[..., Any]:
    async def ask(method: str, name: str, body: Any = None, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or world.control_token}"}
        return await http.request(method, f"https://sim/_sim/{name}", json=body, headers=headers)

    return ask


async def test_the_door_needs_its_token(control: Callable[..., Any], world: World) -> None:
    assert (await control("GET", "requests", token="wrong")).status_code == 401
    assert world.requests.counts == {}, "and is not counted as a request"


async def test_requests_are_counted(control: Callable[..., Any], http: httpx.AsyncClient) -> None:
    await http.get("/version")
    await http.get("/version")
    await http.get("/no/such")
    told = (await control("GET", "requests")).json()
    assert told["counts"] == {"lab GET /version": 2, "lab GET /no/such": 1}
    assert [record["status"] for record in told["requests"]] == [200, 200, 501]
    await control("DELETE", "requests")
    assert (await control("GET", "requests")).json()["total"] == 0


async def test_a_fault_hits_what_it_names_as_often_as_it_says(
    control: Callable[..., Any], http: httpx.AsyncClient
) -> None:
    made = await control("POST", "faults", {"kind": "status", "path": "/cluster/*", "status": 502, "times": 2})
    assert made.json()["id"] == 1
    assert (await http.get("/version")).status_code == 200
    assert [(await http.get("/cluster/tasks")).status_code for _ in range(3)] == [502, 502, 200]
    assert (await control("GET", "faults")).json() == {"faults": []}


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("html", "text/html"), ("garbage", "application/json;charset=UTF-8"), ("empty", "application/json;charset=UTF-8")],
)
async def test_bodies_that_are_not_json(
    control: Callable[..., Any], http: httpx.AsyncClient, kind: str, seen: str
) -> None:
    await control("POST", "faults", {"kind": kind, "status": 200})
    answer = await http.get("/version")
    assert answer.headers["Content-Type"] == seen
    with pytest.raises(ValueError, match=r"."):
        json.loads(answer.content)


async def test_an_answer_that_is_lost_after_the_deed(control: Callable[..., Any], http: httpx.AsyncClient) -> None:
    await control("POST", "faults", {"kind": "drop-after", "method": "PUT"})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.put("/nodes/pve1/qemu/9000/config", data={"description": "done all the same"})
    config = (await http.get("/nodes/pve1/qemu/9000/config")).json()["data"]
    assert config["description"] == "done all the same"


async def test_tickets_can_be_made_void(control: Callable[..., Any], http: httpx.AsyncClient) -> None:
    del http.headers["Authorization"]
    login = await http.post("/access/ticket", data={"username": "admin@pve", "password": "sim-admin"})
    cookie = {"Cookie": f"PVEAuthCookie={login.json()['data']['ticket']}"}
    assert (await http.get("/version", headers=cookie)).status_code == 200
    await control("POST", "faults", {"kind": "expire-tickets"})
    assert (await http.get("/version", headers=cookie)).status_code == 401


async def test_faults_of_the_world_are_mended_when_removed(
    control: Callable[..., Any], http: httpx.AsyncClient, world: World
) -> None:
    site = world.sites["lab"]
    for fault in ({"kind": "node-offline", "node": "pve2"}, {"kind": "no-quorum"}, {"kind": "revoke-token"}):
        await control("POST", "faults", fault)
    assert (site.quorate, site.nodes["pve2"].online) == (False, False)
    assert (await http.get("/version")).status_code == 401
    assert len((await control("DELETE", "faults")).json()["removed"]) == 3
    assert (site.quorate, site.nodes["pve2"].online) == (True, True)
    assert (await http.get("/version")).status_code == 200


async def test_an_entry_node_that_is_away_answers_nobody(control: Callable[..., Any], http: httpx.AsyncClient) -> None:
    await control("POST", "faults", {"kind": "node-offline", "node": "pve1"})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.get("/version")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"kind": "bogus"}, "unknown fault 'bogus'"),
        ({"kind": "latency", "ms": "long"}, "ms must be a number"),
        ({"kind": "node-offline", "node": "nope"}, "there is no node 'nope'"),
        ({"kind": "hang", "where": "x"}, "unknown key 'where'"),
        ({"kind": "hang", "server": "nope"}, "there is no server 'nope'; there are: "),
        ({"kind": "hang", "times": 0}, "times must be a whole number from 1"),
        ({"kind": "hang", "times": 1.5}, "times must be a whole number"),
        ({"kind": "hang", "times": True}, "times must be a whole number"),
        ({"kind": "latency", "ms": -1}, "ms must be a number from 0"),
        ({"kind": "latency", "ms": "inf"}, "ms must be a number from 0"),
        ({"kind": "status", "status": 9999}, "status must be a whole number from 200 to 599, not 9999"),
        ({"kind": "status", "status": 100}, "status must be a whole number from 200"),
        ({"kind": "status", "reason": "a\r\nb"}, "reason must be one line"),
        ({"kind": "hang", "path": "version"}, "path must begin with / or *"),
        ({"kind": "hang", "method": "GTE"}, "method must be one of"),
        ({"kind": "node-offline"}, "node is missing"),
        ({"kind": "lock"}, "vmid is missing"),
        ({"kind": "lock", "vmid": 7}, "vmid must be a whole number from 100"),
        ({"kind": "lock", "vmid": 100, "lock": "nope"}, "lock must be one of"),
    ],
)
async def test_a_bad_fault_is_said_to_be_bad(
    control: Callable[..., Any], world: World, fault: dict[str, Any], text: str
) -> None:
    answer = await control("POST", "faults", fault)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert world.faults.active == {}


async def test_a_method_may_be_written_small(control: Callable[..., Any]) -> None:
    answer = await control("POST", "faults", {"kind": "hang", "method": "get"})
    assert answer.json()["method"] == "GET"


def test_faults_as_flags() -> None:
    fault = parse_fault("latency:ms=300,path=/cluster/*,times=2")
    assert (fault.kind, fault.ms, fault.path, fault.times) == ("latency", 300.0, "/cluster/*", 2)
    with pytest.raises(ValueError, match="is not key=value"):
        parse_fault("latency:300")


async def test_hostile_strings_are_everywhere_and_only_in_texts(
    control: Callable[..., Any], http: httpx.AsyncClient
) -> None:
    calm = (await http.get("/cluster/resources?type=vm")).json()["data"]
    await control("POST", "faults", {"kind": "hostile"})
    found = (await http.get("/cluster/resources?type=vm")).json()["data"]
    assert {row["id"] for row in found} == {row["id"] for row in calm}
    assert all(row["name"].endswith(PAYLOADS) for row in found)
    assert len({row["name"][-3:] for row in found}) > 5, "not one attack but many"
    answer = await http.get("/nodes/pve1/qemu/999/config")
    assert answer.extensions["reason_phrase"].startswith(b"\x1b]0;owned\x07")
    nodes = (await http.get("/nodes")).json()["data"]
    assert {row["node"] for row in nodes} == {"pve1", "pve2"}, "names that PVE itself checks stay"


async def test_every_attack_can_be_said_in_json(world: World, http: httpx.AsyncClient) -> None:
    site = world.sites["lab"]
    site.hostile = True
    guest = next(iter(site.guests.values()))
    for number in range(400):
        guest.description = f"note {number}"
        answer = await http.get(f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}/config")
        assert json.loads(answer.content)["data"]["description"].startswith(f"note {number}")


async def test_accounts_are_told(control: Callable[..., Any]) -> None:
    lab = (await control("GET", "accounts")).json()["servers"]["lab"]
    assert lab["users"]["totp@pve"]["totp"] == "123456"
    assert "auditor@pve!monitor" in lab["tokens"]


async def test_latency_waits_no_longer_than_the_server_lives(world: World, http: httpx.AsyncClient) -> None:
    world.faults.add(parse_fault("latency:ms=3600000"))
    world.stopping.set()
    assert (await http.get("/version")).status_code == 200


async def test_broken_is_broken_in_every_promised_way(make_world: Callable[..., World], clock: HeldClock) -> None:
    world = make_world("broken")
    shaky = world.sites["shaky"]
    assert not shaky.nodes["shk3"].online
    assert {guest.lock for guest in shaky.guests.values()} >= {"backup", "migrate", "snapshot"}
    assert any(task.exit not in ("OK", "WARNINGS: 1") for task in shaky.tasks[-6:])
    async with client(world, "shaky") as http:
        store = (await http.get("/nodes/shk1/storage/nfs-backup/status")).json()["data"]
        assert store["used"] / store["total"] > 0.98
        assert (await http.get("/nodes/shk3/status")).status_code == 595
    async with client(world, "minority") as http:
        assert (await http.get("/cluster/status")).json()["data"][0]["quorate"] == 0
    announced = world.sites["forbidden"].announced
    assert announced is not None
    async with client(world, "forbidden", announced.full) as http:
        assert (await http.get("/access/permissions")).json() == {"data": {}}
    assert [fault.kind for fault in world.faults.take("hung", "GET", "/version")] == ["hang"]


def lived(world: World, clock: HeldClock, minutes: int) -> list[str]:
    life = Life(world)
    for _ in range(minutes * 6):
        clock.forward(10)
        life.step()
    return [task.type for site in world.sites.values() for task in site.tasks if task.start >= world.born]


def test_life_goes_on_and_stays_in_balance(make_world: Callable[..., World], clock: HeldClock) -> None:
    world = make_world("fleet")
    before = sum(guest.running for site in world.sites.values() for guest in site.guests.values())
    done = lived(world, clock, 120)
    after = sum(guest.running for site in world.sites.values() for guest in site.guests.values())
    assert len(set(done)) > 8, "many kinds of things happened"
    assert len(done) > 300
    assert abs(after - before) < 60
    locked = [guest for site in world.sites.values() for guest in site.guests.values() if guest.lock]
    assert len(locked) < 20, "locks are let go"
    nodes = {guest.node for guest in world.sites["aurora"].guests.values()}
    assert len(nodes) == 6
    assert any(not task.exit.startswith(("OK", "WARN")) for site in world.sites.values() for task in site.tasks[-80:])


def test_life_can_be_paused(make_world: Callable[..., World], clock: HeldClock) -> None:
    world = make_world("small")
    world.paused = True
    assert lived(world, clock, 60) == []


def test_the_same_seed_lives_the_same_life(make_world: Callable[..., World], clock: HeldClock) -> None:
    start, lives = clock.now, []
    for _ in range(2):
        clock.now = start
        lives.append(lived(make_world("small"), clock, 60))
    assert lives[0] == lives[1]


def test_nothing_serves_without_a_site(world: World) -> None:
    with pytest.raises(KeyError):
        create_app(world, "nowhere")
