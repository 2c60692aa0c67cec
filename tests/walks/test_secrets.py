"""After a walk through every screen no secret stands anywhere: pictures, logs, reports, databases, files, processes."""

from __future__ import annotations

import asyncio
import base64
import html
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from proxtui.cli import log
from proxtui.cli.crash import report_text, write_report
from proxtui.config.keyed import keyed
from proxtui.config.vault import slots, unlocking
from proxtui.config.vault.edits import add_server, add_tenant, add_user
from proxtui.config.vault.opened import OpenVault
from proxtui.core.model import ServerRef
from proxtui.core.redact import redact
from proxtui.core.runtime import Runtime
from proxtui.registry import FEATURES
from proxtui.sim.app import create_app
from proxtui.sim.transport import SimTransport
from proxtui.sim.world import World
from proxtui.tui.configured import Configured
from proxtui.tui.locked import Locked
from proxtui.wiring import open_runtime
from tests.config.vaults import CHEAP, seat_in

from .test_every_key import LEAVE, ready
from .world import ProxtuiApp, make_world

FULLY = ("servers", "tenants", "users", "settings")
"""Views over what is secret: each key that opens something is pressed; of the others, those that everybody has."""
VIEWS = [feature for feature in FEATURES if feature.key or feature.name in FULLY]
EVERYWHERE = ("enter", "question_mark", "colon", "ctrl+p")
KEYFILE = bytes(range(100, 132))
MADE_UP = {
    "password": "Zebra-Password-77",
    "passphrase": "zebra horse battery staple",
    "jump": "Zebra-Jump-Phrase-88",
    "monitor": "3e7d0c52-0000-4000-8000-zebramonitor",
}
PIN = ":".join(["AB"] * 32)


class Secrets(dict[str, str]):
    """By what they are."""

    def found_in(self, text: str | bytes) -> set[str]:
        raw = text.encode() if isinstance(text, str) else text
        return {what for what, secret in self.items() if secret.encode() in raw}


@pytest.fixture
def world() -> World:
    return make_world("small")


