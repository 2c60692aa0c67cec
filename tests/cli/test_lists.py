"""What every list can do: CSV for spreadsheets, watching, and asking on demand for what no poll brings."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from proxtui.cli.listing import NothingAnswered, Printer, Question, Report
from proxtui.cli.output import Output, csv_cell
from proxtui.core.model import SourceState
from proxtui.core.verbs import TableOptions
from proxtui.errors import NetworkError
from proxtui.features.guests.rows import COLUMNS, GuestRow, guest_rows
from proxtui.pve.listing import Listing, SourceStatus
from tests.cli.conftest import Call, Simulator
from tests.features.fakes import FakeRuntime, denied, runtime_of
from tests.features.fleets import ACME, ZETA, fleet, snapshot, two_tenants, vm
from tests.walks.terminal import Terminal

PROXTUI = [sys.executable, "-m", "proxtui"]


def csv_of(capsys: pytest.CaptureFixture[str], found: list[GuestRow], columns: str | None = None) -> str:
    Printer(Output(), COLUMNS, TableOptions(as_csv=True, columns=columns)).once(Report(found, []))
    return capsys.readouterr().out


def test_csv_is_as_the_rfc_says(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(100, name='a "b", c', cpu=None, mem=2048, tags=("x", "y")),))))
    said = csv_of(capsys, found, "vmid,name,cpu,mem,tags,template")
    assert said == 'vmid,name,cpu,mem,tags,template\r\n100,"a ""b"", c",,2048,x;y,false\r\n'


def test_csv_has_every_column_with_raw_values(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(two_tenants())
    heading, *lines = csv.reader(io.StringIO(csv_of(capsys, found)))
    assert heading == [column.key for column in COLUMNS]
    assert len(lines) == len(found)
    assert lines[0][heading.index("cpu")] == str(found[0].guest.cpu)


@pytest.mark.parametrize("text", ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_spreadsheet_takes_a_name_for_a_formula(text: str) -> None:
    assert csv_cell(text).startswith("'")
    assert csv_cell([text, "b"]).startswith("'")
    assert not csv_cell("a" + text).startswith("'")


@pytest.mark.parametrize(("value", "cell"), [(-1.5, "-1.5"), (4.0, "4"), (True, "true"), (None, ""), ([], "")])
def test_numbers_stay_numbers_and_unknown_is_empty(value: Any, cell: str) -> None:
    assert csv_cell(value) == cell


def test_csv_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in csv_cell("\x1b[2J")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--json", "--csv"], "not both"),
        (["--csv", "--watch"], "table or with --json"),
        (["--watch", "0"], "--watch"),
        (["--watch", "nonsense"], "--watch"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_asked(
    call: Call, simulator: Simulator, arguments: list[str], why: str
) -> None:
    simulator.control("DELETE", "requests")
    answer = call("guests", "list", *arguments)
    assert answer.code == 2
    assert why in answer.line
    assert simulator.control("GET", "requests")["total"] == 0


def test_csv_from_the_command_line(call: Call, simulator: Simulator) -> None:
    answer = call("guests", "list", "--csv", "--columns", "vmid,name", "--sort", "vmid")
    assert (answer.code, answer.err) == (0, "")
    assert list(csv.reader(io.StringIO(answer.out)))[:2] == [["vmid", "name"], ["100", "shop-web01"]]


def test_watching_streams_lines_of_json_one_poll_each_and_ends_with_130(simulator_process: Simulator) -> None:
    simulator_process.control("DELETE", "requests")
    command = [*PROXTUI, "nodes", "list", "--json", "--watch=1"]
    environ = {**os.environ, **simulator_process.environ}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:  # fmt: skip
        assert process.stdout is not None
        readings = [json.loads(process.stdout.readline()) for _ in range(3)]
        asked = simulator_process.control("GET", "requests")["counts"]
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in "".join(said)
    assert [len(reading["rows"]) for reading in readings] == [2, 2, 2]
    assert [count for what, count in asked.items() if "/cluster/resources" in what] == [3]


def test_watching_at_a_terminal_repaints_and_cuts_to_what_fits(simulator_process: Simulator) -> None:
    command = [*PROXTUI, "guests", "list", "--watch=1", "--sort", "vmid"]
    with Terminal(command, columns=60, lines=10, environment=simulator_process.environ) as terminal:
        text = terminal.wait_for("more")
        first = text.splitlines()[0]
        assert "every 1 s, ctrl+c ends" in first
        assert "State" in text.splitlines()[1]
        assert "and 14 more" in text
        terminal.wait_for(lambda text: "more" in text and text.splitlines()[0] != first)
        terminal.press("\x03")
        assert terminal.wait_exit() == 130
    assert b"Traceback" not in terminal.raw
    assert terminal.raw.count(b"\x1b[?7l") == terminal.raw.count(b"\x1b[?7h")


def test_while_watching_a_failure_is_told_when_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(Output(), COLUMNS, TableOptions(as_json=True, watch=1))
    well: Report[GuestRow] = Report([], [])
    ill: Report[GuestRow] = Report([], [], ["acme / berlin: no answer"])
    for report in (well, ill, ill, well, ill):
        printer.again(report)
    said = capsys.readouterr()
    assert said.err.count("no answer") == 2
    assert len(said.out.splitlines()) == 5


def runtime_with(**states: Any) -> FakeRuntime:
    known = snapshot(ACME, (vm(100),))
    other = snapshot(ZETA, (vm(200),), **states)
    return runtime_of(fleet(known, other))


def asking(answers: dict[Any, Any], runtime: FakeRuntime, problems: Any = None) -> Question[Any]:
    clients = {id(runtime.connection(ref).client): answer for ref, answer in answers.items()}

    async def ask(client: Any) -> Any:
        answer = clients[id(client)]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Question(ask, problems)


async def test_a_survey_asks_each_server_and_names_what_is_missing() -> None:
    runtime = runtime_with()
    question = asking({ACME: ["a"], ZETA: denied("/", "Sys.Audit")}, runtime, lambda value: [f"{len(value)} lost"])
    found = await question.findings(runtime)  # type: ignore[arg-type]
    assert [finding.value for finding in found.values()] == [["a"], None]
    acme, zeta = question.sources(runtime.store.fleet(), found)
    assert (acme["state"], acme["problems"], acme["forbidden"]) == ("fresh", ["1 lost"], False)
    assert (zeta["state"], zeta["problems"], zeta["forbidden"]) == ("fresh", ["missing privilege Sys.Audit on /"], True)
    assert Report([], [acme, zeta]).missing == [
        "acme / berlin: 1 lost",
        "zeta / paris: missing privilege Sys.Audit on /",
    ]


async def test_a_server_that_failed_the_poll_is_not_asked_again() -> None:
    runtime = runtime_with(state=SourceState.DOWN, taken_at=None)
    runtime.store.fail(ZETA, NetworkError("refused", stage="connect"), next_try_at=None)
    question = asking({ACME: ["a"]}, runtime)
    found = await question.findings(runtime)  # type: ignore[arg-type]
    assert (found[ZETA].value, found[ZETA].problem) == (None, "refused")


async def test_what_a_listing_says_of_its_nodes_is_told() -> None:
    runtime = runtime_with()
    listing: Listing[str] = Listing(
        (), (SourceStatus("pve1", "online"), SourceStatus("pve2", "offline", "its rows are old"))
    )
    question = asking({ACME: listing, ZETA: Listing(())}, runtime)
    found = await question.findings(runtime)  # type: ignore[arg-type]
    assert question.sources(runtime.store.fleet(), found)[0]["problems"] == ["pve2: its rows are old"]


async def test_when_nobody_tells_it_is_the_first_failure() -> None:
    runtime = runtime_with()
    question = asking({ACME: denied("/", "Sys.Audit"), ZETA: denied("/", "Sys.Audit")}, runtime)
    with pytest.raises(NothingAnswered, match="missing privilege") as caught:
        await question.findings(runtime)  # type: ignore[arg-type]
    assert caught.value.exit_code == 12
    assert {source["server"] for source in caught.value.sources} == {ACME.server, ZETA.server}
