"""The filter language as properties: it round-trips, means what a naive reading means, and says where it fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxtui.core.filters import FIELDS, MAX_LENGTH, RATES, TEXT_FIELDS, parse
from proxtui.core.rows import Scalar
from proxtui.errors import UsageError


@dataclass
class Line:
    """A row made of fields."""

    haystack: str = ""
    fields: dict[str, Scalar] = dataclass_field(default_factory=dict)
    key: int = 1
    muted: bool = False

    def field(self, name: str) -> Scalar:
        return self.fields.get(name)


# --- any text -------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from([
    *'ab 1.:<>=!|"*?[]%KgG-\\{}\t\n', "cpu>", "mem<=", "tag:", "name:", "type:", "age>", "İ", "Σ", "é", "\u2003",
    "\u202e", "\x00", "\x1c", "９",
])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


@given(TEXTS)
@example('"a:b" !"!x" ""')
@example('name:"a|b" | "c d"')
@example('name:"ΑΣ B"')
def test_what_parses_has_a_canonical_text_that_parses_to_the_same(text: str) -> None:
    try:
        parsed = parse(text)
    except UsageError:
        return
    again = parse(str(parsed))
    assert again == parsed
    assert str(again) == str(parsed)
    assert bool(again) == bool(parsed)


@given(TEXTS)
@example("İ" * (MAX_LENGTH - 1))
@example(' "')
@example("a | ")
@example("  cpu>x")
def test_any_text_is_accepted_or_refused_with_its_place(text: str) -> None:
    try:
        parsed = parse(text)
    except UsageError as error:
        line = str(error)
        assert line.isprintable()
        place = re.match(r"filter, column (\d+): ", line)
        assert place, line
        column = int(place[1])
        assert 1 <= column <= max(len(text), MAX_LENGTH + 1)
        if "longer than" not in line:
            # The term that is named stands at that place.
            assert not text[column - 1].isspace()
            typed = "".join(sign if sign.isprintable() else "?" for sign in text[column - 1 :])
            named = line[place.end() :]
            assert named.startswith(typed[0])
        return
    assert parsed.matches(Line()) in (True, False)


@pytest.mark.parametrize(
    ("text", "column", "term"),
    [
        ("cpu>abc", 1, "cpu>abc"),
        ("web  cpu>abc", 6, "cpu>abc"),
        ("  web !colour:red x", 7, "!colour:red"),
        ("a | b status>3", 7, "status>3"),
        ('a "b c" !', 9, "!"),
        ("a |", 3, "|"),
        ("| a", 1, "|"),
        ("a | | b", 5, "|"),
        ('a "b', 3, '"'),
        ('tag:"a b" "c', 11, '"'),
    ],
)
def test_the_place_is_the_column_of_the_term(text: str, column: int, term: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"filter, column {column}: {term}: ")):
        parse(text)


def test_canonical_texts() -> None:
    for text, canonical in {
        "  Web   PROD ": "web prod",
        "a|b": "a | b",
        "Tag=Prod": "tag:prod",
        "!!web": "web",
        '!!!"web"': "!web",
        '"b:c"': '"b:c"',
        'b":c"': '"b:c"',
        '"!a"': '"!a"',
        'pool:"My pool"': 'pool:"my pool"',
        "mem>4G": "mem>4g",
        '""': '""',
        "": "",
    }.items():
        assert str(parse(text)) == canonical
    assert parse("Tag=PROD") == parse("tag:prod")
    assert parse("tag:prod") != parse("tag:test")


# --- against a naive reading ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """A term before it was written: ``sign`` is empty for a word."""

    name: str
    sign: str
    value: str
    negations: int = 0

    def written(self) -> str:
        value = f'"{self.value}"' if re.search(r"[\s|:<>=!]|^$", self.value) and not self.is_number else self.value
        return "!" * self.negations + self.name + self.sign + value

    @property
    def is_number(self) -> bool:
        return self.sign not in ("", ":")

    def holds(self, row: Line) -> bool:
        return self.positive(row) != (self.negations % 2 == 1)

    def positive(self, row: Line) -> bool:
        if not self.sign:
            return self.value.lower() in row.haystack
        found = row.field(self.name)
        if self.is_number:
            return isinstance(found, int | float) and number_holds(self, found, row)
        if self.name == "template":
            return (self.value in ("yes", "true", "1", "on")) == bool(found)
        if found is None:
            return False
        wanted = self.value.lower()
        if self.name == "type":
            wanted = {"vm": "qemu", "kvm": "qemu", "ct": "lxc", "container": "lxc"}.get(wanted, wanted)
        texts = found if isinstance(found, list) else [str(found)]
        return any(text_holds(self.name, wanted, text.lower()) for text in texts)


def text_holds(name: str, wanted: str, found: str) -> bool:
    if "*" in wanted or "?" in wanted:
        return found != "" and like(wanted, found)
    return wanted in found if name in ("name", "ip", "os") else wanted == found


def like(pattern: str, text: str) -> bool:
    """Wildcards, one character at a time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return like(pattern[1:], text) or (text != "" and like(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and like(pattern[1:], text[1:])


UNITS: dict[str, float] = {
    "": 1, "%": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "GiB": 1024**3, "kb": 1024, "b": 1,
    "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800,
}  # fmt: skip


def number_holds(term: Term, found: float, row: Line) -> bool:
    digits = re.match(r"[0-9.]+", term.value)
    assert digits
    unit = term.value[digits.end() :]
    limit = float(digits[0]) * UNITS[unit]
    if term.name in ("cpu", "mem", "disk") and unit in ("", "%"):
        limit = float(digits[0]) / 100
        if term.name != "cpu":
            whole = row.field(f"max{term.name}")
            if not isinstance(whole, int | float) or not whole:
                return False
            found = found / whole
    return {
        ">": found > limit,
        ">=": found >= limit,
        "<": found < limit,
        "<=": found <= limit,
        "=": found == limit,
    }[term.sign]


LETTERS = st.text(alphabet=st.sampled_from("aaAb1 [:|é"), min_size=1, max_size=3)
WILD = st.text(alphabet=st.sampled_from("aA**?[]"), min_size=1, max_size=4)
NEGATIONS = st.integers(0, 3)
WORDS = st.builds(Term, st.just(""), st.just(""), LETTERS | st.just(""), NEGATIONS)
FREE_TEXT = tuple(name for name in TEXT_FIELDS if name not in ("template", "type"))
FIELD_TERMS = st.one_of(
    st.builds(Term, st.sampled_from(FREE_TEXT), st.just(":"), LETTERS | WILD, NEGATIONS),
    st.builds(Term, st.just("type"), st.just(":"), st.sampled_from(["vm", "kvm", "CT", "lxc", "q*"]), NEGATIONS),
    st.builds(Term, st.just("template"), st.just(":"), st.sampled_from(["yes", "no", "0", "on"]), NEGATIONS),
)
AMOUNT = st.sampled_from(["0", "1", "2.5", ".5", "50", "100"])
SIGNS = st.sampled_from([">", ">=", "<", "<=", "="])
ORDERED = st.sampled_from([">", ">=", "<", "<="])


def numbers(
    names: tuple[str, ...], units: tuple[str, ...], signs: st.SearchStrategy[str] = SIGNS
) -> st.SearchStrategy[Term]:
    values = st.builds("".join, st.tuples(AMOUNT, st.sampled_from(units)))
    return st.builds(Term, st.sampled_from(names), signs, values, NEGATIONS)


NUMBER_TERMS = st.one_of(
    numbers(("cpu",), ("", "%")),
    numbers(("mem", "disk"), ("", "%", "K", "M", "G", "GiB", "kb", "b")),
    numbers(("uptime", "age"), ("", "s", "m", "h", "d", "w")),
    numbers(("size", "maxmem", "maxdisk", *RATES), ("", "K", "M", "G", "b")),
    numbers(("maxcpu",), ("",)),
    # "=" of what is a text too compares text.
    numbers(("id", "vmid"), ("",), ORDERED),
    numbers(("backup",), ("", "s", "m", "h", "d", "w"), ORDERED),
)
FILTERS = st.lists(st.lists(WORDS | FIELD_TERMS | NUMBER_TERMS, min_size=1, max_size=3), min_size=1, max_size=3)
BYTES = st.none() | st.sampled_from([0, 1, 512, 1024, 2560, 1024**2, 1024**3, 50 * 1024**3])
LOADS = st.none() | st.sampled_from([0, 0.005, 0.01, 0.025, 0.5, 1.0])
COUNTS = st.none() | st.sampled_from([0, 1, 50, 60, 100, 3600, 86_400, 604_800])
VALUES: dict[str, st.SearchStrategy[Scalar]] = {
    **{name: st.none() | LETTERS | st.just("") for name in FREE_TEXT if name not in ("id", "vmid", "tag", "ip")},
    "ip": st.none() | LETTERS | st.lists(LETTERS, max_size=2),
    "type": st.sampled_from(["qemu", "lxc", "node"]),
    "template": st.sampled_from([None, True, False]),
    "tag": st.none() | st.lists(LETTERS, max_size=2),
    "cpu": LOADS,
    **dict.fromkeys(("mem", "maxmem", "disk", "maxdisk", "size"), BYTES),
    **dict.fromkeys(("uptime", "age", "id", "vmid", "maxcpu"), COUNTS),
    # A rate is a fraction of a byte now and then.
    **dict.fromkeys(RATES, BYTES | st.sampled_from([0.5, 1024.5, 10.0 * 1024**2])),
    "backup": COUNTS | st.just("none"),
}
LINES = st.builds(
    lambda words, fields: Line(" ".join(words).lower(), fields),
    st.lists(LETTERS, max_size=4),
    st.fixed_dictionaries({}, optional=VALUES),
)


@given(FILTERS, st.lists(LINES, min_size=1, max_size=5), st.sampled_from([" ", "  ", "\t"]))
def test_it_means_what_a_naive_reading_of_it_means(alternatives: list[list[Term]], rows: list[Line], gap: str) -> None:
    text = f"{gap}|{gap}".join(gap.join(term.written() for term in terms) for terms in alternatives)
    parsed = parse(text)
    canonical = parse(str(parsed))
    for row in rows:
        wanted = any(all(term.holds(row) for term in terms) for terms in alternatives)
        assert parsed.matches(row) == wanted, text
        assert canonical.matches(row) == wanted, str(parsed)


def of_one_term(term: Term) -> st.SearchStrategy[tuple[Term, Line]]:
    """The term, and a row that has what the term asks for."""
    wanted = {name: VALUES[name] for name in (term.name, f"max{term.name}") if name in VALUES}
    fields = st.fixed_dictionaries(wanted)
    words = st.lists(LETTERS, min_size=1, max_size=2).map(" ".join).map(str.lower)
    return st.tuples(st.just(term), st.builds(Line, words, fields))


@settings(max_examples=1000)
@given((WORDS | FIELD_TERMS | NUMBER_TERMS).flatmap(of_one_term))
@example((Term("name", ":", "a[b]*"), Line(fields={"name": "a[b]c"})))
@example((Term("name", ":", "[b]*"), Line(fields={"name": "b"})))
@example((Term("ip", ":", "10."), Line(fields={"ip": "10.0.0.1"})))
@example((Term("mem", ">", "0"), Line(fields={"mem": 1, "maxmem": None})))
@example((Term("disk", "<=", "100%"), Line(fields={"disk": 0, "maxdisk": 0})))
def test_each_term_means_what_a_naive_reading_of_it_means(case: tuple[Term, Line]) -> None:
    term, row = case
    assert parse(term.written()).matches(row) == term.holds(row), term.written()


def test_the_naive_reading_knows_every_field() -> None:
    assert set(FIELDS) <= set(VALUES)
