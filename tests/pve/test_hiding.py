"""A server, or a proxy in the way, that sends back what it was sent: no error and no log line tells a secret."""

from __future__ import annotations

import html
import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest

from proxtui.errors import ApiError, ConsoleRefused, ProxtuiError, TaskFailed
from proxtui.pve.failures import causes
from proxtui.pve.hiding import HIDDEN, REMEMBERED, Hiding
from proxtui.pve.tasks import TaskTools

from .conftest import SECRET, Bench
from .gate import PASSWORD
from .servers import Seen, answer, ok

NASTY = 'p&ss "wörd"/<x>+'
UPID = "UPID:pve1:00001234:00ABCDEF:65000000:qmstart:100:root@pam:"
TICKET = "PVE:root@pam:65000000::c2lnbmF0dXJlIG9mIHRoZSB0aWNrZXQ+/w=="
CSRF = "65000000:Y3NyZiBwcmV2ZW50aW9uIHRva2Vu"
Spelling = Callable[[str], str]


def in_base64(text: str) -> str:
    return b64encode(text.encode()).decode()


SPELLINGS: dict[str, Spelling] = {
    "plain": lambda text: text,
    "upper case": str.upper,
    "URL": lambda text: quote(text, safe=""),
    "URL, small letters": lambda text: quote(text, safe="").lower(),
    "URL, every character": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "HTML": html.escape,
    "HTML, every character": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "JSON": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "base64": in_base64,
    "base64, one before": lambda text: in_base64("x" + text),
    "base64, two before": lambda text: in_base64(f"PVEAPIToken=root@pam!w={text}"),
    "base64 in a URL": lambda text: urlsafe_b64encode(f"ab{text}cd".encode()).decode(),
}


@pytest.mark.parametrize("secret", [SECRET, NASTY, TICKET], ids=["token", "password", "ticket"])
@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_in_every_spelling(secret: str, spelled: Spelling) -> None:
    said = f"wrong: {spelled(secret)}, go away"
    shown = Hiding(secret)(said)
    assert HIDDEN in shown
    # Of base64 the letters that it shares with what stands before it may stay.
    assert len(shown) < len("wrong: , go away") + 4 + len(in_base64("PVEAPIToken=root@pam!w=ab"))
    assert shown.startswith("wrong: ")
    assert shown.endswith(", go away")
    assert spelled(secret)[-9:] not in shown


def test_what_is_no_secret_stays() -> None:
    line = "Permission check failed (/vms/100, VM.PowerMgmt)"
    assert Hiding(SECRET, "", None, "a", "vms")(line) == line
    assert SECRET not in repr(Hiding(SECRET))


def test_the_newest_tickets_are_known_and_the_password_for_ever() -> None:
    hiding = Hiding(SECRET, PASSWORD)
    for number in range(50):
        hiding.learn(f"ticket-{number:04}")
    assert hiding(f"{SECRET} {PASSWORD} ticket-0049 ticket-0000") == f"{HIDDEN} {HIDDEN} {HIDDEN} ticket-0000"
    assert len(hiding._secrets) == REMEMBERED


def test_the_longer_secret_goes_first() -> None:
    assert Hiding("geheim", "geheimnis")("das geheimnis") == f"das {HIDDEN}"


def test_a_long_log_costs_no_time() -> None:
    text = "INFO: transferred 1.0 GiB of 32.0 GiB (3.12%) in 4s\n" * 40_000
    started = time.process_time()
    assert Hiding(SECRET, NASTY, TICKET)(text) == text
    assert time.process_time() - started < 0.25
    assert SECRET not in Hiding(SECRET)(text + quote(SECRET))


def echoed(seen: Seen) -> str:
    """All that a request brought, in one line."""
    return " ".join([seen.target, *(f"{name}={value}" for name, value in seen.headers.items()), seen.body.decode()])


def in_the_status_line(seen: Seen) -> bytes:
    return answer(500, echoed(seen), b"")


def in_a_refused_login(seen: Seen) -> bytes:
    return answer(401, echoed(seen), b"")


def in_the_message(seen: Seen) -> bytes:
    return answer(500, "no", json.dumps({"message": echoed(seen), "data": None}).encode())


def in_the_fields(seen: Seen) -> bytes:
    said = {"errors": {"vmid": f"bad: {echoed(seen)}", echoed(seen)[-70:]: "no such field"}, "data": None}
    return answer(400, "Parameter verification failed.", json.dumps(said).encode())


def in_a_redirect(seen: Seen) -> bytes:
    where = f"https://login.example/?{quote(seen.headers.get('authorization', '') + seen.body.decode())}"
    return answer(302, "Found", b"", headers=[("Location", where)])


def in_a_forbidden_page(seen: Seen) -> bytes:
    return answer(403, f"Permission check failed (/vms/100, {echoed(seen)})", b"<html>")


