"""The second opinion: a server that breaks one stage on purpose gets the verdict of that stage, and no secret early."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.stages import STAGES, Stage

from .conftest import SECRET, Bench
from .diagnosing import (
    MEMBERS,
    NOW,
    BlackHole,
    DeafResolver,
    NoSuchName,
    Pve,
    TwoAddresses,
    by_name,
    examined,
    states,
)
from .gate import PASSWORD, REFUSED, Gate
from .servers import Answer, Bytes, Hang, answer, ok

PAGE = b"<html>Welcome to the hotel</html>"


async def test_a_sound_server_passes_every_stage_and_is_asked_once_for_each(bench: Bench) -> None:
    pve = Pve()
    server = await bench.serve(pve)
    told: list[Stage] = []
    found = await examined(bench.config(server), tell=told.append)
    assert (found.verdict, found.success, found.exit_code, found.error) == ("ok", True, 0, None)
    assert states(found) == ["ok"] * 7
    assert tuple(told) == found.stages
    assert [stage.name for stage in told] == list(STAGES)
    assert all(stage.ms is not None and stage.ms >= 0 for stage in told)
    assert (found.version, found.node, found.nodes, found.nodes_online, found.quorate) == ("9.2.4", "pve1", 2, 2, True)
    assert found.certificate is not None
    assert found.certificate.fingerprint == bench.shown.fingerprint
    assert (found.is_trusted, found.clock_skew, found.warnings) == (True, 0.0, ())
    assert found.response_ms == by_name(found)["answer"].ms
    assert pve.asked == ["GET /access/ticket", "GET /version", "GET /cluster/status", "GET /nodes/pve2/version"]
    assert by_name(found)["answer"].line == "answers (pve-api-daemon/3.0)"


# Name.


async def test_a_name_that_does_not_resolve() -> None:
    config = ProxmoxConfig(host="pve.invalid", token_id="root@pam!watch", token_secret=SECRET)
    found = await examined(config, network=NoSuchName())
    assert (found.verdict, found.exit_code) == ("name", 10)
    assert found.error == "pve.invalid: Name or service not known"
    assert "DNS" in found.advice
    assert states(found) == ["failed"] + ["skipped"] * 6


async def test_a_name_server_that_does_not_answer() -> None:
    found = await examined(
        ProxmoxConfig(host="pve1", username="root"), network=DeafResolver(), seconds={"resolve": 0.05}
    )
    assert (found.verdict, found.error) == ("name", "pve1: no answer within 0.05 s")


# Route.


async def test_a_port_on_which_nobody_listens(bench: Bench) -> None:
    with socket.socket() as taken:
        # Bound, but nobody listens: no other test can be given this port meanwhile.
        taken.bind(("127.0.0.1", 0))
        config = ProxmoxConfig(host="127.0.0.1", port=taken.getsockname()[1], username="root")
        found = await examined(config)
    assert (found.verdict, found.exit_code, found.error) == ("route", 10, "127.0.0.1: refused")
    assert "pveproxy" in found.advice
    assert [(one.version, one.ms) for one in found.addresses] == [(4, None)]


async def test_packets_that_vanish() -> None:
    found = await examined(
        ProxmoxConfig(host="127.0.0.1", username="root"), network=BlackHole(), seconds={"connect": 0.05}
    )
    assert (found.verdict, found.error) == ("route", "127.0.0.1: no answer within 0.05 s")
    assert "firewall" in found.advice


async def test_one_dead_address_of_two_is_only_a_warning(bench: Bench) -> None:
    server = await bench.serve(Pve())
    found = await examined(bench.config(server), network=TwoAddresses(), seconds={"connect": 0.5})
    assert found.success
    assert [(one.version, bool(one.problem)) for one in found.addresses] == [(6, True), (4, False)]
    assert by_name(found)["connect"].line == "127.0.0.1 (1 of 2 addresses)"
    assert found.warnings == ("2001:db8::1 does not answer (no answer within 0.5 s): another address does",)
    connect = by_name(found)["connect"].ms
    assert connect is not None
    assert connect < 500


# The proxy: after a good handshake, before any secret.


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (answer(502, "Bad Gateway", PAGE, headers=[("Server", "nginx")]), "502 Bad Gateway (nginx)"),
        (answer(503, "Service Unavailable"), "503 Service Unavailable"),
        (answer(500, "no such table"), "500 no such table"),
        (answer(200, "OK", PAGE), "answers a web page: this is not the PVE API"),
        (answer(401, "Unauthorized", PAGE), "answers a web page: this is not the PVE API"),
        (answer(404, "Not Found"), "answers 404 Not Found: this is not the PVE API"),
        (
            answer(302, "Found", headers=[("Location", "https://login.example/")]),
            "redirects to https://login.example/: this is not the PVE API",
        ),
        (None, "closed the connection without an answer"),
        (Bytes((b"HTTP/1.1 200 OK\r\nContent-",), close=True), "broke off its answer"),
        (Bytes((b"SSH-2.0-OpenSSH_10.0\r\n",), close=True), "does not speak HTTP"),
        (b"SSH-2.0-OpenSSH_10.0\r\n\r\n" + b"." * 600, "does not speak HTTP"),
        (b"x" * 200_000, "does not speak HTTP"),
        (Hang(), "no answer within 0.3 s"),
    ],
)
async def test_what_answers_is_not_pveproxy(bench: Bench, reply: Answer, line: str) -> None:
    server = await bench.serve(Pve({"GET /access/ticket": reply}))
    found = await examined(bench.config(server), seconds={"answer": 0.3} if isinstance(reply, Hang) else {})
    assert (found.verdict, found.exit_code, found.error) == ("proxy", 10, line)
    assert states(found) == ["ok"] * 3 + ["failed"] + ["skipped"] * 3
    assert SECRET.encode() not in server.received
    assert b"Authorization" not in server.received


async def test_an_answer_in_pieces_and_an_old_pve_that_wants_a_login_first_are_good(bench: Bench) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n" + b'{"data":null}' + b"\r\n0\r\n\r\n"
    for reply in (chunked, answer(401, "No ticket")):
        server = await bench.serve(Pve({"GET /access/ticket": reply}))
        assert (await examined(bench.config(server))).success


@pytest.mark.parametrize(("ahead", "words"), [(300, "300 s ahead of"), (-61, "61 s behind")])
async def test_a_clock_that_is_wrong_is_a_warning(bench: Bench, ahead: int, words: str) -> None:
    server = await bench.serve(Pve(clock=NOW + ahead))
    found = await examined(bench.config(server))
    assert (found.success, found.clock_skew) == (True, ahead)
    assert found.warnings == (f"the server's clock is {words} this machine's",)


async def test_a_clock_that_is_hardly_wrong_is_none(bench: Bench) -> None:
    server = await bench.serve(Pve(clock=NOW + 59))
    assert (await examined(bench.config(server))).warnings == ()


# The login: one attempt, whatever comes of it.


async def test_a_token_that_is_refused_is_sent_once(bench: Bench) -> None:
    pve = Pve({"GET /version": REFUSED})
    server = await bench.serve(pve)
    found = await examined(bench.config(server))
    assert (found.verdict, found.exit_code) == ("login", 11)
    assert "the API token root@pam!watch was refused" in str(found.error)
    assert "token" in found.advice
    assert pve.asked == ["GET /access/ticket", "GET /version"]


def with_password(bench: Bench, port: int, password: str | None = PASSWORD) -> ProxmoxConfig:
    return ProxmoxConfig(
        host="127.0.0.1", port=port, username="root", password=password, fingerprints=(bench.shown.fingerprint,)
    )


async def test_a_password_is_tried_once(bench: Bench) -> None:
    gate = Gate()
    server = await bench.serve(Pve(gate=gate))
    found = await examined(with_password(bench, server.port, "wrong"))
    assert (found.verdict, found.exit_code, len(gate.logins)) == ("login", 11, 1)
    assert "password" in found.advice
    assert "wrong" not in str(found)


async def test_a_good_password(bench: Bench) -> None:
    server = await bench.serve(Pve(gate=Gate()))
    found = await examined(with_password(bench, server.port))
    assert found.success
    assert by_name(found)["login"].line == "root@pam, PVE 9.2.4"


async def test_a_second_factor_that_nobody_can_give(bench: Bench) -> None:
    gate = Gate(factors={"totp": True})
    server = await bench.serve(Pve(gate=gate))
    found = await examined(with_password(bench, server.port))
    assert (found.verdict, len(gate.logins)) == ("login", 1)
    assert found.advice == "Use an API token: it needs no second factor."


@pytest.mark.parametrize(
    ("no_login", "line"), [("", "there is no token and no password"), ("refused above", "refused")]
)
async def test_without_a_login_nothing_secret_is_sent(bench: Bench, no_login: str, line: str) -> None:
    pve = Pve()
    server = await bench.serve(pve)
    config = bench.config(server) if no_login else with_password(bench, server.port, None)
    found = await examined(config, no_login=no_login)
    assert (found.verdict, found.error) == ("login", None)
    assert states(found) == ["ok"] * 4 + ["skipped"] * 3
    assert line in by_name(found)["login"].line
    assert pve.asked == ["GET /access/ticket"]


# What stands behind the proxy.


@pytest.mark.parametrize(
    ("call", "reply", "verdict"),
    [
        ("GET /version", answer(595, "Connection refused"), "node"),
        ("GET /version", answer(500, "unable to read /etc/pve"), "node"),
        ("GET /version", Hang(), "node"),
        ("GET /version", answer(502, "Bad Gateway"), "proxy"),
        ("GET /version", answer(200, "OK", PAGE), "proxy"),
        ("GET /version", None, "proxy"),
        ("GET /cluster/status", answer(596, "Connection timed out"), "node"),
        ("GET /cluster/status", Hang(), "node"),
        ("GET /nodes/pve2/version", answer(595, "No route to host"), "node"),
        ("GET /nodes/pve2/version", Hang(), "node"),
    ],
)
async def test_what_is_behind_does_not_answer(bench: Bench, call: str, reply: Answer, verdict: str) -> None:
    server = await bench.serve(Pve({call: reply}))
    # Only what hangs is short of time: everything else may take as long as a busy machine needs.
    hangs = {"/version": "login", "/cluster/status": "cluster", "/nodes/pve2/version": "nodes"}[call.partition(" ")[2]]
    found = await examined(bench.config(server), seconds={hangs: 0.3} if isinstance(reply, Hang) else {})
    assert found.verdict == verdict
    assert found.exit_code == (1 if verdict == "node" else 10)
    if "pve2" in call:
        assert "pve2" in str(found.error)


@pytest.mark.parametrize(
    ("change", "verdict", "line"),
    [
        ({"quorate": 0}, "quorum", "no quorum: 2 of 2 nodes see each other"),
        ({"name": "pve2", "online": 0}, "node", "pve2 is offline"),
    ],
)
async def test_a_cluster_that_is_not_whole(bench: Bench, change: dict[str, Any], verdict: str, line: str) -> None:
    at = 2 if "online" in change else 0
    members = [{**member, **change} if index == at else member for index, member in enumerate(MEMBERS)]
    server = await bench.serve(Pve({"GET /cluster/status": ok(members)}))
    found = await examined(bench.config(server))
    assert (found.verdict, found.exit_code, found.error) == (verdict, 1, line)


async def test_one_node_without_a_cluster(bench: Bench) -> None:
    server = await bench.serve(Pve({"GET /cluster/status": ok(MEMBERS[1:2])}))
    found = await examined(bench.config(server))
    assert (found.success, found.quorate, found.nodes) == (True, None, 1)
    assert by_name(found)["nodes"].state == "skipped"


async def test_who_may_not_see_the_cluster_is_let_in_all_the_same(bench: Bench) -> None:
    forbidden = answer(403, "Permission check failed (/, Sys.Audit)", connection=("close",))
    server = await bench.serve(Pve({"GET /cluster/status": forbidden}))
    found = await examined(bench.config(server))
    assert (found.success, found.quorate, found.nodes) == (True, None, None)
    assert states(found) == ["ok"] * 5 + ["skipped"] * 2
    assert "Sys.Audit" in by_name(found)["cluster"].line


async def test_a_cancelled_test_leaves_no_connection_open(bench: Bench) -> None:
    reached = asyncio.Event()

    async def hang(_seen: object) -> Hang:
        reached.set()
        return Hang()

    server = await bench.serve(hang)
    task = asyncio.create_task(examined(bench.config(server)))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() - server._tasks == {asyncio.current_task()}
