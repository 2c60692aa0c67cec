"""A configuration is read the quick way and the thorough one, and the two never disagree."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from proxtui.config import reading
from proxtui.config.reading import read_config
from proxtui.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture
def values() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def test_the_whole_example_is_the_same_both_ways(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    thorough = reading._judged(values)
    monkeypatch.setattr(reading, "_judged", lambda _values: pytest.fail("the quick way is not taken"))
    assert read_config(values) == thorough


SPOILT: list[Any] = [None, "x", 1, True, [], {}, 1.5, ["x"], {"x": 1}]


def places(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [path, *(found for key, value in items for found in places(value, (*path, key)))]


def test_whatever_stands_anywhere_both_ways_end_alike(values: dict[str, Any]) -> None:
    for path in places(values)[1:]:
        for spoilt in SPOILT:
            made = deepcopy(values)
            holder: Any = made
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = spoilt
            assert outcome(read_config, made) == outcome(reading._judged, made), (path, spoilt)


@pytest.mark.parametrize("path", [(), ("settings",), ("tenants", 0), ("tenants", 0, "servers", 0)])
def test_an_unknown_name_is_refused_at_any_depth(values: dict[str, Any], path: tuple[Any, ...]) -> None:
    holder: Any = values
    for key in path:
        holder = holder[key]
    holder["what_is_this"] = 1
    with pytest.raises(ConfigError, match="what_is_this"):
        read_config(values)


def outcome(read: Any, values: dict[str, Any]) -> Any:
    try:
        return read(values)
    except ConfigError as error:
        return str(error)
