"""Who is asked for which passphrase, what is kept of it, and what the audit hears."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxtui.config.vault import slots
from proxtui.config.vault.cache import KernelKeyring, NoKeyring, name_of
from proxtui.config.vault.edits import Put
from proxtui.config.vault.opened import OpenVault
from proxtui.features.audit.places import usual_files
from tests.cli.conftest import Call, Simulator
from tests.cli.vaulted import PASSPHRASE, usual_seat, vault_over, with_key
from tests.config.vaults import CHEAP
from tests.walks.terminal import Terminal

PROXTUI = [sys.executable, "-m", "proxtui"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return tmp_path


@pytest.fixture
def vault(place: Path, simulator_process: Simulator) -> Iterator[OpenVault]:
    found = vault_over(simulator_process)
    yield found
    try:
        KernelKeyring().forget(name_of(usual_seat().read().header.file_id))
    except NoKeyring:
        assert KernelKeyring().find(found.cached_as) is None


def terminal(place: Path, *words: str) -> Terminal:
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")
    environ = {name: os.environ[name] for name in names} | {"HOME": str(place), "USER": "anna", "LOGNAME": "anna"}
    return Terminal([*PROXTUI, *words], environment=environ, columns=160)


def descriptor(text: str) -> str:
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return f"--passphrase-fd={reading}"


def events(call: Call) -> list[tuple[str, str, str]]:
    rows = json.loads(call("audit", "list", "--json").out)["rows"]
    return [(row["event"], row["result"], row["user"]) for row in reversed(rows)]


def works() -> bool:
    try:
        KernelKeyring().keep(name_of("probe", "probe"), b"x", 5)
    except NoKeyring:
        return False
    return True


def test_unlocked_once_nobody_is_asked_until_it_is_locked(place: Path, vault: OpenVault, call: Call) -> None:
    with terminal(place, "unlock") as asked:
        asked.wait_for("Passphrase of the configuration")
        asked.press(PASSPHRASE + "\r")
        if not works():
            assert asked.wait_exit() == 1
            assert b"nothing is kept here" in asked.raw
            return
        asked.wait_for("anna: unlocked for 15 minutes")
        assert asked.wait_exit() == 0
    answer = call("guests", "list", "--json")
    assert answer.code == 0
    assert len(json.loads(answer.out)["rows"]) == 20
    assert call("audit", "verify").code == 0
    assert call("lock").out == "locked\n"
    assert call("lock").out == "nothing was unlocked\n"
    assert "no key for the configuration" in call("guests", "list").line
    assert [one[0] for one in events(call)] == ["audit.key", "unlock.ok", "audit.verify", "locked"]
    assert call("audit", "verify").code == 2
    assert call(descriptor(PASSPHRASE), "audit", "verify").code == 0


def test_it_is_asked_whose_passphrase_it_is_before_it_is_typed(place: Path, vault: OpenVault) -> None:
    vault.add_slot("ben", slots.new_passphrase("battery horse correct"), every="monitor", cost=CHEAP)
    with terminal(place, "config", "show") as asked:
        asked.wait_for("Whose passphrase (anna, ben) [anna]")
        asked.press("ben\r")
        asked.wait_for("Passphrase of the configuration")
        asked.press("battery horse correct\r")
        asked.wait_for("this key does not open it")
        assert asked.wait_exit() == 0
    assert b"battery horse" not in asked.raw


def test_a_wrong_passphrase_is_told_before_the_next_question(place: Path, vault: OpenVault, call: Call) -> None:
    with terminal(place, "config", "show") as asked:
        asked.wait_for("Passphrase of the configuration")
        asked.press("wrong horse battery\r")
        asked.wait_for("wrong passphrase: 2 more tries")
        asked.press("typed too early\r")
        asked.wait_for(lambda text: text.count("Passphrase of the configuration") == 2)
        asked.press(PASSPHRASE + "\r")
        asked.wait_for("acme")
        assert asked.wait_exit() == 0
    assert b"too early" not in asked.raw
    assert b"1 more try" not in asked.raw


def test_each_wrong_passphrase_is_a_row_at_once(place: Path, vault: OpenVault, call: Call) -> None:
    vault.add_slot("ben", slots.new_passphrase("battery horse correct"), every="monitor", cost=CHEAP)
    with terminal(place, "config", "show") as asked:
        asked.wait_for("Whose passphrase (anna, ben) [anna]")
        asked.press("ben\r")
        for tries in (1, 2):
            asked.wait_for(lambda text, tries=tries: text.count("Passphrase of the configuration") == tries)  # type: ignore[misc]
            asked.press("wrong horse battery\r")
            asked.wait_for(f"wrong passphrase: {3 - tries} more tr")
            # While the pause after it lasts, and whoever typed it may go away.
            assert [one[:2] for one in events(call)] == [("unlock.failed", "failed")] * tries
        asked.wait_for(lambda text: text.count("Passphrase of the configuration") == 3)
        asked.press("\x03")
        assert asked.wait_exit() == 130
    rows = json.loads(call("audit", "list", "--json").out)["rows"]
    told = json.loads(call("audit", "show", str(rows[0]["seq"]), "--json").out)["rows"][0]
    assert (told["params"], told["actor"]["uid"]) == ({"slot": "ben"}, os.getuid())
    assert rows[0]["time"]
    assert "wrong horse" not in json.dumps(told)


def test_three_wrong_ones_are_three_rows(place: Path, vault: OpenVault, call: Call) -> None:
    with terminal(place, "config", "show") as asked:
        for tries in (1, 2, 3):
            asked.wait_for(lambda text, tries=tries: text.count("Passphrase of the configuration") == tries)  # type: ignore[misc]
            asked.press(f"wrong horse {tries}\r")
        assert asked.wait_exit() == 3
    assert [one[0] for one in events(call)] == ["unlock.failed"] * 3


def test_a_wrong_one_that_the_audit_cannot_take_is_in_the_log(
    vault: OpenVault, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    usual_files().folder.mkdir(parents=True, exist_ok=True)
    usual_files().db.write_bytes(b"no database" * 1_000)
    assert call(descriptor("wrong horse battery"), "config", "show").code == 3
    assert f"unlock.failed (uid {os.getuid()}, process {os.getpid()}) is not in the audit" in caplog.text


def test_with_a_named_key_nothing_is_kept(vault: OpenVault, call: Call) -> None:
    assert call(descriptor(PASSPHRASE), "guests", "list").code == 0
    assert KernelKeyring().find(vault.cached_as) is None
    vault.save(Put(("settings", "key_cache_minutes"), 0))
    answer = call("unlock", descriptor(PASSPHRASE))
    assert (answer.code, answer.line) == (
        2,
        "nothing is kept: key_cache_minutes is 0 in the settings of the configuration",
    )


def test_what_goes_wrong_is_a_row_of_the_audit(vault: OpenVault, call: Call, place: Path) -> None:
    assert call(descriptor("wrong horse battery"), "guests", "list").code == 3
    old = usual_seat().path.read_bytes()
    vault.save(Put(("settings", "interval"), 9.0))
    new = usual_seat().path.read_bytes()
    usual_seat().path.write_bytes(old)
    assert call(descriptor(PASSPHRASE), "guests", "list").code == 5
    assert call("config", "show", descriptor(PASSPHRASE), "--accept-older").code == 0
    usual_seat().path.write_bytes(new.replace(b"9.0", b"8.0"))
    assert call(descriptor(PASSPHRASE), "guests", "list").code == 5
    usual_seat().path.write_bytes(new)
    found = [one for one in events(call) if one[0] != "audit.key"]
    assert [one[:2] for one in found] == [
        ("unlock.failed", "failed"),
        ("config.rollback", "failed"),
        ("config.rollback", "ok"),
        ("config.tampered", "failed"),
    ]
    assert found[2][2] == "anna"
    key = with_key(vault, place, "root", "admin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROXTUI_KEYFILE", str(key))
        assert call("audit", "verify").code == 0
