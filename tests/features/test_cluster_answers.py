"""The sections over recorded answers of real servers, and the verbs that print the same rows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from proxtui.core.survey import Finding
from proxtui.features.cluster.cli import cluster
from proxtui.features.cluster.sections import SECTIONS, SWEPT, section

from .fakes import FakeClient
from .fleets import ACME, fleet, node, snapshot, vm

REFERENCE = Path(os.environ.get("PVE_REFERENCE", Path(__file__).parents[3] / "shared" / "pve"))
ASKED = [one.name for one in SECTIONS if one.name != SWEPT]


def recorded(release: str) -> FakeClient:
    """A client that answers as the recorded server did."""
    path = REFERENCE / "recorded" / f"{release}.json"
    if not path.exists():
        pytest.skip("no recorded answers here (PVE_REFERENCE)")
    answers = {}
    for key, answer in json.loads(path.read_text()).items():
        method, _, where = key.partition(" ")
        if method == "GET" and answer.get("status") == 200:
            answers[where] = answer["body"]["data"]
    return FakeClient(**answers)


@pytest.mark.parametrize("release", ["8.4", "9.2"])
@pytest.mark.parametrize("name", ASKED)
async def test_recorded_answers_become_rows(release: str, name: str) -> None:
    known = fleet(snapshot(ACME, (vm(100),), (node("pve1"),)))
    asked = section(name)
    panel = await asked.ask(recorded(release))  # type: ignore[arg-type]
    rows = asked.rows(known, {ACME: Finding(panel, 1.0)}, 1_795_305_420.0)
    assert len(rows) == len(panel.items)
    for row in rows:
        assert all(column.text(row) != "None" for column in asked.columns)
        assert row.haystack
    if name in ("nodes", "uncovered", "pools", "log", "access"):
        assert rows
    assert len({row.key for row in rows}) == len(rows)


@pytest.mark.parametrize(("release", "word"), [("8.4", "quorate; 2 of 2"), ("9.2", "stands alone")])
async def test_recorded_quorum(release: str, word: str) -> None:
    panel = await section("nodes").ask(recorded(release))  # type: ignore[arg-type]
    (line,) = section("nodes").lines([ACME], {ACME: Finding(panel, 1.0)})
    assert word in line.text


class Line:
    """A command line that remembers what it was told to list."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def survey(self, *arguments: Any) -> None:
        self.told.append(arguments)


VERBS = {"status": "nodes", "ha": "ha", "replication": "replication", "backup": "backup", "uncovered": "uncovered"}
VERBS |= {"pools": "pools", "log": "log", "access": "access"}


@pytest.mark.parametrize(("verb", "name"), VERBS.items())
async def test_every_verb_lists_its_section(verb: str, name: str) -> None:
    line = Line()
    result = CliRunner().invoke(cluster, [verb, "--json", "--filter", "x"], obj=line)
    assert result.exit_code == 0, result.output
    columns, ask, rows, options, problems = line.told[0]
    assert columns == section(name).columns
    assert ask is section(name).ask
    assert (options.as_json, options.filter) == (True, "x")
    assert rows(fleet(), {}) == []
    assert problems(await section(SWEPT).ask(FakeClient())) == ()  # type: ignore[arg-type]


def test_every_verb_says_what_it_lists() -> None:
    listing = CliRunner().invoke(cluster, ["--help"]).output
    assert all(verb in listing for verb in VERBS)
