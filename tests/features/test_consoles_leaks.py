"""Eight consoles of each kind at once, ended in every way: no descriptor, task, thread, process or file is left."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from proxtui.core.operation import Kind, Target
from proxtui.errors import ConsoleError, ProxtuiError
from proxtui.features.consoles.keys import send_keys
from proxtui.features.consoles.viewers import Manner
from proxtui.features.consoles.vm_console import vm_console
from proxtui.features.peek.service import console_of, watching
from proxtui.features.terminals.service import SshWish, shell_of, terminal_of
from proxtui.features.terminals.spice import hand_over
from proxtui.sim.consoles.desk import desk_of
from tests import needs
from tests.walks.sshd import jump_hosts

from .consoling import TCP, UNIX, Lab, lab
from .test_consoles_websocket import asked, dial, name_of

MANY = 8
ENDS = ("here", "there", "quit")
"""Whoever looks leaves; the server hangs up; the program ends it in the middle."""


class Left(NamedTuple):
    """What this process holds."""

    descriptors: int
    tasks: int
    threads: int
    children: int
    files: int
    sessions: int


def left(here: Lab) -> Left:
    # Threads of asyncio's pool stay for whoever needs them next.
    threads = [one for one in threading.enumerate() if not one.name.startswith("asyncio_")]
    places = (here.folder, Path(tempfile.gettempdir()))
    return Left(
        len(os.listdir("/proc/self/fd")),
        len(asyncio.all_tasks()),
        len(threads),
        len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
        sum(1 for place in places for path in place.rglob("*") if path.name != "proxtui"),
        len(here.runtime.consoles.sessions),
    )


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    (folder / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    async with lab(folder / "run") as one:
        one.folder.mkdir()
        for guest in one.site.guests.values():
            guest.extra["serial0"] = "socket"
        await one.runtime.poller.poll_once()
        yield one


Kept = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Called by each console once it is open; returns when it is to end, having done what ends it."""


async def viewed(manner: Manner, here: Lab, number: int, keep: Kept) -> None:
    one = here.relay(target_of(here, number), manner)
    peer = await one.peer()
    try:
        await peer.open((await one.invitation).password)
        await keep(peer.close)
    finally:
        await here.ended(one)
        assert await peer.ended()
        await peer.close()


async def unseen(here: Lab, number: int, keep: Kept) -> None:
    """One whose viewer dies at its start, which is an end of its own."""
    one = here.relay(target_of(here, number), Manner(kind="tigervnc", program=shutil.which("false") or ""))
    with pytest.raises(ConsoleError, match="ended at once"):
        await one.task
    await keep(nothing)


async def attached(here: Lab, number: int, keep: Kept) -> None:
    async with terminal_of(here.runtime, target_of(here, number, "lxc")) as opened:
        # A container has one console for all: the next one sees what is typed, and no greeting.
        await opened.terminal.send(b"\r")
        assert await opened.terminal.recv()
        await keep(nothing)


async def peeked(here: Lab, number: int, keep: Kept) -> None:
    opening = partial(console_of, here.runtime.consoles, target_of(here, number))
    async with watching(opening, here.runtime.clock.monotonic) as watch:
        await watch.look()
        await keep(nothing)


async def offered(here: Lab, number: int, keep: Kept) -> None:
    async with vm_console(here.runtime, **asked(here)) as console:
        using = asyncio.create_task(console.used())
        try:
            async with dial(console) as socket:
                assert await name_of(socket)
                await keep(nothing)
        finally:
            using.cancel()
            await asyncio.gather(using, return_exceptions=True)


async def typed(here: Lab, number: int, keep: Kept) -> None:
    await send_keys(here.runtime.consoles, target_of(here, number), ["ret"])
    await keep(nothing)


async def handed(here: Lab, number: int, keep: Kept) -> None:
    await asyncio.to_thread(hand_over, shutil.which("cat") or "", "[virt-viewer]\n")
    await keep(nothing)


async def nothing() -> None:
    """It ends by leaving its block."""


def target_of(here: Lab, number: int, kind: str = "qemu") -> Target:
    """One after the other, and two for some."""
    guests = [one for one in here.site.guests.values() if one.kind == kind and one.running]
    guest = guests[number % len(guests)]
    return replace(here.target(kind), id=str(guest.vmid), name=guest.name, node=guest.node)


async def many(here: Lab, kind: Any, end: str, count: int) -> None:
    """Open so many, and end them all when all are open."""
    held: asyncio.Queue[None] = asyncio.Queue()
    all_open, over = asyncio.Event(), asyncio.Event()

    async def keep(leave: Callable[[], Awaitable[None]]) -> None:
        held.put_nowait(None)
        await all_open.wait()
        if end == "here":
            await leave()
        else:
            await over.wait()

    async def all_there() -> None:
        for _ in range(count):
            await held.get()

    tasks = [asyncio.create_task(kind(here, number, keep)) for number in range(count)]
    waiting = asyncio.create_task(all_there())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in filter(asyncio.Task.done, tasks):
        task.result()
    all_open.set()
    end_them(here, end, tasks)
    over.set()
    for found in await asyncio.gather(*tasks, return_exceptions=True):
        assert found is None or isinstance(found, ProxtuiError | asyncio.CancelledError), found


def end_them(here: Lab, end: str, tasks: Sequence[asyncio.Task[None]]) -> None:
    if end == "there":
        for worker in desk_of(here.site).workers.values():
            worker.cut.set()
    elif end == "quit":
        here.runtime.consoles.end_all("the program ended")
        for task in tasks:
            task.cancel()


async def nothing_is_left(here: Lab, before: Left) -> None:
    """The kernel and the simulator may need a moment."""
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            while any(now > then for now, then in zip(left(here), before, strict=True)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    now = left(here)
    assert all(one <= then for one, then in zip(now, before, strict=True)), f"{before} became {now}"


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "kind",
    [partial(viewed, UNIX), partial(viewed, TCP), unseen, attached, peeked, offered, typed, handed],
    ids=["unix", "tcp", "dead viewer", "terminal", "peek", "websocket", "keys", "spice"],
)
async def test_nothing_is_left(here: Lab, kind: Any, end: str) -> None:
    # Once before: what is loaded and pooled stays.
    await many(here, kind, "here", MANY)
    before = left(here)
    await many(here, kind, end, MANY)
    await nothing_is_left(here, before)


@needs.programs("sshd", "ssh-keygen")
@pytest.mark.parametrize("end", ["here", "quit"])
async def test_nothing_is_left_of_shells(here: Lab, tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with jump_hosts(tmp_path, 1) as [daemon]:
        ours = tmp_path / ".ssh"
        ours.mkdir(mode=0o700)
        shutil.copy(daemon.user_key, ours / "id_ed25519")
        (ours / "known_hosts").write_text(f"[127.0.0.1]:{daemon.port} {daemon.host_key}\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        wish = SshWish(host="127.0.0.1", port=daemon.port, user=getpass.getuser())

        async def shell(here: Lab, number: int, keep: Kept) -> None:
            node = replace(here.target(), kind=Kind.NODE, id="pve1", name="pve1", node="pve1")
            async with shell_of(here.runtime, node, wish) as (opened, _shell):
                assert await opened.terminal.recv()
                await keep(nothing)

        await many(here, shell, "here", 1)
        before = left(here)
        await many(here, shell, end, MANY)
        await nothing_is_left(here, before)
