"""Quick to start: naming a verb, its help and completion load neither client, nor models, nor Textual."""

from __future__ import annotations

import ast

import pytest

from proxtui.cli.main import VERBS
from proxtui.registry import FEATURES
from tests.cli.conftest import Call, Simulator, spawn

HEAVY = (
    "sqlalchemy",
    "pydantic",
    "httpx",
    "textual",
    "msgspec",
    "asyncio",
    "ssl",
    "cryptography",
    "uvicorn",
    "logging",
)
LOADED = f"""
import sys
from proxtui.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print("loaded", [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["guests", "--help"], ["guests", "list", "--help"], ["completion", "zsh"]]
)
def test_naming_a_verb_loads_nothing_heavy(arguments: list[str]) -> None:
    answer = spawn(*arguments, code=LOADED)
    assert answer.code == 0
    assert answer.err.strip() == "loaded []"


WATCHED = f"""
import os

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "sqlalchemy":
            os.write(1, b"the database is loaded\\n")

import sys
sys.meta_path.insert(0, Watch())
{LOADED}
"""


@pytest.mark.parametrize("verb", [["guests", "list"], ["nodes", "list"]])
def test_a_list_needs_no_models_of_parameters_and_loads_the_database_when_it_is_out(
    verb: list[str], simulator: Simulator
) -> None:
    answer = spawn(*verb, code=WATCHED, environ=simulator.environ)
    assert answer.code == 0
    assert answer.out.count("pve1") > 0
    assert answer.out.splitlines()[-1] == "the database is loaded"
    (told,) = [line for line in answer.err.splitlines() if line.startswith("loaded ")]
    assert not {"pydantic", "textual"} & set(ast.literal_eval(told.removeprefix("loaded ")))


def complete(words: str, index: int) -> list[str]:
    environ = {"_PROXTUI_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(index)}
    answer = spawn(environ=environ, code=LOADED)
    assert "Traceback" not in answer.err
    return [line.partition(",")[2] for line in answer.out.splitlines()]


def test_verbs_are_completed() -> None:
    assert complete("proxtui ", 1) == list(VERBS)
    assert complete("proxtui gu", 1) == ["guests"]
    assert complete("proxtui guests ", 2)[:4] == ["list", "show", "start", "shutdown"]
    assert complete("proxtui guests create", 2) == ["create-vm", "create-ct"]
    assert complete("proxtui --fing", 1) == ["--fingerprint"]


def test_columns_are_completed_also_after_a_comma() -> None:
    assert complete("proxtui guests list --columns vmid,na", 4) == ["vmid,name"]
    assert "cpu" in complete("proxtui nodes list --sort ", 4)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(call: Call, shell: str) -> None:
    answer = call("completion", shell)
    assert answer.code == 0
    assert f"_PROXTUI_COMPLETE={shell}_complete" in answer.out


def test_every_verb_loads_and_has_a_help_line(call: Call) -> None:
    for verb in VERBS:
        answer = call(verb, "--help")
        assert answer.code == 0, verb
        assert answer.out.lower().startswith("usage: "), verb


def test_every_room_with_verbs_has_a_line_in_help() -> None:
    silent = [feature.name for feature in FEATURES if bool(feature.commands) != bool(feature.summary)]
    assert silent == []
