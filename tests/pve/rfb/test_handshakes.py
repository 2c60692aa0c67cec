"""Both handshakes of RFB against scripts of what the other side says: good, old, hostile, silent."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.errors import ConsoleError, ConsoleRefused
from proxtui.pve.rfb.client import LONGEST_REASON, log_in
from proxtui.pve.rfb.des import response
from proxtui.pve.rfb.server import NoViewer, greet

from .pipes import Script

V3, V7, V8 = (b"RFB 003.00%d\n" % minor for minor in (3, 7, 8))
CHALLENGE = bytes(range(16))
OK, FAILED = (number.to_bytes(4) for number in (0, 1))


def reason(text: bytes) -> bytes:
    return len(text).to_bytes(4) + text


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (V8 + b"\x01\x02" + CHALLENGE + OK, V8 + b"\x02" + response(CHALLENGE, "secret")),
        (b"RFB 003.889\n\x02\x1e\x02" + CHALLENGE + OK, V8 + b"\x02" + response(CHALLENGE, "secret")),
        (V7 + b"\x01\x02" + CHALLENGE + OK, V7 + b"\x02" + response(CHALLENGE, "secret")),
        (V3 + b"\0\0\0\x02" + CHALLENGE + OK, V3 + response(CHALLENGE, "secret")),
        (b"RFB 003.005\n\0\0\0\x02" + CHALLENGE + OK, V3 + response(CHALLENGE, "secret")),
        (V8 + b"\x01\x01" + OK, V8 + b"\x01"),
        (V7 + b"\x01\x01", V7 + b"\x01"),
        (V3 + b"\0\0\0\x01", V3),
    ],
)
async def test_a_login(said: bytes, answer: bytes) -> None:
    console = Script(said)
    await log_in(console, "secret")
    assert (console.heard, console.said) == (answer, b"")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (b"HTTP/1.1 400", "no VNC server"),
        (b"RFB 3.8    \n", "no VNC server"),
        (V8 + b"\x00" + reason(b"too many\x1b[31m tries"), "too many"),
        (V8 + b"\x00\xff\xff\xff\xff" + b"x" * LONGEST_REASON, "xxx"),
        (V8 + b"\x00", "no reason given"),
        (V3 + b"\0\0\0\0" + reason(b"go away"), "go away"),
        (V8 + b"\x02\x12\x13", r"not known here \(18, 19\)"),
        (b"", "is the guest running"),
        (V8 + b"\x01\x02" + CHALLENGE, "is the guest running"),
    ],
)
async def test_no_login(said: bytes, line: str) -> None:
    with pytest.raises(ConsoleError, match=line) as caught:
        await log_in(Script(said), "secret")
    assert not isinstance(caught.value, ConsoleRefused)
    assert "\x1b" not in str(caught.value)


async def test_a_refused_password_is_another_matter() -> None:
    with pytest.raises(ConsoleRefused, match="Authentication failed"):
        await log_in(Script(V8 + b"\x01\x02" + CHALLENGE + FAILED + reason(b"Authentication failed")), "secret")
    with pytest.raises(ConsoleRefused, match=r"refused the password$"):
        await log_in(Script(V7 + b"\x01\x02" + CHALLENGE + FAILED), "secret")


async def test_a_silent_console_and_a_silent_viewer_are_left() -> None:
    with pytest.raises(ConsoleError, match=r"within 0\.01 s"):
        await log_in(Script(V8, silent=True), "secret", seconds=0.01)
    with pytest.raises(NoViewer, match=r"within 0\.01 s"):
        await greet(Script(b"RFB", silent=True), "secret", seconds=0.01)


@given(st.binary(max_size=80))
def test_whatever_a_console_says_ends_in_one_of_our_errors(tail: bytes) -> None:
    for head in (b"", V8, V7 + b"\x01\x02", V3, V8 + b"\x00"):
        try:
            asyncio.run(log_in(Script(head + tail), "secret"))
        except ConsoleError:
            continue


class Proving(Script):
    """A viewer that answers the challenge, with a password that may be wrong."""

    def __init__(self, version: bytes, password: str, choice: bytes = b"\x02") -> None:
        super().__init__(version + (b"" if version == V3 else choice))
        self.password = password

    async def write(self, data: bytes) -> None:
        await super().write(data)
        if len(data) == 16:
            self.said += response(data, self.password)


@pytest.mark.parametrize("version", [V3, V7, V8, b"RFB 003.889\n"])
async def test_a_viewer_that_knows_the_password(version: bytes) -> None:
    viewer = Proving(version, "oneshot1")
    waiting = await greet(viewer, "oneshot1")
    told = len(viewer.heard)
    assert viewer.heard.startswith(V8 + (b"\0\0\0\x02" if version == V3 else b"\x01\x02"))
    viewer.said += b"\x00"
    assert await waiting.welcome() is False, "it would not share"
    assert viewer.heard[told:] == OK


@pytest.mark.parametrize(("version", "tail"), [(V3, b""), (V7, b""), (V8, reason(b"wrong password"))])
async def test_a_viewer_that_does_not(version: bytes, tail: bytes) -> None:
    viewer = Proving(version, "guessed!")
    with pytest.raises(NoViewer, match="wrong password"):
        await greet(viewer, "oneshot1")
    assert viewer.heard.endswith(FAILED + tail)


@pytest.mark.parametrize(("version", "result"), [(V3, b""), (V7, b""), (V8, OK)])
async def test_where_no_password_is_asked_for(version: bytes, result: bytes) -> None:
    viewer = Script(version + (b"" if version == V3 else b"\x01") + b"\x01")
    waiting = await greet(viewer, None)
    told = len(viewer.heard)
    assert await waiting.welcome() is True
    assert viewer.heard[told:] == result


async def test_why_there_is_no_console_is_told_where_there_are_words_for_it() -> None:
    for version, told in ((V8, FAILED + reason(b"it does not run")), (V7, b"")):
        viewer = Script(version + b"\x01")
        waiting = await greet(viewer, None)
        before = len(viewer.heard)
        await waiting.refuse("it does not run")
        assert viewer.heard[before:] == told


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"RFB 003.008", b"RFB 003.008\0", V8 + b"\x01", V8 + b"\x02short", b""],
)
async def test_who_is_no_viewer(said: bytes) -> None:
    with pytest.raises(NoViewer):
        await greet(Script(said), "oneshot1")


@given(st.binary(max_size=60))
def test_whatever_a_viewer_says_it_gets_nowhere_without_the_password(said: bytes) -> None:
    for head in (b"", V8 + b"\x02", V7, V3):
        with pytest.raises(NoViewer):
            asyncio.run(greet(Script(head + said), "oneshot1"))
