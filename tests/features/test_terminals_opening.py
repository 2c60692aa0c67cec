"""What is shown until a terminal is there: to what, for how long, and escape or ctrl+c ends it, recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxtui.core.operation import Kind, Target
from proxtui.features.terminals import screen
from proxtui.features.terminals.screen import Opening
from proxtui.features.terminals.service import SshWish, shell_of, why_none
from proxtui.pve.ssh.chain import LOGIN_SECONDS

from .consoling import Lab, lab
from .test_consoles_screen import shown, until, words


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Lab]:
    async with lab(tmp_path) as one:
        yield one


@pytest.fixture
def seat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits at a terminal when tests run."""

    class Seat:
        size = (80, 24)

    @contextlib.contextmanager
    def seated() -> Iterator[Any]:
        yield Seat()

    monkeypatch.setattr(screen, "seated", seated)


@pytest.fixture
async def silent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A host that takes connections and says nothing; where shells go."""
    held: list[asyncio.StreamWriter] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(screen, "SshWish", lambda: SshWish(host="127.0.0.1", port=port, user="root"))
    yield port
    server.close()
    for writer in held:
        writer.transport.abort()


def node(here: Lab) -> Target:
    (ref,) = here.runtime.connections
    return Target(ref, Kind.NODE, "pve1", "pve1", "pve1")


@pytest.mark.usefixtures("seat")
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_host_that_does_not_answer(here: Lab, silent: int, size: tuple[int, int], key: str) -> None:
    async with shown(size) as (app, pilot):
        await screen.open_shell(app, here.runtime, node(here))
        await until(pilot, lambda: isinstance(app.screen, Opening))
        waiting: Any = app.screen
        await until(pilot, lambda: "connecting" in waiting._line.text)
        assert f"connecting to 127.0.0.1:{silent} as root, {LOGIN_SECONDS:g} s left" in waiting._line.text
        assert "esc or ctrl+c ends it" in words(app)
        assert "Open SSH shell node pve1" in str(app.screen.query_one("Vertical").border_title)
        waiting._now = lambda: here.runtime.clock.monotonic() + 7
        waiting.paint()
        assert f"{LOGIN_SECONDS - 7:g} s left" in waiting._line.text
        if key == "escape":
            await pilot.press(key)
        else:
            # The app asks what is in front, as it does for every ctrl+c.
            waiting.interrupted()
        await until(pilot, lambda: app.told)
        assert app.told == ["Open SSH shell node pve1: given up"]
        await until(pilot, lambda: not isinstance(app.screen, Opening))
    last = here.journal.entries[-1]
    assert (last.event, last.message) == ("console.close", "given up before it was open")


@pytest.mark.usefixtures("seat")
async def test_what_refuses_is_told_and_nothing_stays_in_front(here: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "SshWish", lambda: SshWish(host="127.0.0.1", port=1, user="root"))
    async with shown() as (app, pilot):
        await screen.open_shell(app, here.runtime, node(here))
        await until(pilot, lambda: app.told)
        assert "127.0.0.1:1 refused the connection" in app.told[0]
        await until(pilot, lambda: not isinstance(app.screen, Opening))
    assert here.journal.entries[-1].result == "failed"


async def test_each_thing_that_takes_time_is_told(here: Lab, silent: int) -> None:
    told: list[tuple[str, float]] = []

    def trying(what: str, seconds: float) -> None:
        told.append((what, seconds))
        if seconds:
            task.cancel()

    async def shell() -> None:
        wish = SshWish(host="127.0.0.1", port=silent, user="ann")
        async with shell_of(here.runtime, node(here), wish, trying=trying):
            raise AssertionError

    task = asyncio.create_task(shell())
    await asyncio.gather(task, return_exceptions=True)
    endpoint = here.runtime.connections[node(here).ref].client.config.endpoint
    assert told == [
        (f"asking {endpoint} for its address", 0),
        (f"connecting to 127.0.0.1:{silent} as ann", LOGIN_SECONDS),
    ]


async def test_which_terminals_there_are_none_of_is_known_before(here: Lab) -> None:
    vm, container = here.target(), here.target("lxc")
    assert "has no serial port" in str(await why_none(here.runtime, vm))
    assert await why_none(here.runtime, container) is None
    assert "cannot open the console of a node before PVE 9.0.4" in str(await why_none(here.runtime, node(here)))
    guest = here.site.guests[int(vm.id)]
    guest.extra["serial0"] = "socket"
    assert await why_none(here.runtime, vm) is None
    assert await why_none(here.runtime, replace(vm, id="999")) is None, "not known: opening it tells"
    assert here.calls("termproxy") == [], "nothing is opened for it"
