"""``proxtui tenants``, ``users`` and ``settings`` as a script calls them: every verb, and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Call


@pytest.fixture
def made(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with the tenant acme, opened by a keyfile."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    path = tmp_path / "key"
    path.write_bytes(os.urandom(32))
    path.chmod(0o600)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(path))
    assert call("config", "init", "--label", "anna").code == 0
    assert call("tenants", "create", "Acme").code == 0
    return tmp_path


def descriptor(text: str, option: str = "--new-passphrase-fd") -> str:
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return f"{option}={reading}"


def test_tenants_from_making_to_switching_off(call: Call, made: Path) -> None:
    told = json.loads(call("tenants", "create", "Beta & Söhne", "--description", "Web", "--json").out)
    assert (told["slug"], told["description"], told["isActive"]) == ("beta-s-hne", "Web", True)
    again = call("tenants", "create", "Acme", "--json")
    assert again.code == 2
    assert json.loads(again.out)["details"]["field"] == "slug"
    changed = call(
        *("tenants", "update", "acme", "--name", "Acme Ltd", "--colour", "#112233", "--timeout-ms", "9000"),
        *("--health-check-ms", "60000", "--notification-email", "ops@example.com", "--json"),
    )
    told = json.loads(changed.out)
    assert told["name"] == "Acme Ltd"
    assert told["settings"]["defaultConnectionTimeout"] == 9000
    assert told["settings"]["autoHealthCheckInterval"] == 60000
    assert json.loads(call("tenants", "show", "acme", "--json").out) == told
    assert "Acme Ltd" in call("tenants", "show", "acme").out
    assert json.loads(call("tenants", "update", "acme", "--colour", "", "--json").out)["settings"]["primaryColor"]
    assert call("tenants", "deactivate", "acme").code == 0
    rows = {row["slug"]: row for row in json.loads(call("tenants", "list", "--json").out)["rows"]}
    assert (rows["acme"]["status"], rows["beta-s-hne"]["status"]) == ("off", "active")
    assert "acme" in call("tenants", "list", "--filter", "status:off").out
    assert call("tenants", "activate", "acme").code == 0
    assert call("tenants", "update", "acme").code == 2
    assert call("tenants", "update", "acme", "--colour", "no colour!").code == 2
    assert call("tenants", "update", "acme", "--name", "").code == 2
    assert call("tenants", "show", "nobody").code == 14
    assert call("--read-only", "tenants", "deactivate", "acme").code == 13


def test_a_person_comes_in_with_a_passphrase_and_is_gone_after_delete(
    call: Call, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = call("users", "add", "ben", "--role", "acme=operator", descriptor("correct horse battery"), "--json")
    assert added.code == 0, added.err
    told = json.loads(added.out)
    assert (told["id"], told["roles"], told["key"], told["keyOpens"]) == (
        "ben", {"acme": "operator"}, "passphrase", "none",
    )  # fmt: skip
    assert "correct horse" not in added.out + added.err
    with monkeypatch.context() as patch:
        patch.delenv("PROXTUI_KEYFILE")
        key = "--passphrase-fd"
        listed = call(descriptor("correct horse battery", key), "tenants", "list", "--json")
        assert [row["slug"] for row in json.loads(listed.out)["rows"]] == ["acme"]
        assert call(descriptor("correct horse battery", key), "users", "delete", "anna", "--yes").code == 13
        assert call(descriptor("correct horse battery", key), "users", "add", "eve", "--without-key").code == 13
    told = json.loads(call("users", "update", "ben", "--role", "acme=viewer", "--system-role", "admin", "--json").out)
    assert (told["roles"], told["systemRole"]) == ({"acme": "viewer"}, "admin")
    assert json.loads(call("users", "update", "ben", "--no-role", "acme", "--json").out)["roles"] == {}
    assert call("users", "update", "ben", "--no-role", "acme").code == 2
    rows = {row["name"]: row for row in json.loads(call("users", "list", "--json").out)["rows"]}
    assert set(rows) == {"anna", "ben"}
    assert call("users", "delete", "anna", "--yes").code == 13
    assert "needs --yes" in call("users", "delete", "ben").line
    gone = json.loads(call("users", "delete", "ben", "--yes", "--json").out)
    assert (gone["success"], gone["id"], gone["could_read"]) == (True, "ben", [])
    assert call("users", "delete", "ben", "--yes").code == 14
    with monkeypatch.context() as patch:
        patch.delenv("PROXTUI_KEYFILE")
        assert call(descriptor("correct horse battery", "--passphrase-fd"), "tenants", "list").code in (2, 3)
    kept = json.loads(call("audit", "list", "--json", "--limit", "500").out)["rows"]
    assert {"users.add", "users.update", "users.delete"} <= {row["event"] for row in kept}
    assert any(row["event"] == "users.delete" and row["target"] == "ben" for row in kept)
    assert call("audit", "verify").code == 0


def test_no_key_is_made_for_nothing(call: Call, made: Path) -> None:
    keyfile = made / "new.key"
    assert call("--read-only", "users", "add", "ben", f"--new-keyfile={keyfile}").code == 13
    assert not keyfile.exists()
    assert call("users", "add", "ben", "--role", "nobody=admin", f"--new-keyfile={keyfile}").code == 2
    assert not keyfile.exists()
    assert call("users", "add", "ben", "--role", "acme").code == 2
    assert call("users", "add", "ben", "--without-key", f"--new-keyfile={keyfile}").code == 2
    assert "no terminal to ask on" in call("users", "add", "ben").line
    assert call("users", "add", "ben", descriptor("short")).code == 2
    assert call("users", "add", "ben", "--without-key").code == 0


def test_settings_are_shown_set_and_reset(call: Call, made: Path) -> None:
    assert json.loads(call("settings", "show", "--json").out)["interval"] == 4.0
    assert call("settings", "show", "interval").out.strip() == "4.0"
    told = json.loads(call("settings", "set", "interval=5", "denied_operations=guests.delete,storage.*", "--json").out)
    assert (told["interval"], told["denied_operations"]) == (5.0, ["guests.delete", "storage.*"])
    assert call("settings", "set", 'keys={"pause": "f9"}', "read_only=yes").code == 0
    assert call("tenants", "create", "Beta").code == 13
    assert call("settings", "set", "read_only=no").code == 0
    assert call("settings", "set", "interval=").code == 0
    assert "file" in call("settings", "show").out
    assert json.loads(call("settings", "show", "--json").out)["interval"] == 4.0
    for wrong in ("interval=0", "interval", "nonsense=1", "keys=f9", "write_mode=maybe"):
        assert call("settings", "set", wrong).code == 2, wrong
    assert call("settings", "show", "nonsense").code == 14


def test_several_settings_are_one_save_or_none(call: Call, made: Path) -> None:
    def revision() -> int:
        return int(json.loads(call("config", "show", "--json").out)["rev"])

    assert call("settings", "set", "interval=5", "sweep=guests").code == 0
    before = revision()
    assert call("settings", "set", "interval=", "theme=proxtui-ice", "sweep=all").code == 0
    assert revision() == before + 1
    for wrong, said in (
        (("theme=proxtui-drak", "sweep="), "settings.theme: there is no theme proxtui-drak; nearest is proxtui-dark"),
        (("wall_views=gests", "sweep="), "settings.wall_views: there is no view gests; there are guests"),
        (('keys={"puase": "f9"}', "sweep="), "settings.keys: there is no action puase; nearest is pause"),
        (("viewer=xterm", "sweep="), "settings.viewer: needs one of tigervnc"),
        (("denied_operations=guests.delte", "sweep="), "settings.denied_operations has 'guests.delte'"),
        (("crit_memory=80", "sweep="), "crit_memory: 80 would come before the warning at 90"),
        (("sweep=", "nonsense="), "nonsense '': there is no such setting; there are "),
        (("sweep=off", "sweep=all"), "sweep: is given twice"),
    ):
        answer = call("settings", "set", *wrong)
        assert answer.code == 2
        assert said in answer.line
    assert revision() == before + 1
    assert json.loads(call("settings", "show", "--json").out)["sweep"] == "all"


def test_repairs_ask_the_key_alone_and_are_recorded_too(call: Call, made: Path) -> None:
    assert call("users", "add", "ben", "--role", "acme=admin", f"--new-keyfile={made / 'ben'}").code == 0
    ben = f"--keyfile={made / 'ben'}"
    assert call("config", "set", "tenants.acme.colour", "red", ben).code == 0
    assert call("config", "set", "settings.interval", "9", ben).code == 13
    assert call("--read-only", "config", "set", "settings.interval", "9").code == 13
    assert call("config", "set", "settings.read_only", "true").code == 0
    assert call("config", "unset", "settings.read_only").code == 0
    assert call("config", "add-key", "wall", "--every", "monitor", f"--new-keyfile={made / 'wall'}").code == 0
    assert call("config", "remove-key", "wall").code == 0
    assert call("config", "rekey").code == 0
    rows = json.loads(call("audit", "list", "--json", "--limit", "500").out)["rows"]
    told = [(row["event"], row["target"], row["result"]) for row in rows if row["phase"] == "outcome"]
    assert ("config.set", "tenants.acme.colour", "ok") in told
    assert ("config.set", "settings.interval", "denied") in told
    assert {"config.unset", "keys.add", "keys.remove", "keys.rekey"} <= {event for event, _, _ in told}
    assert call("audit", "verify").code == 0
