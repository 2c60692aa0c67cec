"""``--monitor``: read-only credentials alone, nothing but reads on the wire, and nobody is ever asked anything."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from proxtui.cli.session import Session
from proxtui.config.vault.edits import Put
from proxtui.config.vault.opened import OpenVault
from proxtui.config.vault.sources import Sources
from proxtui.config.vault.unlocking import unlock
from proxtui.errors import ReadOnlyError
from proxtui.functions.opening import usual_desk
from tests.cli.conftest import Call, Simulator
from tests.cli.vaulted import PASSPHRASE, usual_seat, vault_over, with_key
from tests.walks.terminal import Terminal

AUDITOR = "auditor@pve!monitor"
PROXTUI = [sys.executable, "-m", "proxtui", "--monitor"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return tmp_path


@pytest.fixture
def vault(place: Path, simulator_process: Simulator) -> OpenVault:
    """The full token is one that the server refuses, so that its use would show; the other one is good."""
    tokens = simulator_process.control("GET", "accounts")["servers"][simulator_process.server["server"]]["tokens"]
    full = {"token_id": simulator_process.server["token_id"], "token_secret": "not-the-secret-0000"}
    return vault_over(simulator_process, full=full, monitor={"token_id": AUDITOR, "token_secret": tokens[AUDITOR]})


@pytest.fixture(params=["monitor", "admin"])
def keyfile(request: pytest.FixtureRequest, vault: OpenVault, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key that opens only monitor scopes, and one that could open everything."""
    path = with_key(vault, place, "wall", request.param)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(path))
    return path


@pytest.fixture
def asked(simulator_process: Simulator) -> None:
    """What reached the server before is forgotten."""
    simulator_process.control("DELETE", "requests")


