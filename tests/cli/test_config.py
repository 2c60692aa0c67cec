"""``proxtui config`` without a terminal: each verb, each exit code, and never a secret."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from proxtui.config.vault import slots, unlocking
from tests.cli.conftest import Call
from tests.cli.vaulted import usual_seat
from tests.config.vaults import configured

TOP = Path(__file__).resolve().parents[2]
EXAMPLE = str(TOP / "config.example.toml")
SECRETS = ("00000000-0000-0000-0000-000000000000", '"example"')


@pytest.fixture
def keyfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    path = tmp_path / "key"
    path.write_bytes(os.urandom(32))
    path.chmod(0o600)
    return f"--keyfile={path}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "xdg" / "proxtui" / "config.toml"


def descriptor(text: str) -> str:
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    return f"--passphrase-fd={reading}"


def test_the_whole_example_is_taken_shown_and_checked(call: Call, keyfile: str, file: Path) -> None:
    assert json.loads(call("config", "path", "--json").out)["exists"] is False
    assert call("config", "check", EXAMPLE).code == 0
    made = call("config", "init", "--from", EXAMPLE, keyfile)
    assert made.code == 0
    assert f"{file}: 1 tenant, 2 servers, 1 key slot" in made.out
    shown = call("config", "show", keyfile, "--json")
    value = json.loads(shown.out)
    assert value["tenants"]["acme"]["servers"]["prod-eu"]["credentials"]["token_secret"] == "**********"
    assert value["slots"] == [{"label": "admin", "kind": "keyfile", "every": "admin"}]
    text = call("config", "show", keyfile)
    for said in (made.out, shown.out, text.out, file.read_text(encoding="utf-8")):
        assert not any(secret in said for secret in SECRETS)
    assert "as it was written" in call("config", "check", keyfile).out
    assert call("config", "path").out.strip() == str(file)


def test_new_keys_leave_everything_readable(call: Call, keyfile: str) -> None:
    call("config", "init", "--from", EXAMPLE, keyfile)
    before = json.loads(call("config", "show", keyfile, "--json").out)
    assert json.loads(call("config", "rekey", keyfile, "--json").out)["rev"] == 2
    after = json.loads(call("config", "show", keyfile, "--json").out)
    assert after | {"rev": 1} == before


def test_a_damaged_file_is_named_and_an_earlier_one_comes_back(call: Call, keyfile: str, file: Path) -> None:
    call("config", "init", "--from", EXAMPLE, keyfile)
    call("config", "rekey", keyfile)
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) // 2])
    assert call("config", "check", keyfile).code == 4
    file.write_bytes(raw.replace(b'mode = "ca"', b'mode = "off"'))
    assert call("config", "check", keyfile).code == 5
    assert json.loads(call("config", "restore", "--json").out)["rev"] == 2
    assert call("config", "check", keyfile).code == 0


def test_an_older_copy_is_used_once_somebody_says_so(call: Call, keyfile: str, file: Path) -> None:
    call("config", "init", keyfile)
    old = file.read_bytes()
    call("config", "rekey", keyfile)
    file.write_bytes(old)
    refused = call("config", "check", keyfile)
    assert refused.code == 5
    assert "--accept-older" in refused.line
    assert call("config", "check", "--accept-older", keyfile).code == 0


def test_each_refusal_has_its_exit_code(call: Call, keyfile: str, file: Path, tmp_path: Path) -> None:
    assert call("config", "check", keyfile).code == 2
    assert call("config", "restore").code == 2
    assert "no terminal to ask on" in call("config", "init").line
    assert call("config", "init", descriptor("too short")).code == 2
    assert call("config", "init", descriptor("\n")).code == 2
    assert not file.exists()
    assert call("config", "init", descriptor("correct horse battery\n"), "--label", "anna").code == 0
    assert call("config", "init", keyfile).code == 2
    assert call("config", "check", descriptor("wrong wrong wrong")).code == 3
    assert call("config", "check", descriptor("correct horse battery"), "--slot", "anna").code == 0
    assert call("config", "check", keyfile).code == 3
    file.chmod(0o644)
    refused = call("config", "check", descriptor("correct horse battery"), "--json")
    assert refused.code == 7
    assert f"chmod 600 {file}" in json.loads(refused.out)["error"]
    file.chmod(0o600)
    file.write_text(file.read_text(encoding="utf-8").replace("format = 1", "format = 2"), encoding="utf-8")
    assert call("config", "check", keyfile).code == 6
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[settings]\ninterval = 'hush'\n", encoding="utf-8")
    answer = call("config", "check", str(wrong))
    assert answer.code == 4
    assert "hush" not in answer.line
    assert "settings.interval" in answer.line


def test_a_systemd_credential_needs_no_option(
    call: Call, keyfile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("config", "init", keyfile)
    Path(keyfile.partition("=")[2]).rename(tmp_path / "proxtui.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert call("config", "check").code == 0


def test_values_and_keys_are_changed_without_a_terminal(
    call: Call, keyfile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stdin(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    call("config", "init", keyfile)
    assert call("config", "set", "tenants.acme", '{"name": "Acme"}', keyfile).code == 0
    server = {"endpoints": [{"host": "pve1"}], "credentials": {"token_id": "a@pam!b", "token_secret": "hush-0001"}}
    assert call("config", "set", "tenants.acme.servers.prod", json.dumps(server), keyfile).code == 2
    assert call("config", "set", "tenants.acme.servers.prod", keyfile).code == 2
    stdin(json.dumps(server))
    assert call("config", "set", "tenants.acme.servers.prod", "--stdin", keyfile).code == 0
    name = "tenants.acme.servers.prod.credentials.token_secret"
    assert "--stdin" in call("config", "set", name, "hush-0002", keyfile).line
    stdin("hush-0002\n")
    assert json.loads(call("config", "set", name, "--stdin", keyfile, "--json").out) == {"name": name, "rev": 4}
    assert call("config", "set", "settings.interval", "0.1", keyfile).code == 2

    wall = tmp_path / "wall"
    added = call("config", "add-key", "wall", f"--new-keyfile={wall}", "--tenant", "acme=monitor", keyfile)
    assert added.code == 0
    assert wall.stat().st_mode & 0o777 == 0o600
    assert call("config", "add-key", "wall", f"--new-keyfile={wall}", keyfile).code == 2
    assert call("config", "set", "settings.interval", "5", f"--keyfile={wall}").code == 13
    new = descriptor("correct horse battery").replace("--", "--new-")
    assert call("config", "add-key", "ben", new, "--every=admin", keyfile).code == 0
    changed = descriptor("another long passphrase").replace("--", "--new-")
    assert call("config", "change-key", changed, descriptor("correct horse battery")).code == 0
    assert call("config", "check", descriptor("correct horse battery")).code == 3
    removed = call("config", "remove-key", "ben", keyfile)
    assert "rotate it in PVE: acme / prod: a@pam!b" in removed.out
    assert call("config", "check", descriptor("another long passphrase")).code == 3
    assert call("config", "unset", "tenants.acme", keyfile).code == 0
    assert json.loads(call("config", "show", keyfile, "--json").out)["tenants"] == {}


WRONG = [
    ('[settings]\ndenied_operations = ["guests.delte"]', "settings.denied_operations", "did you mean 'guests.delete'?"),
    ('[settings]\ntheme = "proxtui-drak"', "settings.theme: there is no theme proxtui-drak", "nearest is proxtui-dark"),
    ('[settings]\nwall_views = ["gests"]', "settings.wall_views: there is no view gests", "there are guests, nodes"),
    ('[settings.keys]\npuase = "f9"', "settings.keys: there is no action puase", "nearest is pause"),
    ('[settings]\nviewer = "xterm"', "settings.viewer: needs one of tigervnc", "not 'xterm'"),
    ("[settings]\ncrit_storage = 5", "crit_storage: 5", "would come before the warning at 90"),
    ("[settings]\ninterval = 0", "interval: 0 is not from 1 to 300", ""),
    (
        '[[tenants]]\nslug = "acme"\nname = "Acme"\nallowed_operations = ["guests.strat"]',
        "tenants.acme.allowed_operations",
        "did you mean 'guests.start'?",
    ),
]
"""A plain file, the key and value that are named, and what is allowed instead."""


@pytest.mark.parametrize(("text", "what", "allowed"), WRONG)
def test_what_cannot_be_meant_is_found_and_never_taken(
    call: Call, keyfile: str, file: Path, tmp_path: Path, text: str, what: str, allowed: str
) -> None:
    plain = tmp_path / "plain.toml"
    plain.write_text(f"{text}\n", encoding="utf-8")
    for arguments in (("check", str(plain)), ("init", "--from", str(plain), keyfile)):
        answer = call("config", *arguments)
        assert answer.code == 4
        assert what in answer.line
        assert allowed in answer.line
    assert not file.exists()


def test_a_file_that_holds_it_already_is_told_and_can_be_mended(call: Call, keyfile: str, tmp_path: Path) -> None:
    key = slots.keyfile((tmp_path / "key").read_bytes())
    settings = {"theme": "proxtui-drak", "denied_operations": ["guests.delte"]}
    unlocking.create(usual_seat(), "admin", key, {"settings": settings, "users": {}, "tenants": {}})
    assert "settings.theme: there is no theme proxtui-drak" in call("config", "check", keyfile).line
    # What was wrong before hinders no other change, and another mistake is one.
    assert call("config", "set", "settings.interval", "5", keyfile).code == 0
    assert "no theme proxtui-lihgt" in call("config", "set", "settings.theme", "proxtui-lihgt", keyfile).line
    assert call("config", "set", "settings.theme", "proxtui-ice", keyfile).code == 0
    wrong = call("config", "check", keyfile)
    assert (wrong.code, "settings.denied_operations" in wrong.line) == (4, True)
    assert call("config", "unset", "settings.denied_operations", keyfile).code == 0
    assert call("config", "check", keyfile).code == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("settings.theme", "proxtui-drak", "settings.theme: there is no theme proxtui-drak; nearest is proxtui-dark"),
        ("settings.wall_views", '["guests", "gests"]', "settings.wall_views: there is no view gests; there are guests"),
        ("settings.keys", '{"pause": "f5"}', "settings.keys: pause: f5 is Refresh now already"),
        ("settings.viewer", "xterm", "settings.viewer: needs one of tigervnc"),
        ("settings.warn_memory", "101", "warn_memory: 101 is not from 0 to 100"),
        ("settings.crit_certificate_days", "20", "crit_certificate_days: 20 would come before the warning at 14"),
        ("settings.denied_operations", '["guests.delte"]', "did you mean 'guests.delete'?"),
        ("tenants.acme.denied_operations", '["gests.*"]', "tenants.acme.denied_operations has 'gests.*'"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_set(
    call: Call, keyfile: str, file: Path, name: str, value: str, said: str
) -> None:
    call("config", "init", "--from", EXAMPLE, keyfile)
    before = configured(file)
    answer = call("config", "set", name, value, keyfile)
    assert answer.code == 2
    assert said in answer.line
    assert configured(file) == before
