from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.errors import InvalidInput
from proxtui.pve.validators import InputValidator, check_choice, check_whole

GOOD: dict[str, list[Any]] = {
    "vmid": [100, 999_999_999],
    "node_name": ["pve1", "a", "PVE-01", "x" * 63],
    "hostname": ["pve1", "pve1.example.com", "a-b.c", "10.0.0.1", "x" * 63 + ".de"],
    "storage_name": ["local", "local-lvm", "ceph.pool_1", "L9"],
    "ip_address": ["10.0.0.1", "::1", "fe80::1", "2001:db8:0:0:0:0:0:1"],
    "port": [1, 8006, 65_535],
    "memory": [16, 8_388_608],
    "cores": [1, 128],
}
BAD: dict[str, list[Any]] = {
    "vmid": [99, 1_000_000_000, True, "100", 100.0, None, -100],
    "node_name": ["", "-pve", "pve-", "a.b", "pve1\n", "x" * 64, "..", "pvé", "a/b", None, 1],
    "hostname": ["", "-a.de", "a..b", "a.de.", "a_b", "a b", "a.de\n", "x" * 64, "a." * 127 + "bc", None, "пве"],
    "storage_name": ["", "1local", "-x", "a/b", "a b", "local\n", "x" * 101, "local.", "..", None],
    "ip_address": ["", "10.0.0", "10.0.0.256", "[::1]", "::1%eth0", "pve1", 5, None, "1.2.3.4\n", "01.2.3.4"],
    "port": [0, 65_536, "8006", True, None, 1.0],
    "memory": [15, 8_388_609, "64", True],
    "cores": [0, 129, True, "1"],
}


def functions(name: str) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    return getattr(InputValidator, f"validate_{name}"), getattr(InputValidator, f"check_{name}")


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_good_values_pass(name: str, value: Any) -> None:
    validate, check = functions(name)
    assert validate(value) is True
    assert check(value) == value


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_bad_values_are_refused_with_field_value_and_rule(name: str, value: Any) -> None:
    validate, check = functions(name)
    assert validate(value) is False
    with pytest.raises(InvalidInput) as refused:
        check(value)
    assert refused.value.value == value
    assert refused.value.field in (name, name.removesuffix("_name"), name.removesuffix("_address"))
    assert refused.value.rule in str(refused.value)


def test_the_field_can_be_named_by_the_caller() -> None:
    with pytest.raises(InvalidInput) as refused:
        InputValidator.check_vmid(1, field="newid")
    assert refused.value.field == "newid"


def test_control_c1_and_direction_characters_are_taken_out() -> None:
    dirty = "a\x00b\x1b[31mc\x7fd\x9be\u202ef\u200bg\u2066h\nä漢"
    assert InputValidator.sanitize_string(dirty) == "ab[31mcdefghä漢"
    assert InputValidator.check_string("plain ä漢") == "plain ä漢"
    with pytest.raises(InvalidInput):
        InputValidator.check_string(dirty)


@given(st.text())
def test_a_sanitised_string_can_be_printed(text: str) -> None:
    clean = InputValidator.sanitize_string(text)
    assert all(char.isprintable() or char.isspace() for char in clean)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in clean)
    assert InputValidator.sanitize_string(clean) == clean


@given(st.text() | st.integers() | st.none() | st.floats() | st.booleans())
def test_any_value_gets_an_answer_and_no_accident(value: Any) -> None:
    for name in GOOD:
        validate, _ = functions(name)
        assert validate(value) in (True, False)


def test_limits_and_choices() -> None:
    assert check_whole(0, "limit", 0, 5) == 0
    assert check_choice("hour", "timeframe", ("hour", "day")) == "hour"
    with pytest.raises(InvalidInput, match="from 0 to 5"):
        check_whole(True, "limit", 0, 5)
    with pytest.raises(InvalidInput, match="one of hour, day"):
        check_choice("decade", "timeframe", ("hour", "day"))
