"""What is under way when the configuration changes is waited for, unless it may no longer be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from proxtui.config.keyed import keyed
from proxtui.config.vault.edits import Delete, Put, add_server, add_tenant
from proxtui.core.operation import Kind, Target
from proxtui.core.run import RunState
from proxtui.features.consoles import screen as consoles
from proxtui.kit.one_line import Notice
from proxtui.sim.running import running
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.world import World
from proxtui.tui.app import ProxtuiApp
from proxtui.tui.configured import Configured
from proxtui.tui.renewal import waiting_line
from proxtui.wiring import open_runtime
from tests.config.vaults import PIN, ROOT_KEY, new_vault, seat_in
from tests.core.gating import MemoryJournal
from tests.features.consoling import Peer
from tests.features.fleets import ACME, two_tenants
from tests.features.screens import LARGE, SMALL
from tests.kit.changes import START, FakeGate
from tests.tui.test_handover import COLOUR, House

SERVER = ("tenants", "acme", "servers", ACME.server)
OTHERS_COLOUR = Put(("tenants", "zeta", "colour"), "#112233")


class Seen:
    """A dashboard over a served simulator, and a viewer that looks at a VM of it."""

    def __init__(self, pilot: Pilot[None], runtime: Any, journal: MemoryJournal, world: World, folder: Path) -> None:
        self.app: Any = pilot.app
        self.runtime, self.journal, self.world = runtime, journal, world
        self._pilot, self._folder = pilot, folder
        self.peers: list[Peer] = []

    async def viewer(self) -> Peer:
        (site,) = self.world.sites.values()
        guest = next(one for one in site.guests.values() if one.kind == "qemu" and one.running)
        target = Target(ACME, Kind.QEMU, str(guest.vmid), guest.name, guest.node)
        await consoles.open_viewer(self.app, self.runtime, target)
        await self.until(lambda: isinstance(self.app.screen, consoles.Invited))
        password = self.app.screen._invitation.password
        path = self._folder / "proxtui" / f"vm{guest.vmid}.sock"
        peer = Peer(*await asyncio.open_unix_connection(str(path)))
        self.peers.append(peer)
        await peer.open(password)
        await self.until(lambda: not isinstance(self.app.screen, consoles.Invited))
        return peer

    async def looked(self, peer: Peer) -> int:
        """Ask for a piece of the picture, and wait until it came; gives how many bytes had come before."""
        (session,) = self.runtime.consoles.sessions
        before: int = session.received
        peer.writer.write(bytes((3, 0, 0, 0, 0, 0, 0, 16, 0, 16)))
        await self.until(lambda: session.received > before)
        return before

    async def save(self, *edits: Any) -> None:
        """As another process does it."""
        await self.runtime.registrar.save("tenants.update", list(edits))

    async def until(self, seen: Any) -> None:
        async with asyncio.timeout(20):
            while not seen():
                await self._pilot.pause(0.01)

    async def ended(self) -> None:
        await self.until(lambda: self.app.return_code is not None)
        assert self.app.renewal.take()

    @property
    def trouble(self) -> str:
        return self.app.screen.query_one("#trouble", Notice).text


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A short name: a socket's path has little room.
    made = tmp_path_factory.mktemp("c")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(made))
    return made


@asynccontextmanager
async def shown(folder: Path) -> AsyncIterator[Seen]:
    world, journal = World(seed=1, auth_delay=0.0), MemoryJournal()
    SCENARIOS["small"](world)
    async with running(world, alive=False) as said:
        one = said["servers"][0]
        token = {"token_id": one["token_id"], "token_secret": one["token_secret"]}
        place = [{"host": one["host"], "port": one["port"]}]
        vault = new_vault(seat_in(folder), ROOT_KEY)
        trust = {"mode": "fingerprint", "fingerprints": [one["fingerprint"]]}
        server = {"endpoints": place, "trust": trust, "credentials": token}
        vault.save(add_tenant("acme", "Acme"), Put(SERVER, server, is_new=True))
        nobody = {"mode": "fingerprint", "fingerprints": [PIN]}
        vault.save(
            add_tenant("zeta", "Zeta"), add_server("zeta", "paris", ["127.0.0.1"], trust=nobody, credentials=token)
        )
        config = keyed(vault, {})
        async with open_runtime(config, vault=vault, make_journal=lambda: journal) as runtime:
            app = ProxtuiApp(runtime, configured=Configured(config, vault))
            async with app.run_test(size=LARGE) as pilot:
                seen = Seen(pilot, runtime, journal, world, folder)
                await seen.until(lambda: app.renewal._unsubscribe is not None)
                try:
                    yield seen
                finally:
                    for peer in seen.peers:
                        await peer.close()


async def test_a_console_of_a_server_that_stays_as_it_is_goes_on_and_is_waited_for(folder: Path) -> None:
    async with shown(folder) as seen:
        peer = await seen.viewer()
        await seen.save(OTHERS_COLOUR)
        await seen.until(lambda: waiting_line(0, 1) in seen.trouble)
        assert not seen.app.renewal._reopened()
        before = await seen.looked(peer)
        await peer.close()
        await seen.ended()
    closed = next(entry for entry in seen.journal.entries if entry.event == "console.close")
    assert (closed.result, closed.message) == ("ok", "the viewer left")
    assert int(closed.params["received"]) > before
    assert closed.duration_ms
    assert seen.app.configured.left is not None
    assert any("the viewer left, after " in one.message for one in seen.app.configured.left.told)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Put((*SERVER, "timeout_ms"), 9000), "acme/berlin is configured otherwise now"),
        (Put((*SERVER, "is_active"), False), "acme/berlin was removed or switched off"),
        (Delete(("tenants", "acme")), "acme/berlin was removed or switched off"),
        (Put(("settings", "denied_operations"), ["consoles.vnc"]), "consoles.vnc is among denied_operations"),
        (Put(("settings", "write_mode"), "never"), "changes to acme are switched off (write_mode never)"),
        (Put(("settings", "read_only"), True), "read-only"),
    ],
)
async def test_a_console_that_may_no_longer_be_ends_and_says_why(folder: Path, edit: Any, why: str) -> None:
    async with shown(folder) as seen:
        peer = await seen.viewer()
        await seen.save(edit)
        assert await peer.ended()
        await seen.ended()
    closed = next(entry for entry in seen.journal.entries if entry.event == "console.close")
    assert closed.result == "ok"
    assert closed.message.startswith("the console was ended: ")
    assert closed.message.endswith(why)
    assert int(closed.params["received"]) > 0
    assert seen.app.configured.left is not None
    assert any(one.message.endswith(why) for one in seen.app.configured.left.told)


async def test_a_lock_that_is_open_for_a_time_keeps_its_consoles(folder: Path) -> None:
    async with shown(folder) as seen:
        await seen.runtime.write_lock.open(ACME, 600, "look at the boot")
        peer = await seen.viewer()
        await seen.save(Put(("settings", "write_mode"), "timed"))
        await seen.until(lambda: waiting_line(0, 1) in seen.trouble)
        await seen.looked(peer)
        await seen.runtime.write_lock.close()
        assert await peer.ended()
        await seen.ended()


async def test_a_change_is_followed_to_its_end_before_it_is_opened_anew(tmp_path: Path) -> None:
    house, gate = House(tmp_path), FakeGate()
    async with house.dashboard(two_tenants()) as acting:
        acting.runtime.gate = gate
        changing, sent = acting.app.changing(acting.runtime), asyncio.Event()
        # The server takes its time, so that nothing is known of a run yet.
        gate.pause = sent
        changing.send(START, [Target(ACME, Kind.QEMU, "100", "web", "pve1")], None, "")
        await acting.until(lambda: gate.submitted)
        await acting.runtime.registrar.save("tenants.update", [COLOUR])
        assert not acting.app.renewal._reopened()
        sent.set()
        await acting.until(lambda: acting.app.changes_running == 1)
        assert not acting.app.renewal._reopened()
        await acting.until(lambda: acting.app.screen.query_one("#trouble", Notice).text == waiting_line(1, 0))
        gate.move(gate.runs[0], RunState.OK, "started")
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()
    left = house.configured.left
    assert left is not None
    assert [run.state for run in left.runs] == [RunState.OK]
    assert any("100" in one.message for one in left.told)


@pytest.mark.parametrize(
    ("changes", "open_consoles", "line"),
    [
        (0, 0, ""),
        (1, 0, "the new configuration waits for 1 change"),
        (2, 1, "the new configuration waits for 2 changes and 1 console; :consoles closes them"),
    ],
)
def test_what_is_waited_for(changes: int, open_consoles: int, line: str) -> None:
    assert waiting_line(changes, open_consoles) == line
    assert len(line) <= SMALL[0], "whole on a narrow terminal"


async def test_while_the_file_cannot_be_read_nothing_is_opened_anew(tmp_path: Path) -> None:
    house = House(tmp_path)
    path = seat_in(tmp_path).path
    async with house.dashboard(two_tenants()) as acting:
        await acting.press("colon", "o")
        await acting.runtime.registrar.save("tenants.update", [COLOUR])
        right = path.read_bytes()
        path.write_bytes(right[:-100])
        acting.app.renewal._look()
        await acting.until(lambda: "cannot be read" in acting.app.trouble)
        await acting.press("escape")
        assert not acting.app.renewal._reopened()
        assert "cannot be read" in acting.app.trouble
        path.write_bytes(right)
        acting.app.renewal._look()
        await acting.until(lambda: acting.app.return_code is not None)
    assert acting.app.renewal.take()
