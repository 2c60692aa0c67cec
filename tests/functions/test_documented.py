"""The functions beside the text that documents them: every function, action and field of it is here."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest

from proxtui.functions import FUNCTIONS
from proxtui.functions.calling import function_of
from proxtui.functions.shapes import Call, Function

DOCUMENT = Path(
    os.environ.get("MANAGER_API") or Path(__file__).resolve().parents[3] / "shared" / "seeds" / "manager-api.md"
)
pytestmark = pytest.mark.skipif(not DOCUMENT.is_file(), reason="the document is not here: set MANAGER_API to its path")
NO_FUNCTION = {"vnc-relay"}
"""A WebSocket: ``vm-console`` gives the address of ours."""
_BLOCK = re.compile(r"^(#{3,4}) ([^\n]+)$|^\*\*(Request|Response):\*\*\s*```typescript\n(.*?)```", re.M | re.S)
_FIELD = re.compile(r"^( *)(\w+)(\?)?: *(.*)$", re.M)


class Field(NamedTuple):
    name: str
    optional: bool
    depth: int
    kind: str


class Documented(NamedTuple):
    """One block of the text."""

    function: str
    is_request: bool
    actions: tuple[str | None, ...]
    fields: tuple[Field, ...]


def documented() -> list[Documented]:
    found: list[Documented] = []
    name, actions = "", tuple[str | None, ...]((None,))
    for block in _BLOCK.finditer(DOCUMENT.read_text(encoding="utf-8")):
        if block[1]:
            name = block[2] if len(block[1]) == 3 else name
            continue
        fields = tuple(Field(one[2], bool(one[3]), len(one[1]) // 2, one[4]) for one in _FIELD.finditer(block[4] or ""))
        if block[3] == "Request":
            said = next((one.kind for one in fields if one.name == "action"), "")
            actions = tuple(re.findall(r'"([\w-]+)"', said)) or (None,)
        found.append(Documented(name, block[3] == "Request", actions, fields))
    return found


BLOCKS = documented() if DOCUMENT.is_file() else []


def calls_of(function: Function, actions: tuple[str | None, ...]) -> list[Call]:
    if len(function.calls) == 1:
        return list(function.calls)
    return [call for call in function.calls if action_of(call) in actions]


def action_of(call: Call) -> str:
    return str(get_args(call.request.model_fields["action"].annotation)[0])


def test_every_function_and_every_action_is_here_and_no_other() -> None:
    named = {block.function for block in BLOCKS if block.is_request}
    assert named - NO_FUNCTION == set(FUNCTIONS)
    for name in FUNCTIONS:
        function = function_of(name)
        if len(function.calls) > 1:
            told = {
                action for block in BLOCKS if block.is_request and block.function == name for action in block.actions
            }
            assert told == {action_of(call) for call in function.calls}, name


@pytest.mark.parametrize("block", BLOCKS, ids=lambda one: f"{one.function}-{one.actions[0]}-{one.is_request}")
def test_every_documented_field_is_there(block: Documented) -> None:
    calls = calls_of(function_of(block.function), block.actions)
    assert calls
    for call in calls:
        model = call.request if block.is_request else call.response
        there = names_in(
            model.model_json_schema(by_alias=True, mode="validation" if block.is_request else "serialization")
        )
        assert {one.name for one in block.fields} - there <= optional_of(call, block), call
        if block.is_request:
            known = {field.alias: field for field in model.model_fields.values()}
            for one in block.fields:
                # What one of several actions needs the text calls optional.
                if one.depth == 1 and one.name in known and len(block.actions) == 1:
                    assert known[one.name].is_required() is not one.optional, (call.request, one.name)


def optional_of(call: Call, block: Documented) -> set[str]:
    """What is documented for two actions in one block belongs to one of them."""
    return {"settings"} | {one.name for one in block.fields if one.depth > 1} if len(block.actions) > 1 else set()


def names_in(schema: Any) -> set[str]:
    """All names of properties, however deep."""
    if isinstance(schema, list):
        return set().union(*map(names_in, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    mine = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
    return mine.union(*(names_in(one) for one in schema.values()))
