"""``config edit``: no secret is in the file, what was hidden comes back, and the file goes whatever happens."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from proxtui.cli.config_edit import changes, restored
from proxtui.config.vault.edits import Delete, Put
from proxtui.config.vault.opened import OpenVault
from proxtui.errors import UsageError
from tests.cli.conftest import Simulator
from tests.cli.vaulted import PASSPHRASE, usual_seat, vault_over
from tests.config.vaults import configured
from tests.walks.terminal import Terminal

EDITOR = """import os, pathlib, sys, time
path = pathlib.Path(sys.argv[1])
seen = pathlib.Path({seen!r})
text = path.read_text()
seen.write_text(oct(os.stat(path).st_mode) + " " + oct(os.stat(path.parent).st_mode) + " " + str(path) + "\\n" + text)
if {wait!r}:
    print("waiting", flush=True)
    time.sleep(60)
count = seen.with_suffix(".count")
first = not count.exists()
count.touch()
old, new = ("\\"Acme\\"", "7") if first else ("7", "\\"Acme Ltd.\\"")
path.write_text(text.replace("name = " + old, "name = " + new))
"""
WRONG_RULE = """import pathlib, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text()
path.write_text(text.replace("[settings]", "[settings]\\ndenied_operations = ['gests.*']", 1))
"""
HIDDEN = "**********"


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator) -> OpenVault:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return vault_over(simulator_process)


def editing(place: Path, *, wait: bool = False, script: str = "") -> Terminal:
    editor = place / "editor.py"
    editor.write_text(script or EDITOR.format(seen=str(place / "seen"), wait=wait), encoding="utf-8")
    (place / "run").mkdir(mode=0o700)
    environ = {
        "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"], "HOME": str(place), "XDG_RUNTIME_DIR": str(place / "run"),
        "EDITOR": f"{sys.executable} {editor}", "PROXTUI_KEYFILE": "", "PROXMOX_TOKEN_SECRET": "never-in-a-child",
    }  # fmt: skip
    return Terminal([sys.executable, "-m", "proxtui", "config", "edit"], environment=environ, columns=160)


def test_what_was_edited_is_judged_and_saved(vault: OpenVault, tmp_path: Path, simulator_process: Simulator) -> None:
    with editing(tmp_path) as terminal:
        terminal.wait_for("Passphrase of the configuration")
        terminal.press(PASSPHRASE + "\r")
        terminal.wait_for("Edit again?")
        terminal.press("\r")
        terminal.wait_for("1 changed")
        assert terminal.wait_exit() == 0
    vault.reload()
    assert vault.plain["tenants"]["acme"]["name"] == "Acme Ltd."
    secret = simulator_process.server["token_secret"]
    assert vault.plain["tenants"]["acme"]["servers"]["prod"]["credentials"]["token_secret"] == secret
    about, _, text = (tmp_path / "seen").read_text(encoding="utf-8").partition("\n")
    assert about.split()[:2] == [oct(stat.S_IFREG | 0o600), oct(stat.S_IFDIR | 0o700)]
    assert secret not in text
    assert HIDDEN in text
    assert not list((tmp_path / "run").iterdir())


def test_a_rule_that_means_no_change_is_refused_and_nothing_is_saved(vault: OpenVault, tmp_path: Path) -> None:
    before = configured(usual_seat().path)
    with editing(tmp_path, script=WRONG_RULE) as terminal:
        terminal.wait_for("Passphrase of the configuration")
        terminal.press(PASSPHRASE + "\r")
        terminal.wait_for("did you mean 'guests.*'?")
        terminal.wait_for("Edit again?")
        terminal.press("n\r")
        assert terminal.wait_exit() == 2
    assert not list((tmp_path / "run").iterdir())
    assert configured(usual_seat().path) == before
    assert vault.plain["settings"] == {}


def test_a_signal_takes_the_file_away(vault: OpenVault, tmp_path: Path) -> None:
    before = configured(usual_seat().path)
    with editing(tmp_path, wait=True) as terminal:
        terminal.wait_for("Passphrase of the configuration")
        terminal.press(PASSPHRASE + "\r")
        terminal.wait_for("waiting")
        assert list((tmp_path / "run").iterdir())
        terminal.process.terminate()
        assert terminal.wait_exit() == 143
    assert not list((tmp_path / "run").iterdir())
    assert configured(usual_seat().path) == before
    assert vault.rev


BEFORE: dict[str, Any] = {
    "settings": {"interval": 4.0},
    "users": {},
    "tenants": {"acme": {"name": "Acme", "servers": {"a": {"credentials": {"password": "hush"}}}}},
}


def test_only_what_differs_is_an_edit() -> None:
    after = {"settings": {}, "users": {}, "tenants": {"acme": BEFORE["tenants"]["acme"], "beta": {"name": "Beta"}}}
    assert changes(BEFORE, BEFORE) == []
    assert changes(BEFORE, after) == [Delete(("settings", "interval")), Put(("tenants", "beta"), {"name": "Beta"})]
    with pytest.raises(UsageError, match="surprise"):
        changes(BEFORE, BEFORE | {"surprise": {}})


def test_a_hidden_secret_comes_back_only_where_it_was() -> None:
    server = {"credentials": {"password": HIDDEN}}
    assert restored(server, {"credentials": {"password": "hush"}}) == {"credentials": {"password": "hush"}}
    with pytest.raises(UsageError, match="write the secret itself"):
        restored(server, {})
