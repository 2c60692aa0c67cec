"""Which cluster a server is outlives the process: a wrong endpoint is refused though the right one is down."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Credentials, Endpoint, Place, Server, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core import known_clusters, state_file
from proxtui.core.belonging import Identity
from proxtui.core.connecting import connect
from proxtui.core.connection import Connection
from proxtui.core.known_clusters import KnownCluster, key_of
from proxtui.core.model import ServerRef, SourceState
from proxtui.core.poller import Poller
from proxtui.errors import OtherCluster, SaveFailed

from .fakes import A, B, FakeClient, FakeClock, connection, node_row, settle, store_of, unreachable

PIN = ":".join(["AB"] * 32)
SECRET = "0f1e2d3c-1111-2222-3333-444455556666"
SERVER = Server(
    name=A.server,
    endpoints=(Endpoint(host="a1"), Endpoint(host="a2")),
    trust=TlsTrust(mode="fingerprint", fingerprints=(PIN,)),
    credentials=Credentials(token_id="root@pam!ops", token_secret=Secret(SECRET)),
)
PROD = Identity("prod", frozenset({"n1", "n2"}))
LAB = Identity("lab", frozenset({"n1", "n2"}))
ALONE = Identity(None, frozenset({"pve"}), {"pve": "AA"}, True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clusters.json"


def known(file: Path, server: Server = SERVER, ref: ServerRef = A) -> KnownCluster:
    return KnownCluster(file.parent, ref, server)


def start(file: Path, *clients: FakeClient) -> Connection:
    """A process that begins: all that it has of those before it is the file."""
    return connection(A, *clients, keeper=known(file))


class Desk:
    """One process that polls."""

    def __init__(self, clock: FakeClock, link: Connection) -> None:
        self.clock, self.link = clock, link
        self.store = store_of(clock, A)
        self.poller = Poller([link], self.store, clock, interval=4.0, random=lambda: 0.5)

    async def sees(self, holds: Callable[[Any], bool]) -> Any:
        """The snapshot once ``holds`` is true of it; files are read by threads, which no fake clock moves."""
        changed = asyncio.Event()
        forget = self.store.subscribe(lambda _delta: changed.set())
        try:
            async with asyncio.timeout(20):
                while not holds(shown := self.store.snapshot(A)):
                    # What a thread reads is there before the time goes on: else another endpoint takes over meanwhile.
                    await asyncio.to_thread(lambda: None)
                    await settle()
                    if not changed.is_set():
                        await self.clock.advance(0.1)
                    changed.clear()
                return shown
        finally:
            forget()


@asynccontextmanager
async def polled(clock: FakeClock, link: Connection) -> AsyncIterator[Desk]:
    desk = Desk(clock, link)
    # One after the other: who waits for its last job waits for all.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    task = asyncio.ensure_future(desk.poller.run())
    try:
        yield desk
    finally:
        task.cancel()
        await asyncio.wait([task])


def is_fresh(snapshot: Any) -> bool:
    return snapshot.state is SourceState.FRESH


async def learned(clock: FakeClock, file: Path) -> None:
    """A start at which everything is as it should be."""
    link = start(file, FakeClient(clock), FakeClient(clock))
    await link.belonging.learn(link.client)
    assert await link.belonging.keep()


def damage(file: Path, content: bytes) -> None:
    file.write_bytes(content)


async def test_the_second_endpoint_is_measured_by_what_an_earlier_start_learned(clock: FakeClock, file: Path) -> None:
    async with polled(clock, start(file, FakeClient(clock), FakeClient(clock))) as desk:
        await desk.sees(is_fresh)
        await desk.sees(lambda _snapshot: file.exists())
    first, other = FakeClient(clock), FakeClient(clock)
    first.error, other.cluster = unreachable("a1:8006"), "lab"
    async with polled(clock, start(file, first, other)) as desk:
        shown = await desk.sees(lambda snapshot: bool(snapshot.troubles))
        assert shown.troubles[0].line == (
            "a2:8006 belongs to cluster lab, not cluster prod: not used. "
            f"Was it rebuilt or renamed? `proxtui servers trust {A.tenant}/{A.server} --new-cluster`"
        )
        assert shown.troubles[0].is_bad
        assert not shown.guests
        assert other.times() == []
        first.error = None
        desk.poller.nudge()
        shown = await desk.sees(is_fresh)
        assert shown.endpoint == "a1:8006"


async def test_the_first_endpoint_is_looked_at_before_it_is_shown(clock: FakeClock, file: Path) -> None:
    await learned(clock, file)
    moved, second = FakeClient(clock), FakeClient(clock)
    moved.cluster = "lab"
    async with polled(clock, start(file, moved, second)) as desk:
        shown = await desk.sees(is_fresh)
    assert shown.endpoint == "a2:8006"
    assert moved.times() == [], "not a row of another cluster was read"
    assert shown.troubles[0].line.startswith("a1:8006 belongs to cluster lab, not cluster prod")


async def test_a_start_that_finds_all_as_it_was_asks_no_more_than_the_first(clock: FakeClock, file: Path) -> None:
    await learned(clock, file)
    first = FakeClient(clock)
    link = start(file, first, FakeClient(clock))
    await link.belonging.recall()
    for _ in range(3):
        await link.inventory()
    assert [path for _, path in first.asked] == ["/cluster/status", *["/cluster/resources"] * 3]


async def test_a_new_cluster_is_accepted_when_somebody_says_so(clock: FakeClock, file: Path) -> None:
    await learned(clock, file)
    renamed = FakeClient(clock)
    renamed.cluster = "lab"
    link = start(file, renamed, FakeClient(clock))
    await link.belonging.recall()
    with pytest.raises(OtherCluster):
        await link.inventory()
    known(file).forget()
    await link.inventory()
    assert await link.belonging.keep()
    assert link.belonging.identity is not None
    assert link.belonging.identity.name == "lab"
    assert known(file).read() == link.belonging.identity
    old = start(file, FakeClient(clock), renamed)
    with pytest.raises(OtherCluster, match="belongs to cluster prod, not cluster lab"):
        await old.look_at(old.active)


async def test_what_was_forgotten_by_nobody_is_not_accepted(clock: FakeClock, file: Path) -> None:
    await learned(clock, file)
    other = FakeClient(clock)
    other.cluster = "lab"
    link = start(file, FakeClient(clock), other)
    await link.belonging.recall()
    damage(file, b"{ broken")
    with pytest.raises(OtherCluster):
        await link.look_at(link.routes[1])
    assert "it is no JSON" in link.belonging.said


async def test_who_learned_first_is_right(clock: FakeClock, file: Path) -> None:
    wrong, right = FakeClient(clock), FakeClient(clock)
    wrong.cluster = "lab"
    late = start(file, wrong, right)
    await late.inventory()
    known(file).keep(Identity("prod", frozenset({"n1"})))
    await late.belonging.learn(wrong)
    assert not await late.belonging.keep()
    with pytest.raises(OtherCluster, match="belongs to cluster lab, not cluster prod"):
        await late.inventory()
    assert (known(file).read() or LAB).name == "prod"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Identity("prod", frozenset({"n1", "n2"})), Identity("prod", frozenset({"n2", "n3"}))),
        (Identity("prod", frozenset({"n1", "n2"})), Identity("prod", frozenset({"n2"}))),
        (ALONE, Identity("new", frozenset({"pve", "pve2"}))),
    ],
    ids=["other nodes", "shrunk", "became a cluster"],
)
def test_a_cluster_that_changes_stays_itself(file: Path, before: Identity, after: Identity) -> None:
    known(file).keep(before)
    assert known(file).keep(after) is after
    assert known(file).read() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PROD, LAB),
        (PROD, Identity("prod", frozenset({"m1"}))),
        (PROD, Identity(None, frozenset({"n1"}), {"n1": "AA"}, True)),
        (ALONE, Identity(None, frozenset({"pve"}), {"pve": "BB"}, True)),
    ],
    ids=["same nodes, another name", "same name, other nodes", "taken out of it", "another node of that name"],
)  # fmt: skip
def test_another_cluster_does_not_take_its_place(file: Path, before: Identity, after: Identity) -> None:
    known(file).keep(before)
    assert known(file).keep(after) == before
    assert known(file).read() == before


async def test_nodes_that_come_and_go_while_it_runs_are_remembered(clock: FakeClock, file: Path) -> None:
    await learned(clock, file)
    first = FakeClient(clock, node_row("n1"), node_row("n7"))
    async with polled(clock, start(file, first, FakeClient(clock))) as desk:
        await desk.sees(is_fresh)
        await desk.sees(lambda _snapshot: (known(file).read() or LAB).nodes == {"n1", "n7"})


@pytest.mark.parametrize(
    "edited",
    [
        replace(SERVER, endpoints=(Endpoint(host="a1"), Endpoint(host="a3"))),
        replace(SERVER, endpoints=(Endpoint(host="a2"), Endpoint(host="a1"))),
        replace(SERVER, endpoints=(Endpoint(host="a1", port=443), Endpoint(host="a2"))),
        replace(SERVER, trust=TlsTrust()),
        replace(SERVER, use_tailscale=True, tailscale_hostname="a.tail"),
    ],
    ids=["endpoint", "order", "port", "trust", "tailscale"],
)
def test_an_edited_server_begins_anew(file: Path, edited: Server) -> None:
    known(file).keep(PROD)
    assert known(file, edited).read() is None
    assert known(file, SERVER, B).read() is None
    assert known(file, replace(SERVER, credentials=Credentials(username="root"))).read() == PROD


def test_it_is_its_owners_and_tells_no_secret(file: Path) -> None:
    known(file).keep(Identity("prod", frozenset({"n1"}), {"n1": PIN}))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert SECRET not in text
    assert "root@pam" not in text
    assert json.loads(text)["servers"][key_of(A, SERVER)]["server"] == "/".join(A)


JUNK: list[Any] = [
    b"\xff\x00\x80",
    b"[]",
    b'{"format": 1, "servers": [1, 2]}',
    b'{"format": 1, "servers": {"KEY": 7}}',
    b'{"format": 1, "servers": {"KEY": {"server": "x", "name": ["lab"], "nodes": ["n1"]}}}',
    b'{"format": 1, "servers": {"KEY": {"server": "x", "name": "lab", "nodes": []}}}',
    b'{"format": 1, "servers": {"KEY": {"server": "x", "name": "lab"}}}',
    b'{"format": "1"}',
    b'{"format": 1, "servers": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
async def test_a_damaged_file_is_told_and_counts_as_unknown(clock: FakeClock, file: Path, junk: bytes) -> None:
    damage(file, junk.replace(b"KEY", key_of(A, SERVER).encode()))
    async with polled(clock, start(file, FakeClient(clock), FakeClient(clock))) as desk:
        shown = await desk.sees(lambda snapshot: is_fresh(snapshot) and bool(snapshot.troubles))
        (trouble,) = shown.troubles
        assert str(file) in trouble.line
        assert not trouble.is_bad
        await desk.sees(lambda _snapshot: known(file).read() is not None)


def looks(file: Path) -> tuple[int, int]:
    return file.stat().st_ino, file.stat().st_size


def put_in_its_place(file: Path, what: str) -> tuple[int, int]:
    if what == "folder":
        file.mkdir()
    elif what == "pipe":
        os.mkfifo(file)
    elif what == "newer":
        file.write_text('{"format": 2, "clusters": []}')
    else:
        file.write_bytes(b" " * (state_file.MAX_BYTES + 1))
    return looks(file)


@pytest.mark.parametrize("closed", ["folder", "pipe", "newer", "too large"])
async def test_a_file_that_is_not_ours_to_touch_is_left_alone(clock: FakeClock, file: Path, closed: str) -> None:
    before = put_in_its_place(file, closed)
    link = start(file, FakeClient(clock), FakeClient(clock))
    await link.belonging.recall()
    await link.belonging.learn(link.client)
    assert await link.belonging.keep()
    assert str(file) in link.belonging.said
    assert link.belonging.identity is not None
    assert looks(file) == before
    with pytest.raises(SaveFailed):
        known(file).forget()


def test_no_room_on_the_disk_costs_nothing_but_the_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert known(file).keep(PROD) is PROD
    assert not file.exists()
    assert list(file.parent.glob("*.new")) == []


def test_many_processes_at_once_lose_nothing(file: Path) -> None:
    refs = [ServerRef("acme", f"s{number}") for number in range(12)]

    def work(ref: ServerRef) -> None:
        for size in range(1, 6):
            known(file, SERVER, ref).keep(Identity(ref.server, frozenset(f"n{at}" for at in range(size))))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, refs))
    found = [known(file, SERVER, ref).read() for ref in refs]
    assert [(one.name, len(one.nodes)) for one in found if one] == [(ref.server, 5) for ref in refs]


def test_the_oldest_go_when_there_is_no_room(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_clusters, "LARGEST", 1_000)
    refs = [ServerRef("acme", f"s{number}") for number in range(30)]
    for ref in refs:
        known(file, SERVER, ref).keep(PROD)
    left = [ref for ref in refs if known(file, SERVER, ref).read() is not None]
    assert left == refs[-len(left) :]
    assert 1 < len(left) < 30


def test_only_a_server_with_several_ways_is_remembered(clock: FakeClock, tmp_path: Path) -> None:
    def keeper(server: Server) -> object:
        made = connect(ServerRef(*Place("acme", server.name)), server, clock, read_only=True, state=tmp_path)
        return made.belonging._keeper

    assert keeper(SERVER) is not None
    assert keeper(replace(SERVER, endpoints=SERVER.endpoints[:1])) is None
    assert list(tmp_path.iterdir()) == []


async def test_who_comes_while_the_file_is_read_waits_for_what_it_says(
    clock: FakeClock, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two endpoints are asked at the same time; what a slow disk has not told yet is not nothing."""
    await learned(clock, file)
    renamed = FakeClient(clock)
    renamed.cluster = "lab"
    link = start(file, FakeClient(clock), renamed)
    go_on, read = threading.Event(), KnownCluster.read

    def late(keeper: KnownCluster) -> Identity | None:
        assert go_on.wait(20)
        return read(keeper)

    monkeypatch.setattr(KnownCluster, "read", late)
    both = asyncio.gather(*(link.look_at(route) for route in link.routes), return_exceptions=True)
    await settle()
    go_on.set()
    first, second = await both
    assert not isinstance(first, Exception)
    assert isinstance(second, OtherCluster)
