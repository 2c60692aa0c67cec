"""``proxtui keys`` tells what can be bound to another key."""

import json

from tests.cli.conftest import Call


def test_names_keys_and_places_are_told_without_any_server(call: Call) -> None:
    rows = {row["name"]: row for row in json.loads(call("keys", "--json").out)["rows"]}
    assert rows["pause"]["keys"] == "P"
    assert rows["help"]["keys"] == "?"
    assert rows["guests"]["where"] == ["screen"]


def test_a_filter_finds_by_what_a_key_does(call: Call) -> None:
    answer = call("keys", "--filter", "columns")
    assert answer.code == 0
    assert "Columns" in answer.out
    assert "Pause" not in answer.out
