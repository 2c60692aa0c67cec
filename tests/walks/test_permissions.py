"""The same walk with an auditor's token, one limited to a pool and one without rights: forbidden is never down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import click
import pytest

from proxtui.cli.main import main
from proxtui.config.models import Config
from proxtui.core.feature import load
from proxtui.core.model import SourceState
from proxtui.registry import FEATURES
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime
from tests.features.screens import text_of

from .conftest import Simulator, simulator
from .fleets import fleet_of, token_server, until

ASK_NOBODY = {"audit", "consoles", "metrics"}
"""Rooms whose lists lie on this machine."""
OF_THE_FILE = {"servers", "tenants", "users", "settings"}
"""Rooms whose lists are those of the encrypted configuration."""
WORDS_OF_TROUBLE = re.compile(r"\b(down|unreachable|stale|refused|offline|critical)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Login:
    """A token, and how many of the 20 guests it may see."""

    token: str
    guests: range


AUDITOR = Login("auditor@pve!monitor", range(20, 21))
POOL = Login("operator@pve!ops", range(1, 20))
BARE = Login("admin@pve!bare", range(1))
LOGINS = [
    pytest.param(AUDITOR, id="auditor"),
    pytest.param(POOL, id="pool"),
    pytest.param(BARE, id="bare"),
]


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with simulator("--scenario", "small", "--auth-delay", "0.1", "--still") as running:
        yield running


@pytest.fixture
def configured(sim: Simulator, login: Login, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration of the login, which the command line takes too."""
    name = sim.first["server"]
    secret = sim.control("GET", "accounts")["servers"][name]["tokens"][login.token]
    config = fleet_of(token_server({**sim.first, "token_id": login.token, "token_secret": secret}))
    monkeypatch.setattr("proxtui.cli.session.Session.configuration", lambda _session, **_more: config)
    return config


def lists() -> list[tuple[str, str]]:
    """Every list of every room, whatever rooms there are."""
    found = []
    for feature in FEATURES:
        if feature.name in OF_THE_FILE:
            continue
        group = load(feature.commands) if feature.commands else None
        for name, command in group.commands.items() if isinstance(group, click.Group) else ():
            options = {option.name for option in command.params}
            if "filter_" in options and not any(isinstance(one, click.Argument) for one in command.params):
                found.append((feature.name, name))
    return found


def test_the_walk_knows_the_lists() -> None:
    assert {("guests", "list"), ("nodes", "list"), ("snapshots", "list")} <= set(lists())


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("verb", lists(), ids=" ".join)
@pytest.mark.usefixtures("configured")
def test_no_list_calls_a_server_down_because_something_is_forbidden(
    verb: tuple[str, str], login: Login, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main([*verb, "--json"])
    said = capfd.readouterr()
    told = json.loads(said.out)
    assert code in (0, 12), said
    if code == 12:
        assert login is not AUDITOR
        assert told["details"]["kind"] == "PermissionDenied"
    sources = told["sources"] if code == 0 else told["details"]["sources"]
    asked = [] if verb[0] in ASK_NOBODY else [("fresh", None)]
    assert [(source["state"], source["error"]) for source in sources] == asked
    assert not WORDS_OF_TROUBLE.search(said.err)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.usefixtures("configured")
def test_each_sees_its_guests_and_hears_when_there_are_none_to_see(
    login: Login, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["guests", "list", "--json"]) == 0
    said = capfd.readouterr()
    told = json.loads(said.out)
    assert len(told["rows"]) in login.guests
    (source,) = told["sources"]
    assert source["forbidden"] is (login is BARE)
    assert ("no privilege at all" in said.err) is (login is BARE)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.usefixtures("configured")
def test_status_knows_forbidden_from_broken(login: Login, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["status", "--once", "--json"])
    told = json.loads(capfd.readouterr().out)
    (row,) = told["rows"]
    assert (row["nodes"], row["online"]) == (2, 2)
    assert code == (3 if login is BARE else 0)
    assert (row["guests"] is None) is (login is BARE)
    assert row["cpu"] is None or login is AUDITOR


def whole_screen(app: ProxtuiApp) -> str:
    frame = app.screen
    return "\n".join(text_of(widget) for widget in frame.query("*") if widget.display and widget.size.height)


@pytest.mark.parametrize("login", LOGINS)
async def test_no_view_calls_a_server_down_because_something_is_forbidden(login: Login, configured: Config) -> None:
    async with open_runtime(configured, read_only=True) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=(160, 50)) as pilot:
            await until(runtime.store, lambda fleet: fleet.snapshots[0].taken_at is not None)
            for feature in (feature for feature in FEATURES if feature.key):
                await pilot.press(feature.key)
                await pilot.pause(0.4)
                await pilot.press("enter")
                await pilot.pause(0.4)
                seen = whole_screen(app)
                assert "lab" in seen, "the screen must be readable here, or its words prove nothing"
                assert not _trouble_in(seen), f"{feature.name}: {_trouble_in(seen)}\n{seen}"
                await pilot.press("escape")
                await pilot.pause()
            assert app.crash is None
            (snapshot,) = runtime.store.fleet().snapshots
    assert (snapshot.state, snapshot.error) == (SourceState.FRESH, None)
    assert len(snapshot.guests) in login.guests


def _trouble_in(seen: str) -> list[str]:
    return [line for line in seen.splitlines() if WORDS_OF_TROUBLE.search(line)]