def reached(simulator: Simulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = simulator.control("GET", "requests")["requests"]
    return [one for one in found if not one["path"].startswith("/_sim")]


@pytest.mark.usefixtures("keyfile", "asked")
def test_only_the_read_only_token_is_used(call: Call, simulator_process: Simulator) -> None:
    for words in (("guests", "list", "--json"), ("nodes", "list"), ("status", "--json"), ("storage", "list")):
        assert call("--monitor", *words).err == ""
    seen = reached(simulator_process)
    assert seen
    assert {one["method"] for one in seen} == {"GET"}
    assert 401 not in {one["status"] for one in seen}


@pytest.mark.usefixtures("keyfile")
def test_the_full_token_is_not_even_opened(vault: OpenVault) -> None:
    session = Session({"monitor": True})
    config = session.configured()
    held = [server.credentials.token_id for _, server in config.servers()]
    assert held == [AUDITOR]
    assert config.settings.read_only
    assert session.vault is not None
    assert "not-the-secret" not in repr(session.vault.plain)
    before = usual_seat().path.read_bytes()
    for change in (
        lambda opened: opened.save(Put(("settings", "interval"), 9.0)),
        lambda opened: opened.rekey(),
        lambda opened: opened.change_keyfile(b"k" * 32),
    ):
        with pytest.raises(ReadOnlyError):
            change(session.vault)
    session.vault.reload()
    assert "not-the-secret" not in repr(session.vault.plain)
    assert usual_seat().path.read_bytes() == before


def test_without_the_flag_the_full_token_is_used(
    call: Call, vault: OpenVault, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXTUI_KEYFILE", str(with_key(vault, place, "root", "admin")))
    assert call("guests", "list").code == 11


@pytest.mark.usefixtures("keyfile", "asked")
def test_a_change_is_refused_and_the_audit_says_denied(call: Call, simulator_process: Simulator) -> None:
    guests = json.loads(call("--monitor", "guests", "list", "--json").out)["rows"]
    answer = call("--monitor", "guests", "stop", str(guests[0]["vmid"]), "--yes")
    assert (answer.code, answer.line[:9]) == (13, "read-only")
    assert {one["method"] for one in reached(simulator_process)} == {"GET"}
    told = json.loads(call("audit", "list", "--json").out)["rows"]
    assert [(row["event"], row["result"]) for row in told if row["event"].startswith("guests.")] == [
        ("guests.stop", "denied")
    ]


@pytest.mark.usefixtures("keyfile")
@pytest.mark.parametrize("flag", ["--monitor", "--read-only"])
@pytest.mark.parametrize(
    "words", [("set", "settings.interval", "9"), ("unset", "tenants.acme"), ("rekey",), ("remove-key", "anna")]
)
def test_the_configuration_is_not_changed(call: Call, flag: str, words: tuple[str, ...]) -> None:
    before = usual_seat().path.read_bytes()
    answer = call(flag, "config", *words)
    assert answer.code == 13
    assert "nothing was written" in answer.line
    assert usual_seat().path.read_bytes() == before


@pytest.mark.usefixtures("keyfile")
def test_the_audit_is_not_pruned(call: Call) -> None:
    call("audit", "list")
    assert call("--monitor", "audit", "prune", "--yes").code == 13


def unattended(place: Path, *words: str, **environ: str) -> tuple[int, str]:
    """At a real terminal, where a question could be asked; nobody answers."""
    known = {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"], "HOME": str(place), **environ}
    with Terminal([*PROXTUI, *words], environment=known, columns=200) as terminal:
        code = terminal.wait_exit()
    return code, terminal.raw.decode().strip()


@pytest.mark.parametrize("words", [(), ("--wall",), ("guests", "list")])
def test_without_a_configuration_it_is_one_line(place: Path, words: tuple[str, ...]) -> None:
    code, said = unattended(place, *words)
    assert code == 2
    assert said.startswith("proxtui: no configuration at ")
    assert "\n" not in said


@pytest.mark.usefixtures("vault")
@pytest.mark.parametrize("words", [(), ("--wall",), ("guests", "list")])
def test_without_a_key_it_is_one_line(place: Path, words: tuple[str, ...]) -> None:
    code, said = unattended(place, *words)
    assert code == 2
    assert said.startswith("proxtui: no key for the configuration")
    assert "\n" not in said


@pytest.mark.parametrize("words", [(), ("nodes", "list")])
def test_without_a_password_it_is_one_line(place: Path, simulator_process: Simulator, words: tuple[str, ...]) -> None:
    environ = {name: value for name, value in simulator_process.environ.items() if "TOKEN" not in name}
    code, said = unattended(place, *words, PROXMOX_USERNAME="admin@pve", **environ)
    assert code == 2
    assert said.startswith("proxtui: no password for admin@pve")
    assert "\n" not in said


def test_a_second_factor_is_not_asked_for(place: Path, simulator_process: Simulator) -> None:
    environ = {name: value for name, value in simulator_process.environ.items() if "TOKEN" not in name}
    login = {"PROXMOX_USERNAME": "totp@pve", "PROXMOX_PASSWORD": "sim-totp"}
    code, said = unattended(place, "nodes", "list", **environ, **login)
    assert code == 11
    assert "second factor" in said


@pytest.mark.usefixtures("keyfile")
@pytest.mark.parametrize("words", [(), ("--wall",)])
def test_the_dashboard_and_the_wall_look_and_change_nothing(
    place: Path, simulator_process: Simulator, keyfile: Path, words: tuple[str, ...]
) -> None:
    simulator_process.control("DELETE", "requests")
    environ = {
        "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"], "HOME": str(place), "PROXTUI_KEYFILE": str(keyfile),
    }  # fmt: skip
    with Terminal([*PROXTUI, *words], environment=environ, columns=160, lines=50) as terminal:
        terminal.wait_for("READ-ONLY")
        terminal.wait_for("of 18 guests run" if words else "pve1")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    seen = reached(simulator_process)
    assert {one["method"] for one in seen} <= {"GET"}
    assert 401 not in {one["status"] for one in seen}


class Kept:
    """A kernel that keeps the key of whoever typed the passphrase: it opens everything."""

    private = b""
    is_of_session = True

    def find(self, _name: str) -> bytes:
        return self.private


@pytest.fixture
def everything(vault: OpenVault, monkeypatch: pytest.MonkeyPatch) -> list[OpenVault]:
    """Every vault that this process opens from now on, with a key that could open all."""
    found: list[OpenVault] = []
    begin = OpenVault.__init__

    def remember(opened: OpenVault, *given: Any, **more: Any) -> None:
        begin(opened, *given, **more)
        found.append(opened)

    monkeypatch.setattr(OpenVault, "__init__", remember)
    monkeypatch.setattr(Kept, "private", vault.private)
    monkeypatch.setattr("proxtui.config.vault.cache.KernelKeyring", Kept)
    monkeypatch.setattr("proxtui.cli.opening.KernelKeyring", Kept)
    return found


VERBS = [
    ("config", "show"), ("config", "check"), ("guests", "list", "--json"), ("status",), ("users", "list"),
    ("servers", "list"), ("tenants", "list"), ("settings", "show"), ("audit", "verify"), ("audit", "list"),
    ("call", "list-vms", '{"tenantId": "acme"}'),
    ("servers", "health-check"),
]  # fmt: skip


@pytest.mark.parametrize("source", ["kept", "named"])
@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_whatever_is_asked_no_more_than_that_is_opened(
    words: tuple[str, ...], source: str, call: Call, vault: OpenVault, place: Path,
    monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator, everything: list[OpenVault],
) -> None:  # fmt: skip
    if source == "named":
        monkeypatch.setenv("PROXTUI_KEYFILE", str(with_key(vault, place, "root", "admin")))
    everything.clear()
    simulator_process.control("DELETE", "requests")
    answer = call("--monitor", *words)
    assert answer.code in (0, 1, 2), answer.err
    if words != ("audit", "list"):
        assert everything, answer.err
    for opened in everything:
        assert opened.only_monitor
        assert "not-the-secret" not in repr(opened.plain)
    seen = reached(simulator_process)
    assert {one["method"] for one in seen} <= {"GET"}
    assert 401 not in {one["status"] for one in seen}


@pytest.mark.usefixtures("keyfile")
def test_no_key_is_kept_for_it(call: Call) -> None:
    assert call("--monitor", "unlock").code == 13


@pytest.mark.usefixtures("keyfile")
def test_a_program_can_open_no_more_either(vault: OpenVault) -> None:
    desk = usual_desk(monitor=True)
    assert desk.vault is not None
    assert (desk.read_only, desk.vault.only_monitor) == (True, True)
    assert "not-the-secret" not in repr(desk.vault.plain)
    assert [server.credentials.token_id for _, server in desk.config.servers()] == [AUDITOR]


def test_a_slot_of_one_scope_opens_no_more(vault: OpenVault, place: Path) -> None:
    path = with_key(vault, place, "wall", "monitor")
    found = unlock(usual_seat(), Sources(keyfile=path))
    assert "not-the-secret" not in repr(found.plain)
    typed = Sources(prompt=lambda: PASSPHRASE)
    assert "not-the-secret" in repr(unlock(usual_seat(), typed).plain)
    assert "not-the-secret" not in repr(unlock(usual_seat(), typed, only_monitor=True).plain)


def test_a_server_without_a_read_only_token_is_told_with_what_gives_it_one(
    place: Path, simulator_process: Simulator, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = simulator_process.server
    full = {"token_id": server["token_id"], "token_secret": server["token_secret"]}
    vault = vault_over(simulator_process, full=full)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(with_key(vault, place, "wall", "monitor")))
    answer = call("--monitor", "guests", "list")
    assert answer.code == 2
    assert "`proxtui servers update --monitor-token-id` gives one a read-only token" in answer.err
