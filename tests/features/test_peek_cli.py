"""``proxtui peek``: from a name to the screen of a machine of the simulator, and what is printed of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from proxtui.config.models import Config, Credentials, Endpoint, Server, Tenant, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.seats import wish_of
from proxtui.errors import NotFoundError, ReadOnlyError, UsageError
from proxtui.features.peek.cli import NoText, look_once, peek
from proxtui.features.peek.service import Shot
from proxtui.features.peek.text import read
from proxtui.sim.running import running
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.world import World
from proxtui.wiring import open_runtime

from .peeks import picture_of


class Line:
    """A command line over a screen that was looked at before."""

    ascii_only = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[str] = []
        self.printed: list[str] = []

    def acting(self, _work: Any) -> Any:
        return Shot(picture_of(self.name), 12.0)

    def note(self, message: str) -> None:
        self.notes.append(message)

    def say(self, value: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
        self.printed += [json.dumps(value)] if as_json else lines


def run(line: Line, *arguments: str) -> Result:
    return CliRunner().invoke(peek, ["100", *arguments], obj=line, standalone_mode=False)


def test_text_json_and_a_picture() -> None:
    line = Line("sim-panic")
    assert run(line, "--text").exception is None
    assert line.printed[5] == "[  421.338170] Call Trace:"
    line.printed.clear()
    assert run(line, "--json").exception is None
    told = json.loads(line.printed[0])
    assert (told["width"], told["is_text"], told["recognised"], told["taken_at"]) == (720, True, 1.0, 12.0)
    output = run(line).output
    assert output.isascii()
    assert "\x1b" not in output, "nobody sees colours in a pipe"


def test_a_picture_is_no_text_and_can_be_saved(tmp_path: Path) -> None:
    line, path = Line("sim-picture"), tmp_path / "screen.png"
    assert isinstance(run(line, "--text").exception, NoText)
    assert run(line, "--png", str(path)).output == ""
    assert line.notes == [f"saved {path.stat().st_size} bytes as {path}"]
    refused = run(line, "--png", str(path)).exception
    assert isinstance(refused, UsageError)
    assert "not overwritten" in str(refused)


@pytest.fixture
def world() -> World:
    world = World(seed=1, auth_delay=0.0)
    SCENARIOS["small"](world)
    return world


async def test_a_machine_of_the_simulator_over_real_sockets(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    line: Any = Line("")
    guests = world.sites["lab"].guests.values()
    guest = next(one for one in guests if one.kind == "qemu" and one.running and one.agent_up)
    async with running(world, alive=False) as told:
        config = config_of(told["servers"][0])
        async with open_runtime(config) as runtime:
            await runtime.poller.poll_once()
            fleet = runtime.store.fleet()
            for wanted in (str(guest.vmid), guest.name.upper()):
                shot = await look_once(line, runtime, fleet, wish_of(wanted, None, "", None))
                assert any(guest.name in line for line in read(shot.picture).lines)
            with pytest.raises(NotFoundError, match="there is no VM '9'"):
                await look_once(line, runtime, fleet, wish_of("9", None, "", None))
            assert runtime.consoles.sessions == ()
        async with open_runtime(config, read_only=True) as runtime:
            await runtime.poller.poll_once()
            with pytest.raises(ReadOnlyError, match="read-only; Look at screen"):
                await look_once(line, runtime, runtime.store.fleet(), wish_of(str(guest.vmid), None, "", None))


def config_of(told: Mapping[str, Any]) -> Config:
    """One server of a simulator that runs."""
    server = Server(
        name="lab",
        endpoints=(Endpoint(host=told["host"], port=told["port"]),),
        credentials=Credentials(token_id=told["token_id"], token_secret=Secret(told["token_secret"])),
        trust=TlsTrust(mode="fingerprint", fingerprints=(told["fingerprint"],)),
    )
    return Config(tenants=(Tenant(slug="acme", name="Acme", servers=(server,)),))
