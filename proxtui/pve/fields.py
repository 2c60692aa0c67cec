"""Lenient reading of PVE's rows: 0 and 1, numbers as strings, absent, null. A field that cannot be read is None."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from proxtui.errors import InvalidInput, UnexpectedAnswer
from proxtui.pve.sanitize import LONGEST_VALUE, clean
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

LARGEST = 2**63 - 1
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_BETWEEN_WORDS = re.compile(r"[;,\s]+")
_YES = frozenset({"1", "true", "yes", "on"})
_NOTHING = frozenset({"", "null"})
_NO = frozenset({"", "0", "false", "no", "off"})


class Row:
    """One JSON object, read field by field. ``wrong`` counts the fields that were there and made no sense."""

    __slots__ = ("_fields", "wrong")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self.wrong = 0

    def has(self, key: str) -> bool:
        """Whether PVE said anything under ``key``."""
        return self._fields.get(key) is not None

    def keys(self) -> tuple[str, ...]:
        """The names of all fields, as they came."""
        return tuple(self._fields)

    def text(self, key: str) -> str | None:
        """Cleaned text; None when empty."""
        value = self._fields.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str):
            return clean(value) or None
        self._note(value)
        return None

    def prose(self, key: str) -> str | None:
        """Cleaned text that may have several lines, without the line feeds around it; None when empty."""
        value = self._fields.get(key)
        if isinstance(value, str):
            return clean(value, multiline=True, limit=LONGEST_VALUE).strip("\n") or None
        return self.text(key)

    def number(self, key: str) -> float | None:
        """A number from 0 to 1e15."""
        value = self._fields.get(key)
        number = plain_number(value)
        if number is None or not 0 <= number <= 1e15:
            self._note(value)
            return None
        return float(number)

    def integer(self, key: str) -> int | None:
        """A whole number from 0; a fraction is cut off."""
        value = self._fields.get(key)
        number = plain_number(value)
        if number is None or not 0 <= number <= LARGEST:
            self._note(value)
            return None
        return int(number)

    def flag(self, key: str) -> bool | None:
        """A boolean, as Perl may write it: its false is an empty string."""
        value = self._fields.get(key)
        if isinstance(value, bool | int) and value in (0, 1):
            return bool(value)
        if isinstance(value, str) and (word := value.lower()) in _YES | _NO:
            return word in _YES
        self._note(value)
        return None

    def words(self, key: str) -> tuple[str, ...]:
        """A list in one string, split at ``;``, ``,`` and space, in PVE's order."""
        return split_words(self.text(key) or "")

    def part(self, key: str) -> Row:
        """The object nested under ``key``; an empty one when there is none. Its wrong fields are its own."""
        value = self._fields.get(key)
        if not isinstance(value, Mapping):
            self._note(value)
            return Row({})
        return Row(value)

    def items(self, key: str) -> list[Any]:
        """The list under ``key``; empty when there is none."""
        value = self._fields.get(key)
        if not isinstance(value, list):
            self._note(value)
            return []
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """The texts of a list; also when PVE keeps them in one string, split as ``words`` does."""
        if isinstance(self._fields.get(key), str):
            return self.words(key)
        return tuple(clean(item) for item in self.items(key) if isinstance(item, str) and item)

    def moment(self, key: str) -> int | None:
        """Seconds since the epoch. PVE writes 0 for never and for not yet: that is None."""
        return self.integer(key) or None

    def vmids(self, key: str) -> tuple[int, ...]:
        """The VMIDs of a list in one string, sorted; what is none is left out."""
        numbers = (plain_number(word) for word in self.words(key))
        return tuple(
            sorted(number for number in numbers if isinstance(number, int) and InputValidator.validate_vmid(number))
        )

    def vmid(self, key: str = "vmid") -> int | None:
        """A VMID, or None: without one a guest's row is worth nothing."""
        vmid = self.integer(key)
        return vmid if InputValidator.validate_vmid(vmid) else None

    def node(self, key: str = "node") -> str | None:
        """A node name. Never cleaned: what goes into a URL is right as it came, or refused."""
        name = self._fields.get(key)
        return name if isinstance(name, str) and InputValidator.validate_node_name(name) else None

    def upid(self, key: str = "upid") -> Upid | None:
        """The name of a task, in the same manner."""
        try:
            return Upid(self._fields.get(key, ""))
        except InvalidInput:
            return None

    def storage(self, key: str = "storage") -> str | None:
        """A storage name, in the same manner."""
        name = self._fields.get(key)
        return name if isinstance(name, str) and InputValidator.validate_storage_name(name) else None

    def _note(self, value: object) -> None:
        if value is not None and not (isinstance(value, str) and value.lower() in _NOTHING):
            self.wrong += 1


def plain_number(value: object) -> int | float | None:
    """A finite number, also out of a string; None for everything else, booleans too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if set(value) & set(".eE") else int(value)
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def split_words(text: str) -> tuple[str, ...]:
    """The words of a list that PVE keeps in one string."""
    return tuple(word for word in _BETWEEN_WORDS.split(text) if word)


def answer_of(body: bytes, path: str) -> dict[str, Any]:
    """The object around ``data`` out of a raw body, nothing cleaned yet; ``UnexpectedAnswer`` when it is not JSON."""
    try:
        answer = json.loads(body.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswer("the answer is not JSON", method="GET", path=path) from error
    return object_of(answer, path)


def rows_of(data: object, path: str) -> list[Any]:
    """``data`` when it is a list; ``UnexpectedAnswer`` otherwise."""
    if not isinstance(data, list):
        raise UnexpectedAnswer(f"expected a list, got {_kind(data)}", method="GET", path=path)
    return data


def object_of(data: object, path: str) -> dict[str, Any]:
    """``data`` when it is an object; ``UnexpectedAnswer`` otherwise."""
    if not isinstance(data, dict):
        raise UnexpectedAnswer(f"expected an object, got {_kind(data)}", method="GET", path=path)
    return data


def objects(items: Iterable[object]) -> Iterator[Row | None]:
    """Each object as a ``Row``; None for what is none, so that it can be counted."""
    return (Row(item) if isinstance(item, dict) else None for item in items)


def _kind(data: object) -> str:
    return {"NoneType": "null", "dict": "an object", "list": "a list", "str": "text", "bool": "a boolean"}.get(
        type(data).__name__, "a number"
    )
