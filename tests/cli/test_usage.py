"""Wrong usage: one clear line, the right exit code, nothing asked of any server."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from proxtui import __version__
from proxtui.config.variables import VARIABLES
from tests.cli.conftest import Answer, Call, spawn

SERVER = {"PROXMOX_HOST": "127.0.0.1:1", "PROXMOX_TOKEN_ID": "a@pve!b", "PROXMOX_TOKEN_SECRET": "topsecret"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on a port where nobody listens: whoever asks it is found out."""
    for name, value in SERVER.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("verb", [[], ["guests", "list"]])
def test_nothing_configured_names_the_ways_on_that_there_are(call: Call, verb: list[str]) -> None:
    answer = call(*verb)
    assert (answer.code, answer.out) == (2, "")
    assert "PROXMOX_HOST" in answer.line
    assert "--help" in answer.line
    for named in re.findall(r"`proxtui ([a-z ]+)`", answer.line):
        assert call(*named.split(), "--help").code == 0


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["guests", "list", "--columns", "nonsense"], "columns are status, vmid, name"),
        (["guests", "list", "--columns", ""], "names no column; columns are status, vmid, name"),
        (["guests", "list", "--columns", " , "], "names no column; columns are status, vmid, name"),
        (["guests", "list", "--columns", "vmid,name,VMID"], "vmid is there twice"),
        (["guests", "list", "--sort", ""], "names no column; columns are status, vmid, name"),
        (["guests", "list", "--sort", "-"], "names no column; columns are status, vmid, name"),
        (["guests", "list", "--filter", "user:root"], "has no field user; its fields are type, status, name"),
        (["cluster", "pools", "--filter", "web | !cpu>80"], "has no field cpu; its fields are name, server, tenant"),
        (["nodes", "list", "--sort", "nonsense"], "columns are status, node"),
        (["guests", "list", "--filter", "nonsense:1"], "nonsense:1"),
        (["guests", "list", "--filter", "cpu>"], "cpu>"),
        (["guests", "list", "--nonsense"], "--nonsense"),
        (["guests", "list", "--host", "pve1"], "proxtui --host ... guests list"),
        (["guests", "show"], "ID|NAME"),
        (["nonsense"], "nonsense"),
        (["demo", "--scenario", "nonsense"], "fleet"),
        (["completion", "tcsh"], "bash"),
        (["--port", "http", "guests", "list"], "--port"),
        (["--host", "http://pve1", "guests", "list"], "--host"),
        (["--ca-file", "no/such/file", "guests", "list"], "--ca-file"),
        (["--fingerprint", "AA:BB", "guests", "list"], "--fingerprint"),
        (["--host", "", "guests", "list"], "--host: is empty"),
        (["--theme", "nonsense", "guests", "list"], "there is no theme nonsense; there are proxtui-"),
        (["--theme", "", "guests", "list"], "--theme is empty; there are proxtui-"),
        (["demo", "--guests", "500"], "--guests goes with --scenario huge only"),
        (["demo", "--scenario", "huge", "--guests", "99"], "--guests"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(call: Call, arguments: list[str], said: str) -> None:
    answer = call(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.line


@pytest.mark.usefixtures("server")
def test_json_has_the_error_on_stdout_too(call: Call) -> None:
    answer = call("guests", "list", "--json", "--columns", "nonsense")
    told = json.loads(answer.out)
    assert told["error"] == answer.line
    assert told["details"] == {"kind": "UsageError", "exit_code": 2}


WRONG_STATUS = [
    ["status"],
    ["status", "--nonsense"],
    ["status", "--columns", "x"],
    ["status", "--filter", "x:"],
    ["status", "--filter", "node:pve1"],
    ["--nonsense", "status"],
    ["--theme", "nonsense", "status"],
    ["--host", "http://pve1", "status"],
]


@pytest.mark.parametrize("arguments", WRONG_STATUS)
def test_status_is_unknown_on_one_line_when_it_could_not_ask(call: Call, arguments: list[str]) -> None:
    answer = call(*arguments)
    assert (answer.code, answer.out) == (3, f"UNKNOWN - {answer.line}\n")


@pytest.mark.parametrize("arguments", WRONG_STATUS)
def test_and_with_json_it_is_an_object(call: Call, arguments: list[str]) -> None:
    answer = call(*arguments, "--json")
    assert answer.code == 3
    told = json.loads(answer.out)
    assert (told["error"], told["details"]["exit_code"]) == (answer.line, 3)


def test_a_group_alone_shows_its_verbs_on_stderr(call: Call) -> None:
    answer = call("guests")
    assert (answer.code, answer.out) == (2, "")
    assert "list" in answer.err
    assert "show" in answer.err


def test_version(call: Call) -> None:
    assert call("--version") == Answer(0, f"proxtui {__version__}\n", "")


def test_help_lists_every_variable_and_no_secret_is_a_flag(call: Call) -> None:
    text = call("--help").out
    assert [variable.name for variable in VARIABLES if variable.name not in text] == []
    assert "--password" not in text
    assert "--token-secret" not in text


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}])
def test_no_terminal_no_dashboard(environ: dict[str, str]) -> None:
    answer = spawn(environ={**SERVER, **environ})
    assert (answer.code, answer.out) == (2, "")
    assert "needs a terminal" in answer.line
    assert "status --once" in answer.line


def test_no_terminal_no_password() -> None:
    answer = spawn("guests", "list", environ={"PROXMOX_HOST": "127.0.0.1:1", "PROXMOX_USERNAME": "root"})
    assert (answer.code, answer.out) == (2, "")
    assert "PROXMOX_PASSWORD" in answer.line


def test_a_reader_that_leaves_early_is_no_error() -> None:
    shell = f"{sys.executable} -m proxtui completion bash | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_is_130(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("proxtui.cli.session.Session.read", interrupted)
    answer = call("guests", "list")
    assert answer.code == 130
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gusts", "list"], "there is no command 'gusts'; did you mean guests or users? (see proxtui --help)"),
        (["server", "list"], "there is no command 'server'; did you mean servers? (see proxtui --help)"),
        (["guests", "strat", "100"], "there is no command 'strat'; did you mean start? (see proxtui guests --help)"),
        (["servers", "lst"], "there is no command 'lst'; did you mean list? (see proxtui servers --help)"),
        (["frobnicate"], "there is no command 'frobnicate' (see proxtui --help)"),
        (["frob\x1b[2J"], r"there is no command 'frob\x1b[2J' (see proxtui --help)"),
    ],
)
def test_a_misspelt_verb_names_the_nearest_one(call: Call, arguments: list[str], said: str) -> None:
    answer = call(*arguments)
    assert (answer.code, answer.out, answer.line) == (2, "", said)


@pytest.mark.parametrize("group", ["guests", "servers", "config", "tasks", "users", "audit"])
def test_the_help_of_a_group_cuts_no_line(call: Call, monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = call(group, "--help").out
    assert max(map(len, told.splitlines())) <= 80
    for summary in told.split("Commands:")[1].split("\n\n"):
        assert "..." not in summary