@pytest.fixture
def secrets(world: World) -> Secrets:
    token = world.sites["lab"].announced
    assert token is not None
    spelled = {"hex": KEYFILE.hex(), "base64": base64.b64encode(KEYFILE).decode(), "raw": KEYFILE.decode("latin-1")}
    return Secrets(MADE_UP | {"token": token.secret} | {f"keyfile {how}": text for how, text in spelled.items()})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """All that is written goes below it, with the log at its most talkative."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "TMPDIR", "HOME"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(tmp_path / name))
    before = logging.getLogger().level
    log.configure(str(tmp_path / "log"), debug=True, to_stderr=False)
    yield tmp_path
    log.configure("", debug=False, to_stderr=False)
    logging.captureWarnings(False)
    logging.getLogger().setLevel(before)


@pytest.fixture
def vault(place: Path, secrets: Secrets, world: World) -> OpenVault:
    token = world.sites["lab"].announced
    assert token is not None
    found = unlocking.create(seat_in(place), "anna", slots.new_passphrase(secrets["passphrase"]), cost=CHEAP)
    full = {"token_id": token.full, "token_secret": token.secret}
    monitor = {"token_id": "watch@pve!ro", "token_secret": secrets["monitor"]}
    login = {"username": "root", "password": secrets["password"]}
    jump = {
        "host": "jump.example.com",
        "username": "ops",
        "key_file": "/nowhere/key",
        "key_passphrase": secrets["jump"],
    }
    trust = {"mode": "fingerprint", "fingerprints": [PIN]}
    found.save(
        add_tenant("lab", "Lab"),
        add_server("lab", "lab", ["lab.example:8006"], trust=trust, credentials=full, monitor=monitor),
        add_server("lab", "far", ["far.example:8006"], trust=trust, credentials=login, jumps=[jump], is_active=False),
        add_user("anna", "admin", {"lab": "admin"}),
    )
    found.add_slot("wall", slots.keyfile(KEYFILE), every="monitor")
    return found


@asynccontextmanager
async def runtime_of(vault: OpenVault, world: World, transport: Any = None) -> AsyncIterator[Runtime]:
    config = keyed(vault, {})
    for _, server in config.servers():
        held = (server.credentials.password, server.credentials.token_secret)
        redact.hide(*(one.get_secret_value() for one in held if one))
    transports = {ServerRef("lab", "lab"): transport or SimTransport(create_app(world, "lab"))}
    async with open_runtime(config, transports=transports, vault=vault) as runtime:
        yield runtime


def shown(app: ProxtuiApp) -> str:
    """What a picture of the screen says."""
    return re.sub(r"<[^>]+>", "", html.unescape(app.export_screenshot())).replace("\xa0", " ")


def opening_keys(screen: Screen[Any]) -> list[str]:
    """The keys of the view in front itself: its changes, forms and tests."""
    own = [
        key
        for key, active in screen.active_bindings.items()
        if active.node is not screen and active.node is not screen.app
    ]
    return sorted({key for key in own if len(key) == 1} - LEAVE - set("jkhlgG"))


async def look_everywhere(app: ProxtuiApp, pilot: Pilot[None], look: Callable[[str], None]) -> None:
    for feature in VIEWS:
        if feature.key:
            await pilot.press(feature.key)
        else:
            front: Any = app.screen
            await front.commands.run(feature.name)
        await pilot.pause()
        look(feature.name)
        live = app.screen
        own = opening_keys(live) if feature.name in FULLY else []
        for key in [*EVERYWHERE, *own]:
            await pilot.press(key)
            for _ in range(20 if key in own else 1):
                # A form opens when its first values are read.
                await pilot.pause(0.01)
                if app.screen is not live:
                    break
            if app.screen is not live:
                look(f"{feature.name} {key}")
            for _ in range(5):
                if app.screen is live and not type(live.focused).__name__.endswith("Input"):
                    break
                await pilot.press("escape")
                await pilot.pause()
            if app.crash is not None:
                raise app.crash


async def look_at_the_lock(app: ProxtuiApp, pilot: Pilot[None], look: Callable[[str], None], passphrase: str) -> None:
    """Lock it, type half of the passphrase, all of it wrong, and then right."""
    async with asyncio.timeout(20):
        while len(app.screen_stack) > 1:
            # A form that came late.
            await pilot.press("escape")
            await pilot.pause()
        await pilot.press("ctrl+l")
        while not isinstance(app.screen, Locked):
            await pilot.pause(0.01)
        lock = app.screen
        for text in (passphrase[:-3], passphrase + "!", passphrase):
            field = lock.query_one(Input)
            while field.disabled:
                await pilot.pause(0.01)
            field.value = text
            await pilot.pause()
            look("lock")
            await pilot.press("enter")
            await pilot.pause()
            look("lock")
        while app.screen is lock:
            await pilot.pause(0.01)


def of_processes() -> bytes:
    """Command lines of all processes that can be read, and the environments of those that this one started."""
    found = b""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found += (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found += (folder / "environ").read_bytes()
        except OSError:
            continue
    return found


def on_disk(secrets: Secrets, place: Path) -> dict[str, set[str]]:
    files = [path for path in place.rglob("*") if path.is_file()]
    return {str(path.relative_to(place)): told for path in files if (told := secrets.found_in(path.read_bytes()))}


async def test_a_walk_through_every_screen_leaves_no_secret(
    vault: OpenVault,
    world: World,
    place: Path,
    secrets: Secrets,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("proxtui.tui.locked.PAUSES", (0.0, 0.0))
    told: dict[str, set[str]] = {}
    seen: list[str] = []

    async with runtime_of(vault, world) as runtime:
        app = ProxtuiApp(runtime, configured=Configured(runtime.config, vault))

        def look(where: str) -> None:
            seen.append(where)
            if found := secrets.found_in(shown(app)):
                told[where] = found

        async with app.run_test(size=(120, 36)) as pilot:
            async with asyncio.timeout(110):
                await ready(pilot, app)
                await look_everywhere(app, pilot, look)
                await look_at_the_lock(app, pilot, look, secrets["passphrase"])
        await runtime.write_lock.close()
    assert told == {}
    assert {*FULLY, "lock"} <= {feature.name for feature in VIEWS} | {"lock"} <= set(seen)
    assert len(seen) > 3 * len(VIEWS)
    logging.getLogger("proxtui").debug("the token was %s", secrets["token"])
    from proxtui.features.audit import checking
    from proxtui.features.audit.places import usual_files

    lost = checking.note(usual_files(), "unlock.ok", {"slot": "anna"}, message=secrets["token"], first=True)
    assert lost == ""
    logging.shutdown()
    assert on_disk(Secrets(log="proxtui"), place)
    assert "XDG_STATE_HOME/proxtui/audit.db" in on_disk(Secrets(db="SQLite format 3"), place)
    assert on_disk(secrets, place) == {}
    assert secrets.found_in(of_processes()) == set()
    assert secrets.found_in("".join(capfd.readouterr())) == set()


def test_what_would_be_a_leak_is_found(place: Path, secrets: Secrets) -> None:
    (place / "leak").write_text(f"x{base64.b64encode(KEYFILE).decode()}x{secrets['jump']}", encoding="utf-8")
    assert on_disk(secrets, place) == {"leak": {"keyfile base64", "jump"}}


class Painted(Static):
    """Fails as it is painted."""

    def render(self) -> str:
        secret = MADE_UP["password"]
        raise RuntimeError(f"{len(secret)} letters")


class Broken(SimTransport):
    """Fails as a request is sent, below all that translates."""

    async def handle_async_request(self, request: Any) -> Any:
        secret = MADE_UP["password"]
        raise RuntimeError(f"{len(secret)} letters of {type(request).__name__}")


async def _in_render(app: ProxtuiApp) -> None:
    await app.screen.mount(Painted())


async def _in_task(app: ProxtuiApp) -> None:
    async def fail() -> None:
        secret = MADE_UP["password"]
        raise RuntimeError(f"{len(secret)} letters")

    app.run_worker(fail())


async def _in_timer(app: ProxtuiApp) -> None:
    def fail() -> None:
        secret = MADE_UP["password"]
        raise RuntimeError(f"{len(secret)} letters")

    app.set_timer(0.001, fail)


async def _in_listener(app: ProxtuiApp) -> None:
    def fail(*_delta: object) -> None:
        secret = MADE_UP["password"]
        raise RuntimeError(f"{len(secret)} letters")

    app.call_later(fail)


async def _in_transport(_app: ProxtuiApp) -> None:
    """The transport fails by itself."""


@pytest.mark.parametrize("layer", [_in_render, _in_task, _in_timer, _in_listener, _in_transport])
async def test_a_bug_in_any_layer_prints_no_values(
    layer: Callable[[ProxtuiApp], Any],
    vault: OpenVault,
    world: World,
    place: Path,
    secrets: Secrets,
    capfd: pytest.CaptureFixture[str],
) -> None:
    transport = Broken(create_app(world, "lab")) if layer is _in_transport else None
    crash: BaseException | None = None
    async with runtime_of(vault, world, transport) as runtime:
        app = ProxtuiApp(runtime)
        try:
            async with app.run_test(size=(80, 24)) as pilot, asyncio.timeout(10):
                await layer(app)
                while app.crash is None:
                    await pilot.pause(0.01)
        except Exception as error:  # noqa: BLE001 # the stage raises whatever ended the app
            crash = error
        crash = app.crash or crash
    assert crash is not None
    report = write_report(crash)
    assert report is not None
    text = report_text(crash)
    assert "17 letters" in text
    assert secrets.found_in(text) == set()
    assert "secret = 'Zebra" not in text
    logging.shutdown()
    assert on_disk(secrets, place) == {}
    assert secrets.found_in("".join(capfd.readouterr())) == set()
