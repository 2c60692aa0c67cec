"""A list refuses the fields that its rows do not answer to, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from proxtui.cli.listing import Printer, Report
from proxtui.cli.main import VERBS
from proxtui.core.feature import load
from proxtui.core.filters import FIELDS, TEXT_FIELDS
from tests.cli.conftest import Call, Simulator

LISTS = [
    "guests list", "nodes list", "nodes disks pve1", "storage list", "storage content nfs-backup", "tasks list",
    "snapshots list", "cluster status", "cluster ha", "cluster replication", "cluster backup", "cluster uncovered",
    "cluster pools", "cluster log", "cluster access", "audit list",
    "metrics summary", "metrics history", "metrics errors",
]  # fmt: skip
OF_THE_FILE = {"servers list", "tenants list", "users list"}
"""They show the encrypted configuration, and there is none here."""


def every_list() -> Iterator[str]:
    """All verbs with ``--csv``, as they are called."""
    for name, verb in VERBS.items():
        group = load(verb.target)
        for word, command in getattr(group, "commands", {}).items():
            if any("--csv" in option.opts for option in command.params):
                yield f"{name} {word}"


def test_no_list_is_forgotten() -> None:
    asked = {" ".join(verb.split()[:2]) for verb in LISTS} | {"tasks log"} | OF_THE_FILE
    assert set(every_list()) == asked


@pytest.mark.usefixtures("simulator")
@pytest.mark.parametrize("verb", LISTS)
def test_what_rows_answer_to_is_known(call: Call, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def once(_printer: Printer[Any], report: Report[Any]) -> None:
        seen.extend(report.rows)

    monkeypatch.setattr(Printer, "once", once)
    few = "vmid:100" if verb.startswith("snapshots") else ""
    assert call(*verb.split(), "--filter", few).code == 0
    answered = {name for name in FIELDS if any(row.field(name) not in (None, []) for row in seen)}
    said = {name: call(*verb.split(), "--filter", f"{few} {term(name)}").err for name in FIELDS}
    refused = {name for name in FIELDS if f"has no field {name};" in said[name]}
    assert answered & refused == set()
    assert refused, "a list that has every field proves nothing"


def term(name: str) -> str:
    if name == "template":
        return "template:no"
    return f"{name}:1" if name in TEXT_FIELDS else f"{name}>1"


def test_a_negated_term_and_an_alternative_are_looked_at_too(call: Call, simulator: Simulator) -> None:
    simulator.control("DELETE", "requests")
    for filter_ in ("!user:x", "web | user:x", "name:a user:x"):
        answer = call("guests", "list", "--filter", filter_)
        assert answer.code == 2
        assert "has no field user" in answer.line
    assert simulator.control("GET", "requests")["total"] == 0
