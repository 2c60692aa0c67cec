"""The dashboard over real jump hosts: one and two of them, strangers, death and return, and nothing that listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from proxtui.config.models import Server
from proxtui.config.server import JumpHost
from proxtui.core.model import Fleet, ServerRef, Snapshot, SourceState
from proxtui.core.runtime import Runtime
from proxtui.features.connectivity.service import examine_all
from proxtui.pve.stages import SSH_STAGES
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime
from tests import needs
from tests.pve.ssh.listening import listeners

from .chaos import chaos_proxy
from .conftest import Simulator
from .fleets import fleet_of, token_server, until
from .sshd import Sshd, jump_hosts

pytestmark = needs.programs("sshd", "ssh-keygen")

INTERVAL = 1.0


def through(announced: dict[str, object], *jumps: JumpHost, port: int | None = None) -> Server:
    """The simulator's server, reached through these jump hosts."""
    return replace(token_server(announced, port=port), jumps=jumps)


@asynccontextmanager
async def polled(*servers: Server) -> AsyncIterator[Runtime]:
    async with open_runtime(fleet_of(*servers, interval=INTERVAL), read_only=True) as runtime:
        asking = asyncio.create_task(runtime.poller.run())
        try:
            yield runtime
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


def first(fleet: Fleet) -> Snapshot:
    return fleet.snapshots[0]


def is_fresh(number: int = 0) -> Callable[[Fleet], bool]:
    return lambda fleet: fleet.snapshots[number].state is SourceState.FRESH


def cause(snapshot: Snapshot) -> str:
    return str(snapshot.error)


@pytest.mark.parametrize("hops", [1, 2])
async def test_the_dashboard_reads_a_server_through_jump_hosts_and_nothing_listens(
    fleet_simulator: Simulator, tmp_path: Path, hops: int
) -> None:
    with jump_hosts(tmp_path, hops) as daemons:
        # The nearest is known by its key, the other one by the fingerprint of its key.
        keys = [daemon.jump(daemon.fingerprint if number else daemon.host_key) for number, daemon in enumerate(daemons)]
        before = listeners()
        config = fleet_of(through(fleet_simulator.first, *keys), interval=INTERVAL)
        async with open_runtime(config, read_only=True) as runtime:
            app = ProxtuiApp(runtime)
            async with app.run_test(size=(120, 36)) as pilot:
                fleet = await until(runtime.store, is_fresh())
                taken = first(fleet).taken_at or 0.0
                await until(runtime.store, lambda now: (first(now).taken_at or 0.0) > taken)
                await pilot.pause()
                assert first(fleet).guests
                assert listeners() == before, "something of ours listens"
            connection = runtime.connections[ServerRef("acme", fleet_simulator.first["server"])]
            assert connection.path == "ssh"


@pytest.mark.parametrize("far", [False, True])
async def test_an_unknown_host_key_is_shown_and_the_server_hears_nothing(
    fleet_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    server = fleet_simulator.first
    with jump_hosts(tmp_path, 2) as daemons:
        async with chaos_proxy(server["host"], server["port"]) as proxy:
            stranger = daemons[int(far)]
            unknown = replace(stranger.jump(), host_keys=())
            jumps = (daemons[0].jump(), unknown) if far else (unknown, daemons[1].jump())
            async with polled(through(server, *jumps, port=proxy.port)) as runtime:
                fleet = await until(runtime.store, lambda now: first(now).error is not None)
            said = cause(first(fleet))
            assert f"jump host 127.0.0.1:{stranger.port} is not known: it shows {stranger.fingerprint}" in said
            assert proxy.accepted == 0


@pytest.mark.parametrize("pin", ["host_keys", "fingerprint", "known_hosts"])
async def test_a_changed_host_key_is_refused_and_the_server_hears_nothing(
    fleet_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    server = fleet_simulator.first
    with jump_hosts(tmp_path, 1) as [daemon]:
        was = daemon.fingerprint
        jump = daemon.jump(was if pin == "fingerprint" else daemon.host_key)
        if pin == "known_hosts":
            (tmp_path / ".ssh").mkdir()
            (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{daemon.port} {daemon.host_key}\n")
            jump = replace(jump, host_keys=())
        daemon.stop()
        daemon.new_host_key()
        daemon.start()
        async with chaos_proxy(server["host"], server["port"]) as proxy:
            async with polled(through(server, jump, port=proxy.port)) as runtime:
                fleet = await until(runtime.store, lambda now: first(now).error is not None)
            said = cause(first(fleet))
            assert "HAS CHANGED" in said
            assert daemon.fingerprint in said
            assert was in said
            assert "accept it" not in said
            assert proxy.accepted == 0


async def test_a_jump_host_dies_and_comes_back_and_the_other_server_never_notices(
    fleet_simulator: Simulator, tmp_path: Path
) -> None:
    behind, other = fleet_simulator.servers[0], fleet_simulator.servers[1]
    with jump_hosts(tmp_path, 1) as [daemon]:
        async with polled(through(behind, daemon.jump()), token_server(other)) as runtime:
            await until(runtime.store, lambda fleet: is_fresh(0)(fleet) and is_fresh(1)(fleet))
            daemon.stop()
            fleet = await until(runtime.store, lambda now: refused(now, daemon))
            assert first(fleet).state is SourceState.STALE
            assert first(fleet).guests, "it keeps its rows"
            taken = fleet.snapshots[1].taken_at or 0.0
            alone = await until(runtime.store, lambda now: (now.snapshots[1].taken_at or 0.0) > taken)
            assert alone.snapshots[1].state is SourceState.FRESH
            assert alone.snapshots[1].error is None
            daemon.start()
            back = await until(runtime.store, is_fresh(0), seconds=40)
            assert first(back).error is None


def refused(fleet: Fleet, daemon: Sshd) -> bool:
    return f"jump host 127.0.0.1:{daemon.port} refused the connection" in cause(first(fleet))


async def test_a_second_opinion_goes_through_the_jump_hosts_too(fleet_simulator: Simulator, tmp_path: Path) -> None:
    with jump_hosts(tmp_path, 1) as [daemon]:
        config = fleet_of(through(fleet_simulator.first, daemon.jump()))
        [found] = await examine_all(config.servers())
        assert found.found is not None
        assert [stage.name for stage in found.stages] == list(SSH_STAGES)
        assert found.found.success, found.found
        changed = fleet_of(through(fleet_simulator.first, daemon.jump("SHA256:" + "A" * 43)))
        [refused] = await examine_all(changed.servers())
        assert refused.found is not None
        assert refused.found.verdict == "ssh"
        assert "HAS CHANGED" in str(refused.found.error)
