"""Each kind of console obeys the lock and the role, and the audit tells its beginning, its end, its time and bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from proxtui.config.models import Role
from proxtui.errors import ReadOnlyError, RoleRefused
from proxtui.features.consoles.keys import send_keys
from proxtui.features.consoles.vm_console import vm_console
from proxtui.features.peek.service import console_of, watching
from proxtui.features.terminals.service import SshWish, shell_of, terminal_of
from proxtui.features.terminals.spice import open_display

from .consoling import Lab, lab
from .test_consoles_websocket import asked, dial, name_of


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    async with lab(tmp_path_factory.mktemp("c")) as one:
        await one.runtime.poller.poll_once()
        yield one


async def vnc(here: Lab) -> None:
    one = here.relay()
    peer = await one.peer()
    await peer.open((await one.invitation).password)
    await peer.close()
    await one.task


async def term(here: Lab) -> None:
    async with terminal_of(here.runtime, here.target("lxc")) as opened:
        opened.session.on_bytes(0, len(await opened.terminal.recv()))


async def ssh(here: Lab) -> None:
    async with shell_of(here.runtime, here.target(), SshWish(host="127.0.0.1", port=1)):
        raise AssertionError


async def spice(here: Lab) -> None:
    await open_display(here.runtime, here.target())


async def peek(here: Lab) -> None:
    opening = partial(console_of, here.runtime.consoles, here.target())
    async with watching(opening, here.runtime.clock.monotonic) as watch:
        await watch.look()


async def sendkeys(here: Lab) -> None:
    await send_keys(here.runtime.consoles, here.target(), ["ret", "esc"])


async def websocket(here: Lab) -> None:
    async with vm_console(here.runtime, **asked(here)) as console, dial(console) as socket:
        using = asyncio.create_task(console.used())
        await name_of(socket)
        await socket.close()
        await using


Way = Callable[[Lab], Awaitable[None]]
ALL: dict[str, Way] = {
    "vnc": vnc, "term": term, "ssh": ssh, "spice": spice, "peek": peek, "sendkeys": sendkeys, "websocket": websocket,
}  # fmt: skip


def refused_only(here: Lab, use: str) -> None:
    """One row, and nothing that changes anything was sent."""
    (entry,) = here.journal.entries
    expected = {"websocket": "vnc"}.get(use, use)
    assert (entry.event, entry.result, entry.params) == ("console.open", "denied", {"use": expected})
    assert here.world.requests.changes()["changes"] == []
    assert list(here.folder.iterdir()) == []
    assert here.runtime.consoles.sessions == ()


@pytest.mark.parametrize("use", ALL)
async def test_the_lock_refuses_it(here: Lab, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    monkeypatch.setattr(here.runtime.write_lock, "_read_only", True)
    with pytest.raises(ReadOnlyError, match=r"read-only; .* is refused, nothing was sent"):
        await ALL[use](here)
    refused_only(here, use)


@pytest.mark.parametrize("use", ALL)
async def test_a_viewer_may_not(here: Lab, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    monkeypatch.setattr(type(here.runtime.policy), "role", lambda _policy, _tenant: Role.VIEWER)
    with pytest.raises(RoleRefused, match=r"needs role operator in .*nothing was sent"):
        await ALL[use](here)
    refused_only(here, use)


@pytest.mark.parametrize(
    ("use", "bytes_sent", "bytes_received"),
    [
        ("vnc", False, True),
        ("term", False, True),
        ("peek", True, True),
        ("sendkeys", True, False),
        ("websocket", False, True),
    ],
)
async def test_its_end_tells_time_and_bytes(here: Lab, use: str, bytes_sent: bool, bytes_received: bool) -> None:
    await ALL[use](here)
    opened, closed = here.journal.entries
    assert (opened.event, closed.event, closed.result) == ("console.open", "console.close", "ok")
    assert opened.op_id == closed.op_id
    assert (closed.params["sent"] != "0", closed.params["received"] != "0") == (bytes_sent, bytes_received)
    assert (closed.duration_ms or 0) > 0


async def test_no_password_is_in_what_the_audit_keeps(here: Lab) -> None:
    one: Any = here.relay()
    ours = (await one.invitation).password
    peer = await one.peer()
    await peer.open(ours)
    (worker,) = here.site.desk.workers.values()
    assert worker.password
    await peer.close()
    await one.task
    told = repr(here.journal.entries)
    assert not any(secret in told for secret in (ours, worker.password, worker.ticket))
