from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import UnexpectedAnswer
from proxtui.pve.fields import Row, answer_of, object_of, plain_number, rows_of

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("raw", "expected", "wrong"),
    [
        (5, 5, 0),
        ("5900", 5900, 0),
        ("1e3", 1000, 0),
        (7.9, 7, 0),
        (0, 0, 0),
        (None, None, 0),
        ("", None, 0),
        ("null", None, 0),
        ("abc", None, 1),
        (True, None, 1),
        (-1, None, 1),
        (2**63, None, 1),
        (NAN, None, 1),
        ("nan", None, 1),
        (INFINITY, None, 1),
        ("9" * 5000, None, 1),
        ([], None, 1),
        ({}, None, 1),
    ],
)
def test_whole_numbers(raw: Any, expected: int | None, wrong: int) -> None:
    row = Row({"key": raw})
    found = row.integer("key")
    assert found == expected
    assert type(found) in (int, type(None))
    assert row.wrong == wrong


@pytest.mark.parametrize(
    ("raw", "expected"), [(1, 1.0), ("0.5", 0.5), ("2596.140", 2596.14), (1e16, None), ("x", None), (-0.1, None)]
)
def test_numbers(raw: Any, expected: float | None) -> None:
    found = Row({"key": raw}).number("key")
    assert found == expected
    assert type(found) in (float, type(None))


@pytest.mark.parametrize(
    ("raw", "expected", "wrong"),
    [
        (1, True, 0),
        (0, False, 0),
        ("1", True, 0),
        ("0", False, 0),
        ("", False, 0),
        (True, True, 0),
        ("on", True, 0),
        ("No", False, 0),
        (None, None, 0),
        (2, None, 1),
        ("maybe", None, 1),
        ([], None, 1),
    ],
)
def test_flags(raw: Any, expected: bool | None, wrong: int) -> None:
    row = Row({"key": raw})
    assert row.flag("key") is expected
    assert row.wrong == wrong


def test_text_is_cleaned_and_numbers_are_written_out() -> None:
    row = Row({"name": "web\x1b[2Jä\u202e", "number": 17, "empty": "", "list": ["x"], "yes": True})
    assert row.text("name") == "web␛[2Jä\N{REPLACEMENT CHARACTER}"
    assert row.text("number") == "17"
    assert row.text("empty") is None
    assert (row.text("list"), row.text("yes"), row.text("absent")) == (None, None, None)
    assert row.wrong == 2


def test_words_are_split_at_all_that_pve_uses() -> None:
    assert Row({"tags": "prod;web,eu  x;;"}).words("tags") == ("prod", "web", "eu", "x")
    assert Row({"tags": 7}).words("tags") == ("7",)
    assert Row({}).words("tags") == ()


def test_identifiers_are_judged_as_they_came() -> None:
    row = Row({"node": "pve\x1b1", "storage": "../x", "vmid": "100", "upid": "UPID:x"})
    assert (row.node(), row.storage(), row.vmid(), row.upid()) == (None, None, 100, None)
    assert Row({"vmid": True}).vmid() is None
    assert Row({"vmid": 99}).vmid() is None


def test_parts_that_are_none_are_empty() -> None:
    row = Row({"memory": [1], "loadavg": {"a": 1}})
    assert row.part("memory").integer("used") is None
    assert row.items("loadavg") == []
    assert row.part("absent").text("x") is None
    assert row.wrong == 2


def test_a_wrong_shape_says_what_came() -> None:
    with pytest.raises(UnexpectedAnswer, match=r"expected a list, got null \(GET /nodes\)"):
        rows_of(None, "/nodes")
    with pytest.raises(UnexpectedAnswer, match="expected an object, got text"):
        object_of("x", "/version")
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        answer_of(b"<html>", "/nodes")
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        answer_of(b'{"data":' + b"[" * 100_000, "/nodes")


def test_numbers_out_of_strings_are_those_that_perl_writes() -> None:
    assert plain_number("0x10") is None
    assert plain_number(" 1") is None
    assert plain_number("1_000") is None
    assert plain_number("-1.5e2") == -150.0