def at_the_edge_of_the_cut(seen: Seen) -> bytes:
    return answer(500, "x" * 385 + seen.headers.get("authorization", "")[-36:], b"")


PLACES = (
    in_the_status_line,
    in_a_refused_login,
    in_the_message,
    in_the_fields,
    in_a_redirect,
    in_a_forbidden_page,
    at_the_edge_of_the_cut,
)


def told_by(error: BaseException) -> Iterator[str]:
    """Everything that a screen, a log or the audit could show of it."""
    for one in causes(error):
        yield str(one)
        if isinstance(one, ProxtuiError):
            yield from (repr(one), repr(one.args), repr(vars(one)))


def assert_silent(error: ProxtuiError, *secrets: str) -> None:
    for text in told_by(error):
        for secret in secrets:
            assert secret not in text
            assert quote(secret, safe="") not in text
            assert secret[:12] not in text, "half a secret is one, too"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_echo_of_the_token(bench: Bench, place: Callable[[Seen], bytes], method: str) -> None:
    _, client = await bench.pair(place)
    with pytest.raises(ApiError) as caught:
        await (client.get("/version") if method == "GET" else client.post("/nodes/pve1/qemu/100/status/start"))
    assert_silent(caught.value, SECRET)
    assert HIDDEN in " ".join(told_by(caught.value)) or place is at_the_edge_of_the_cut


@pytest.mark.parametrize("place", PLACES[:-1])
async def test_an_echo_of_the_password(bench: Bench, place: Callable[[Seen], bytes]) -> None:
    _, client = await bench.pair(place, with_password=True, fields={"password": NASTY})
    with pytest.raises(ApiError) as caught:
        await client.authenticate()
    assert_silent(caught.value, NASTY, quote_plus(NASTY))
    if place is not in_a_forbidden_page:
        assert HIDDEN in " ".join(told_by(caught.value))


@pytest.mark.parametrize("place", [in_the_status_line, in_the_message, in_the_fields, in_a_forbidden_page])
async def test_an_echo_of_the_ticket(bench: Bench, place: Callable[[Seen], bytes]) -> None:
    def app(seen: Seen) -> bytes:
        if seen.path == "/access/ticket":
            return ok({"ticket": TICKET, "CSRFPreventionToken": CSRF, "username": "root@pam"})
        return place(seen)

    _, client = await bench.pair(app, with_password=True)
    with pytest.raises(ApiError) as caught:
        await client.post("/nodes/pve1/qemu/100/status/start")
    assert_silent(caught.value, TICKET, CSRF)


async def test_a_console_that_is_refused(bench: Bench) -> None:
    from proxtui.pve.websocket import dial

    for place in (in_the_status_line, in_a_forbidden_page):
        _, client = await bench.pair(place)
        with pytest.raises(ApiError) as caught:
            await dial(client.dialer, "/nodes/pve1/qemu/100", 5900, TICKET)
        assert_silent(caught.value, SECRET, TICKET)
        assert HIDDEN in str(caught.value)


async def test_what_tasks_say(bench: Bench) -> None:
    def app(seen: Seen) -> bytes:
        said = echoed(seen)
        if seen.path.endswith("/log"):
            lines = [{"n": 1, "t": said}, {"n": 2, "t": "TASK OK"}]
            return answer(200, "OK", json.dumps({"data": lines, "total": 2}).encode())
        if seen.path.endswith("/status"):
            return ok({"upid": UPID, "node": "pve1", "status": "stopped", "exitstatus": f"failed: {said}"})
        return ok([{"upid": UPID, "node": "pve1", "status": f"failed: {said}", "endtime": 1}])

    _, client = await bench.pair(app)
    log = await TaskTools(client).get_task_log(UPID)
    assert SECRET not in repr(log)
    assert log.lines[1] == (2, "TASK OK")
    with pytest.raises(TaskFailed) as caught:
        await TaskTools(client).wait(UPID)
    assert_silent(caught.value, SECRET)
    assert HIDDEN in str(caught.value)
    assert SECRET not in repr(await client.get("/cluster/tasks"))


async def test_a_screen_that_repeats_its_password() -> None:
    from proxtui.pve.rfb.client import log_in

    from .rfb.pipes import Script

    refused = (
        b"RFB 003.008\n" + b"\x01\x02" + bytes(16) + b"\x00\x00\x00\x01" + b"\x00\x00\x00\x14" + b"wrong: geheim12 wait"
    )
    with pytest.raises(ConsoleRefused) as caught:
        await log_in(Script(refused), "geheim12")
    assert "geheim12" not in str(caught.value)
    assert HIDDEN in str(caught.value)


async def test_other_answers_are_given_as_they_are(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: ok({"value": echoed(seen)}))
    assert SECRET in (await client.get("/access/users/x/token/y"))["value"]
