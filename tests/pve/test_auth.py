"""Tokens, tickets, renewal, one login for many, second factors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.errors import (
    AuthenticationError,
    DeadlineExceeded,
    NetworkError,
    NotConfigured,
    RateLimitError,
    UnexpectedAnswer,
)
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.limits import RateLimiter

from .conftest import SECRET, Bench, HeldClock
from .gate import NO_TICKET, PASSWORD, Gate, always
from .servers import Answer, Hang, Seen, ok


async def test_a_token_signs_every_request_and_needs_no_login(bench: Bench) -> None:
    server, client = await bench.pair(lambda seen: ok(1))
    await client.get("/version")
    await client.post("/nodes")
    for seen in server.requests:
        assert seen.headers["authorization"] == f"PVEAPIToken=root@pam!watch={SECRET}"
        assert "cookie" not in seen.headers
        assert "csrfpreventiontoken" not in seen.headers


async def test_a_refused_token_is_asked_once(bench: Bench) -> None:
    server, client = await bench.pair(lambda seen: NO_TICKET)
    with pytest.raises(
        AuthenticationError, match=r"^the API token root@pam!watch was refused: Authentication failed!"
    ) as caught:
        await client.authenticate()
    assert (caught.value.exit_code, caught.value.status) == (11, 401)
    with pytest.raises(AuthenticationError):
        await client.post("/nodes")
    assert [(seen.method, seen.path) for seen in server.requests] == [("GET", "/version"), ("POST", "/nodes")]


async def test_tickets(bench: Bench, gate: Gate) -> None:
    server, client = await bench.pair(gate, with_password=True)
    assert await client.get("/nodes") == ["GET", "/nodes"]
    assert await client.post("/nodes/a/status", {"command": "x"}) == ["POST", "/nodes/a/status"]
    assert await client.delete("/nodes/a/x") == ["DELETE", "/nodes/a/x"]
    login, get, post, _ = server.requests
    assert login.form == {"username": "root@pam", "password": PASSWORD}
    assert get.headers["cookie"] == "PVEAuthCookie=PVE:root@pam:6921A001::c2ln+/1=="
    assert "csrfpreventiontoken" not in get.headers
    assert post.headers["csrfpreventiontoken"] == "csrf:+/1=="
    assert "authorization" not in get.headers


async def test_a_wrong_password(bench: Bench, gate: Gate) -> None:
    gate.password = "another"
    _, client = await bench.pair(gate, with_password=True)
    with pytest.raises(
        AuthenticationError, match=r"^the login of root@pam was refused: authentication failure"
    ) as caught:
        await client.get("/nodes")
    assert PASSWORD not in str(caught.value)
    assert len(gate.logins) == 1


async def test_no_way_to_log_in(bench: Bench) -> None:
    server, client = await bench.pair(lambda seen: ok(1), fields={"token_id": None, "token_secret": None})
    with pytest.raises(NotConfigured):
        await client.get("/nodes")
    assert server.connections == 0


@pytest.mark.parametrize("calls", [20])
async def test_twenty_at_once_share_one_login(bench: Bench, gate: Gate, calls: int) -> None:
    _, client = await bench.pair(gate, with_password=True)
    await asyncio.gather(*(client.get("/nodes") for _ in range(calls)))
    assert len(gate.logins) == 1
    gate.valid.clear()
    await asyncio.gather(*(client.get("/nodes") for _ in range(calls)))
    assert len(gate.logins) == 2


@pytest.mark.parametrize("logged_in", [False, True])
async def test_twenty_at_once_against_a_server_that_refuses_all(bench: Bench, gate: Gate, logged_in: bool) -> None:
    _, client = await bench.pair(gate, with_password=True)
    if logged_in:
        await client.get("/nodes")
        gate.logins.clear()
    gate.refuses_all = True
    ends = await asyncio.gather(*(client.get("/nodes") for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {AuthenticationError}
    assert len(gate.logins) <= 2


@pytest.mark.parametrize("logged_in", [False, True])
async def test_twenty_at_once_share_a_refused_login(bench: Bench, gate: Gate, logged_in: bool) -> None:
    _, client = await bench.pair(gate, with_password=True)
    if logged_in:
        await client.get("/nodes")
        gate.logins.clear()
    gate.password, gate.valid = "changed", set()
    ends = await asyncio.gather(*(client.get("/nodes") for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {AuthenticationError}
    assert len(gate.logins) == 1


async def test_a_later_call_tries_the_login_anew(bench: Bench, gate: Gate) -> None:
    gate.password = "another"
    _, client = await bench.pair(gate, with_password=True)
    with pytest.raises(AuthenticationError):
        await client.get("/nodes")
    gate.password = PASSWORD
    assert await client.get("/nodes") == ["GET", "/nodes"]


async def test_a_write_refused_with_401_was_not_carried_out_and_goes_once_more(bench: Bench, gate: Gate) -> None:
    server, client = await bench.pair(gate, with_password=True)
    await client.get("/nodes")
    gate.valid.clear()
    assert await client.post("/nodes/a/status") == ["POST", "/nodes/a/status"]
    posts = [seen for seen in server.requests if seen.path == "/nodes/a/status"]
    assert len(posts) == 2
    gate.refuses_all = True
    with pytest.raises(AuthenticationError):
        await client.post("/nodes/a/status")
    assert len([seen for seen in server.requests if seen.path == "/nodes/a/status"]) == 4


async def test_a_deadline_after_a_401_is_no_unknown_outcome(bench: Bench, gate: Gate) -> None:
    def app(seen: Seen) -> Answer:
        return Hang() if seen.path == "/access/ticket" and gate.logins else gate(seen)

    _, client = await bench.pair(app, with_password=True, fields={"timeout": 300})
    await client.get("/nodes")
    gate.valid.clear()
    with pytest.raises(DeadlineExceeded):
        await client.post("/nodes/a/status")


async def test_a_full_bucket_after_a_401_is_no_unknown_outcome(bench: Bench, gate: Gate) -> None:
    _, client = await bench.pair(gate, with_password=True, limiter=RateLimiter(2, 600_000))
    await client.get("/nodes")
    gate.valid.clear()
    with pytest.raises(RateLimitError):
        await client.post("/nodes/a/status")


async def test_renewal_posts_the_ticket_as_password(bench: Bench, gate: Gate, clock: HeldClock) -> None:
    _, client = await bench.pair(gate, with_password=True, now=clock)
    await client.get("/nodes")
    clock.seconds += 59 * 60
    await client.get("/nodes")
    assert len(gate.logins) == 1
    clock.seconds += 32 * 60
    await asyncio.gather(*(client.get("/nodes") for _ in range(20)))
    assert gate.logins[1:] == [{"username": "root@pam", "password": "PVE:root@pam:6921A001::c2ln+/1=="}]


async def test_a_renewal_that_is_refused_falls_back_to_the_password(bench: Bench, gate: Gate, clock: HeldClock) -> None:
    _, client = await bench.pair(gate, with_password=True, now=clock)
    await client.get("/nodes")
    clock.seconds += 91 * 60
    gate.accepts_tickets_as_password = False
    assert await client.get("/nodes") == ["GET", "/nodes"]
    assert [form["password"][:4] for form in gate.logins] == [PASSWORD[:4], "PVE:", PASSWORD[:4]]


async def test_renewal_times_are_spread(password_config: Any, clock: HeldClock) -> None:
    from proxtui.pve.auth import TicketAuth
    from proxtui.pve.deadline import Deadline

    async def login(form: dict[str, str]) -> Any:
        return {"ticket": "t", "CSRFPreventionToken": "c", "username": "root@pam"}

    ages = set()
    for _ in range(30):
        auth = TicketAuth(password_config, login, now=clock)
        async with Deadline(5) as deadline:
            await auth.login(deadline)
        assert auth._ticket is not None
        assert "t" not in repr(auth._ticket).split("username")[0].replace("Ticket", "")
        ages.add(auth._ticket.renew_at - clock.seconds)
    assert len(ages) > 20
    assert all(3600 <= age <= 5400 for age in ages)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"ticket": None, "CSRFPreventionToken": "c"},
        {"ticket": "a\r\nX: y", "CSRFPreventionToken": "c"},
        {"ticket": "a; b=c", "CSRFPreventionToken": "c"},
        {"ticket": "t", "CSRFPreventionToken": 5},
        {"NeedTFA": 1, "ticket": "PVE:no challenge", "username": "root@pam"},
        {"NeedTFA": 1, "ticket": "PVE:!tfa![broken:1::x"},
    ],
)
async def test_logins_that_answer_nonsense(bench: Bench, data: Any) -> None:
    _, client = await bench.pair(lambda seen: ok(data), with_password=True, ask_totp=always("123456"))
    with pytest.raises(UnexpectedAnswer):
        await client.get("/nodes")


async def test_a_login_that_is_lost_is_no_unknown_outcome(bench: Bench) -> None:
    server, client = await bench.pair(lambda seen: None, with_password=True)
    with pytest.raises(NetworkError):
        await client.post("/nodes")
    assert [seen.path for seen in server.requests] == ["/access/ticket"]


async def test_a_login_that_hangs_ends_at_the_deadline(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: Hang(), with_password=True, fields={"timeout": 200})
    for ask in (client.authenticate, lambda: client.post("/nodes"), lambda: client.get("/nodes")):
        with pytest.raises(DeadlineExceeded):
            await ask()


async def test_who_gives_up_during_a_login_leaves_it_to_the_next(bench: Bench, gate: Gate) -> None:
    asked = asyncio.Event()

    async def app(seen: Seen) -> Answer:
        if seen.path == "/access/ticket" and not asked.is_set():
            asked.set()
            return Hang()
        return gate(seen)  # type: ignore[return-value]

    _, client = await bench.pair(app, with_password=True)
    first = asyncio.ensure_future(client.get("/nodes"))
    await asked.wait()
    second = asyncio.ensure_future(client.get("/nodes"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ["GET", "/nodes"]
    await asyncio.gather(first, return_exceptions=True)


async def test_the_login_is_not_held_up_by_the_rate_limit(bench: Bench, gate: Gate, clock: HeldClock) -> None:
    limiter = RateLimiter(1, 1000, now=clock, sleep=clock.sleep)
    _, client = await bench.pair(gate, with_password=True, limiter=limiter)
    assert limiter.try_acquire()
    await client.authenticate()
    assert clock.slept == []
    await client.get("/nodes")
    assert clock.slept == [1.0]


async def test_a_login_that_the_caller_posts_is_his_own(bench: Bench, gate: Gate) -> None:
    server, client = await bench.pair(gate, with_password=True)
    with pytest.raises(AuthenticationError):
        await client.post("/access/ticket", {"username": "root@pam", "password": "wrong"})
    assert len(server.requests) == 1
    assert "cookie" not in server.requests[0].headers


async def test_a_login_that_the_caller_posts_is_never_repeated(bench: Bench) -> None:
    replies: list[Answer] = [ok(1), None]
    server, client = await bench.pair(lambda seen: replies.pop(0))
    await client.post("/access/ticket", {"username": "root@pam"})
    with pytest.raises(NetworkError):
        await client.post("/access/ticket", {"username": "root@pam"})
    assert [seen.connection for seen in server.requests] == [1, 1]


def test_no_secret_is_in_a_repr(password_config: Any, token_config: Any) -> None:
    for config in (password_config, token_config):
        client = ProxmoxClient(config)
        for thing in (client, client._auth, client._wire, config):
            assert PASSWORD not in repr(thing)
            assert SECRET not in repr(thing)
