"""Tickets, CSRF, tokens and the second factor."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from proxtui.sim.world import World

from .conftest import HeldClock, arrival, client


async def login(http: httpx.AsyncClient, **values: str) -> httpx.Response:
    return await http.post("/access/ticket", data={"username": "admin@pve", "password": "sim-admin", **values})


async def ticket(http: httpx.AsyncClient, **values: str) -> dict[str, Any]:
    answer = await login(http, **values)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


@pytest.mark.parametrize("encoded", [False, True])
async def test_a_ticket_opens_the_door_raw_and_encoded(world: World, encoded: bool) -> None:
    async with client(world, who=None) as http:
        given = await ticket(http)
        assert given["cap"]["vms"]["VM.PowerMgmt"] == 1
        assert given["clustername"] == "lab"
        value = quote(given["ticket"], safe="") if encoded else given["ticket"]
        answer = await http.get("/version", headers={"Cookie": f"PVEAuthCookie={value}"})
        assert answer.status_code == 200
        answer = await http.get("/version", headers={"Authorization": f"PVEAuthCookie={given['ticket']}"})
        assert answer.status_code == 200


async def test_realm_may_stand_apart(world: World) -> None:
    async with client(world, who=None) as http:
        assert (await ticket(http, username="admin", realm="pve"))["username"] == "admin@pve"


async def test_a_wrong_password_has_a_body_and_other_401s_have_none(world: World) -> None:
    async with client(world, who=None) as http:
        answer = await login(http, password="no")
        assert (answer.status_code, answer.json()["message"]) == (401, "authentication failure\n")
        for headers, reason in (
            ({}, "No ticket"),
            ({"Cookie": "PVEAuthCookie=PVE:admin@pve:6B022434::AAAA"}, "Authentication failed!"),
            ({"Authorization": "PVEAPIToken=admin@pve!proxtui=00000000-0000"}, "Authentication failed!"),
            ({"Authorization": "PVEAPIToken=garbage"}, "Authentication failed!"),
        ):
            answer = await http.get("/nodes", headers=headers)
            assert (answer.status_code, answer.reason_phrase, answer.content) == (401, reason, b"")


async def test_a_refusal_is_held_back(world: World) -> None:
    world.auth_delay = 3600.0
    async with client(world, who=None) as http:
        arrived = arrival(world)
        asking = asyncio.create_task(http.get("/nodes"))
        await arrived.wait()
        assert not asking.done()
        world.stopping.set()
        assert (await asking).status_code == 401


async def test_writing_with_a_ticket_needs_the_csrf_token(world: World) -> None:
    async with client(world, who=None) as http:
        given = await ticket(http)
        http.headers["Cookie"] = f"PVEAuthCookie={given['ticket']}"
        path, data = "/nodes/pve1/qemu/9000/config", {"description": "x"}
        for bad in ({}, {"CSRFPreventionToken": "6B022434:bad"}):
            answer = await http.put(path, data=data, headers=bad)
            assert (answer.status_code, answer.reason_phrase) == (401, "Permission denied - invalid csrf token")
        right = {"CSRFPreventionToken": given["CSRFPreventionToken"]}
        assert (await http.put(path, data=data, headers=right)).json() == {"data": None}


async def test_a_ticket_lives_two_hours_and_renews_itself(world: World, clock: HeldClock) -> None:
    async with client(world, who=None) as http:
        given = await ticket(http)
        clock.forward(7000)
        renewed = await ticket(http, password=given["ticket"])
        clock.forward(201)
        old = await http.get("/version", headers={"Cookie": f"PVEAuthCookie={given['ticket']}"})
        new = await http.get("/version", headers={"Cookie": f"PVEAuthCookie={renewed['ticket']}"})
        assert (old.status_code, new.status_code) == (401, 200)
        assert (await login(http, password=given["ticket"])).status_code == 401


async def test_a_ticket_renews_only_its_own_user(world: World) -> None:
    async with client(world, who=None) as http:
        given = await ticket(http)
        assert (await login(http, username="root@pam", password=given["ticket"])).status_code == 401


async def test_tokens_cannot_log_in_and_a_space_will_do(world: World) -> None:
    token = world.sites["lab"].tokens["admin@pve!proxtui"]
    async with client(world) as http:
        answer = await login(http)
        assert answer.status_code == 403
        assert answer.reason_phrase.startswith("Permission check failed (URI '/access/ticket' not available")
        spaced = {"Authorization": f"PVEAPIToken {token.full}={token.secret}"}
        assert (await http.get("/version", headers=spaced)).status_code == 200


@pytest.mark.parametrize("second", ["totp:123456", "recovery:aaaa-1111-bbbb-2222"])
async def test_the_second_factor(world: World, second: str) -> None:
    async with client(world, who=None) as http:
        first = await ticket(http, username="totp@pve", password="sim-totp")
        assert first["NeedTFA"] == 1
        assert "cap" not in first
        assert first["ticket"].startswith('PVE:!tfa!{"totp"%3Atrue,"recovery"%3A[0,1,2]}:')
        refused = await http.get("/version", headers={"Cookie": f"PVEAuthCookie={first['ticket']}"})
        assert refused.status_code == 401
        step = {"username": "totp@pve", "tfa-challenge": first["ticket"]}
        assert (await login(http, **step, password="totp:000000")).status_code == 401
        assert (await ticket(http, **step, password=second))["cap"]
        if second.startswith("recovery"):
            assert (await login(http, **step, password=second)).status_code == 401
            again = await ticket(http, username="totp@pve", password="sim-totp")
            assert '"recovery"%3A[1,2]' in again["ticket"]


async def test_missing_parameters_are_named(world: World) -> None:
    async with client(world, who=None) as http:
        answer = await http.post("/access/ticket", data={"username": "admin@pve"})
        assert answer.status_code == 400
        assert answer.json()["errors"] == {"password": "property is missing and it is not optional"}
