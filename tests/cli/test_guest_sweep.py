"""``guests list --sweep``: what no poll tells is asked for once, and never shown as an answer when it was not."""

from __future__ import annotations

import json

import pytest

from .conftest import Call, Simulator


def test_guests_are_found_by_their_address(call: Call, simulator: Simulator) -> None:
    answer = call(
        "guests", "list", "--sweep", "--json", "--columns", "name,ip,os,backup_state", "--filter", "ip:10.20."
    )
    assert answer.code == 0
    rows = json.loads(answer.out)["rows"]
    assert len(rows) >= 3
    assert all(any(address.startswith("10.20.") for address in row["ip"]) for row in rows)
    assert all(row["os"] for row in rows)
    assert {row["backup_state"] for row in rows} <= {"known", "none"}


def test_a_table_shows_the_columns_that_were_asked_for(call: Call, simulator: Simulator) -> None:
    heading = call("guests", "list", "--sweep").out.splitlines()[0].split()
    assert {"IP", "OS", "Backup"} <= set(heading)


@pytest.mark.parametrize("said", [("--columns", "name,ip"), ("--filter", "ip:10."), ("--sort", "-backup")])
def test_what_nobody_asked_is_refused(call: Call, simulator: Simulator, said: tuple[str, str]) -> None:
    answer = call("guests", "list", *said)
    assert answer.code == 2
    assert answer.line.endswith(": not known before the guests are asked; add --sweep")


def test_unasked_is_null_in_json(call: Call, simulator: Simulator) -> None:
    rows = json.loads(call("guests", "list", "--json").out)["rows"]
    assert {(row["ip"], row["os"], row["backup"]) for row in rows} == {(None, None, None)}
