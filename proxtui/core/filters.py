"""The filter language: one parser for tables, tree and the command line's ``--filter``.

::

    web prod             both words, somewhere in name, id, tags, node
    tag:prod node:pve3   a field; * and ? stand for anything: name:web*  lock:*
    cpu>80 mem>=90       percent of what it has; mem>4G with a unit is bytes; uptime>2d age>4w size>10G
    netin>10M            bytes in a second: netin, netout, diskread, diskwrite; maxcpu>=8 maxmem>16G
    ip:10.3. os:debian   a part is enough; backup>2d backup:none
    !status:running      not
    a b | c              (a and b) or c
    "two words"  name:"my vm"

Case does not matter. What is unknown satisfies no comparison.
What cannot be read is refused with its place in the text.
"""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from proxtui.core.rows import Scalar, TableRow
from proxtui.errors import UsageError

Test = Callable[[TableRow], bool]

TEXT_FIELDS: tuple[str, ...] = (
    *("type", "status", "name", "id", "vmid", "node", "server", "tenant"),
    *("tag", "pool", "lock", "ha", "storage", "ip", "os", "backup", "template", "user"),
)
RATES = ("netin", "netout", "diskread", "diskwrite")
"""Bytes in a second."""
NUMBER_FIELDS = (
    *("cpu", "mem", "disk", "uptime", "id", "vmid", "size", "age", "backup"),
    *("maxcpu", "maxmem", "maxdisk"),
    *RATES,
)
FIELDS = tuple(dict.fromkeys(TEXT_FIELDS + NUMBER_FIELDS))
"""Every field that a term may name; a row answers them in ``TableRow.field``."""

MAX_LENGTH = 500
"""Characters of a filter; nobody types more, and matching stays cheap."""

BOTH_SIDES = "| needs a term on both sides"

# As texts: re keeps what it made of them, and no start waits for it.
_SPLIT = r"""\||(?:"[^"]*"|[^\s|"])+"""
_TERM = r"(?s:(?P<field>[^\s:<>=\"]+)(?P<sign>>=|<=|>|<|=|:)(?P<value>.*))"
_NUMBER = r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?P<unit>[a-z%]*)"
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}
_BYTES = {letter: 1024**power for power, letter in enumerate("kmgtp", start=1)}
_BYTE_UNITS = {"b": 1} | {letter + end: size for letter, size in _BYTES.items() for end in ("", "b", "ib")}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_TYPES = {"vm": "qemu", "kvm": "qemu", "ct": "lxc", "container": "lxc"}
_YES_NO = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}
# In these a part is enough: nobody types a whole host name to find it.
_PARTIAL = frozenset({"name", "ip", "os"})
_IN_BYTES = frozenset({"size", "maxmem", "maxdisk", *RATES})
_IN_SECONDS = frozenset({"uptime", "age", "backup"})
_COUNTED = frozenset({"id", "vmid", "maxcpu"})
_NEEDS_QUOTES = r"[\s|]"
# A word that would be read as a field or as "not".
_NOT_A_WORD = r"(?s:!|.*[:<>=])"


class NotKnownYet(LookupError):
    """Raised by a row that has to be asked for a value first; see ``Filter.could_match``."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter. ``str`` gives its canonical text; filters are equal when these are."""

    text: str = field(default="", compare=False)
    """As it was typed."""
    _canonical: str = field(default="", repr=False)
    _alternatives: tuple[tuple[Test, ...], ...] = field(default=((),), compare=False, repr=False)
    fields: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """Every field that a term names, each once."""

    def matches(self, row: TableRow) -> bool:
        """Whether a row passes: all terms of any alternative."""
        for tests in self._alternatives:
            for test in tests:
                if not test(row):
                    break
            else:
                return True
        return False

    def could_match(self, row: TableRow) -> bool:
        """False only when no value for which the row raises ``NotKnownYet`` could let it pass."""
        return any(all(_could_pass(test, row) for test in tests) for tests in self._alternatives)

    def __str__(self) -> str:
        return self._canonical

    def __bool__(self) -> bool:
        """False when everything passes."""
        return self._alternatives != ((),)


EVERYTHING = Filter()


def _could_pass(test: Test, row: TableRow) -> bool:
    try:
        return test(row)
    except NotKnownYet:
        return True


class _Term(NamedTuple):
    canonical: str
    test: Test
    field: str = ""
    """Empty for a plain word."""


class _Source(NamedTuple):
    """A term as it was typed, and where."""

    text: str
    column: int
    """Counted in characters, from 1."""

    def bad(self, why: str) -> UsageError:
        line = f"filter, column {self.column}: {self.text}: {why}"
        # What was typed or piped in is shown again: control characters must not come out as such.
        return UsageError("".join(sign if sign.isprintable() else "?" for sign in line))


def parse(text: str) -> Filter:
    """Read a filter. Raises UsageError with one line that names the bad term and its column, and nothing else."""
    stripped = text.strip()
    if not stripped:
        return EVERYTHING
    if len(stripped) > MAX_LENGTH:
        raise _too_long(MAX_LENGTH + 1)
    if text.count('"') % 2:
        raise _Source('"', text.rindex('"') + 1).bad("a quote that is not closed")
    alternatives = _alternatives(text)
    canonical = " | ".join(" ".join(term.canonical for term in terms) for terms in alternatives)
    if len(canonical) > MAX_LENGTH:
        raise _too_long(len(text))
    tests = tuple(tuple(term.test for term in terms) for terms in alternatives)
    named = dict.fromkeys(term.field for terms in alternatives for term in terms if term.field)
    return Filter(stripped, canonical, tests, tuple(named))


def _too_long(column: int) -> UsageError:
    return UsageError(f"filter, column {column}: longer than {MAX_LENGTH} characters")


def _alternatives(text: str) -> list[list[_Term]]:
    found: list[list[_Term]] = [[]]
    bar = None
    for match in re.finditer(_SPLIT, text):
        source = _Source(match[0], match.start() + 1)
        if source.text != "|":
            found[-1].append(_term(source))
        elif not found[-1]:
            raise source.bad(BOTH_SIDES)
        else:
            found.append([])
            bar = source
    if bar is not None and not found[-1]:
        raise bar.bad(BOTH_SIDES)
    return found


def _term(source: _Source) -> _Term:
    bare = source.text.lstrip("!")
    if not bare:
        raise source.bad("! needs a term right after it")
    positive = _positive(source, bare)
    if (len(source.text) - len(bare)) % 2 == 0:
        return positive
    return _Term(f"!{positive.canonical}", lambda row: not positive.test(row), positive.field)


def _positive(source: _Source, term: str) -> _Term:
    parts = re.fullmatch(_TERM, term)
    if parts is None:
        return _word(term)
    name, sign, value = parts["field"].lower(), parts["sign"], parts["value"].replace('"', "").lower()
    if name not in FIELDS:
        raise source.bad(f"there is no field {name}; fields are {', '.join(FIELDS)}")
    if not value:
        raise source.bad("a value is missing")
    if sign in (":", "=") and name in TEXT_FIELDS:
        return _Term(f"{name}:{_quoted(value)}", _text_test(source, name, value), name)
    if name not in NUMBER_FIELDS:
        raise source.bad(f"{name} is text; write {name}:{value}")
    if sign == ":":
        raise source.bad(f"{name} is a number; write {name}>{value} or {name}<{value}")
    return _Term(f"{name}{sign}{value}", _number_test(source, name, sign, value), name)


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(_NEEDS_QUOTES, value) else value


def _word(term: str) -> _Term:
    needle = term.replace('"', "").lower()
    canonical = f'"{needle}"' if not needle or re.match(_NOT_A_WORD, needle) else _quoted(needle)
    return _Term(canonical, lambda row: needle in row.haystack)


def _text_test(source: _Source, name: str, value: str) -> Test:
    if name == "template":
        if value not in _YES_NO:
            raise source.bad("template is yes or no")
        wanted = _YES_NO[value]
        return lambda row: bool(row.field("template")) is wanted
    fits = _text_matcher(name, _TYPES.get(value, value) if name == "type" else value)

    def test(row: TableRow) -> bool:
        found = row.field(name)
        if found is None or isinstance(found, bool):
            return False
        if isinstance(found, list):
            return any(fits(part.lower()) for part in found)
        return fits(str(found).lower())

    return test


def _text_matcher(name: str, value: str) -> Callable[[str], bool]:
    if "*" in value or "?" in value:
        # Only * and ? are special here: [ is common in names.
        pattern = re.sub(r"\*+", "*", value).replace("[", "[[]")
        glob = re.compile(fnmatch.translate(pattern)).match
        # An empty text is nothing: lock:* means that there is a lock.
        return lambda found: bool(found) and glob(found) is not None
    if name in _PARTIAL:
        return lambda found: value in found
    return lambda found: found == value


class _Amount(NamedTuple):
    number: float
    relative: bool
    """True: a fraction of the row's maximum."""


def _number_test(source: _Source, name: str, sign: str, value: str) -> Test:
    compare = _SIGNS[sign]
    amount = _amount(source, name, value)
    limit = amount.number
    whole = f"max{name}" if amount.relative and name != "cpu" else None

    def test(row: TableRow) -> bool:
        found = _as_number(row.field(name))
        if found is None:
            return False
        if whole is None:
            return compare(found, limit)
        maximum = _as_number(row.field(whole))
        return bool(maximum) and compare(found / (maximum or 1), limit)

    return test


def _amount(source: _Source, name: str, value: str) -> _Amount:
    match = re.fullmatch(_NUMBER, value)
    if match is None:
        raise source.bad(f"{value} is not a number")
    number, unit = float(match["number"]), match["unit"]
    if name in ("cpu", "mem", "disk") and unit in ("", "%"):
        return _Amount(number / 100, relative=True)
    if name in ("mem", "disk") and unit in _BYTE_UNITS:
        return _Amount(number * _BYTE_UNITS[unit], relative=False)
    if name in _IN_BYTES and unit in ("", *_BYTE_UNITS):
        return _Amount(number * _BYTE_UNITS.get(unit, 1), relative=False)
    if name in _IN_SECONDS and unit in _SECONDS:
        return _Amount(number * _SECONDS[unit], relative=False)
    if name in _COUNTED and not unit:
        return _Amount(number, relative=False)
    raise source.bad(f"{name} does not know the unit {unit}")


def _as_number(value: Scalar) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value
