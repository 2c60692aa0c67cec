"""The filter language."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.core.filters import EVERYTHING, FIELDS, MAX_LENGTH, NUMBER_FIELDS, TEXT_FIELDS, parse
from proxtui.core.rows import Scalar
from proxtui.errors import UsageError

GIB = 1024**3


@dataclass
class Line:
    """A row made of fields."""

    key: int = 1
    haystack: str = "web-01 100 prod n1"
    muted: bool = False
    fields: dict[str, Scalar] = dataclass_field(default_factory=dict)

    def field(self, name: str) -> Scalar:
        return self.fields.get(name)


WEB = Line(
    fields={
        "type": "qemu",
        "status": "running",
        "name": "Web-01",
        "id": 100,
        "vmid": 100,
        "node": "n1",
        "server": "prod-eu",
        "tenant": "acme",
        "tag": ["prod", "edge"],
        "pool": "front",
        "lock": None,
        "ha": "started",
        "ip": "10.0.3.17",
        "template": False,
        "cpu": 0.82,
        "mem": 6 * GIB,
        "maxmem": 8 * GIB,
        "disk": None,
        "maxdisk": 100 * GIB,
        "uptime": 90_000,
    }
)


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "web", "WEB", "web prod", '"web-01 100"', "type:qemu", "type:vm", "status:running"),
        *("name:web", "name:web*", "name:*01", "name:we?-01", "name:WEB-01", "id:100", "id:10*", "vmid:100", "id=100"),
        *("node:n1", "server:prod-eu", "server:prod*", "tenant:acme", "tag:prod", "tag:ed*", "tag:EDGE", "pool:front"),
        *("!lock:*", "ha:started", "ip:10.0", "ip:10.0.3.*", "!template:yes", "template:no", "pool=front"),
        *("cpu>80", "cpu>80%", "cpu>=82", "cpu<82.5", "mem>=75", "mem<=75", "mem=75", "mem>4G", "mem>4GiB", "mem<7gb"),
        *("mem>5000M", "uptime>1d", "uptime>=25h", "uptime>=1500m", "uptime>80000", "uptime<2w", "vmid>=100", "id<101"),
        *("!status:stopped", "!!web", "status:stopped | tag:prod", "zzz | web prod", "web|zzz", "tag:prod|tag:none"),
        *('node:"n1"', 'pool:"front"', '"web"', '""'),
    ],
)
def test_passes(text: str) -> None:
    assert parse(text).matches(WEB)


@pytest.mark.parametrize(
    "text",
    [
        *("zzz", "web zzz", "!web", "type:lxc", "type:ct", "status:run", "node:n", "node:n10", "tag:pro", "name:web?"),
        *("lock:*", "storage:*", "cpu>82", "cpu<80", "mem>75", "mem>6G", "mem<6G", "uptime<1d", "vmid>100", "id:1"),
        *("disk>0", "disk<100", "disk<1T", "template:yes", "ip:192", "zzz | web zzz", "zzz|yyy", "!status:running"),
        *("pool:[f]ront", "!!!web", '"web prod"'),
    ],
)
def test_does_not_pass(text: str) -> None:
    assert not parse(text).matches(WEB)


def test_unknown_satisfies_no_comparison() -> None:
    unknown = Line(fields={"cpu": None, "mem": 5 * GIB, "maxmem": None})
    for text in ("cpu>0", "cpu<100", "cpu=0", "mem>50", "mem<50", "uptime>0", "status:*", "tag:*"):
        assert not parse(text).matches(unknown)
    assert parse("mem>4G").matches(unknown)
    assert not parse("mem>50").matches(Line(fields={"mem": 0, "maxmem": 0}))


def test_an_empty_lock_is_no_lock() -> None:
    assert not parse("lock:*").matches(Line(fields={"lock": ""}))
    assert parse("lock:*").matches(Line(fields={"lock": "backup"}))


def test_brackets_mean_themselves() -> None:
    assert parse("name:web[[]*").matches(Line(fields={"name": "web[[]x"}))
    assert parse("name:web[prod]*").matches(Line(fields={"name": "web[prod]-1"}))


def test_a_field_may_hold_words_with_spaces() -> None:
    row = Line(fields={"pool": "my pool"}, haystack="a b:c")
    assert parse('pool:"my pool"').matches(row)
    assert parse('"b:c"').matches(row), "in quotes it is a word, not a field"
    assert parse('pool:"a|b"').text == 'pool:"a|b"'


@pytest.mark.parametrize(
    ("text", "named", "why"),
    [
        ("web cpu>abc", "cpu>abc", "abc is not a number"),
        ("cpu>", "cpu>", "a value is missing"),
        ("tag:", "tag:", "a value is missing"),
        ("colour:red", "colour:red", "there is no field colour"),
        ("cpu:80", "cpu:80", "cpu is a number"),
        ("status>3", "status>3", "status is text"),
        ("mem>4X", "mem>4X", "does not know the unit x"),
        ("cpu>4G", "cpu>4G", "does not know the unit g"),
        ("uptime>5%", "uptime>5%", "does not know the unit %"),
        ("template:maybe", "template:maybe", "yes or no"),
        ("cpu>-1", "cpu>-1", "-1 is not a number"),
        ("cpu>1e3", "cpu>1e3", "unit e3|not a number"),
        ("mem>nan", "mem>nan", "nan is not a number"),
        ("!", "!", "needs a term"),
        ("a |", "|", "on both sides"),
        ("| a", "|", "on both sides"),
        ("a || b", "|", "on both sides"),
        ('"open', '"', "is not closed"),
        ("x" * (MAX_LENGTH + 1), "filter", "longer than"),
    ],
)
def test_a_bad_term_is_named_in_one_line(text: str, named: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        parse(text)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_complaint_never_carries_control_characters() -> None:
    with pytest.raises(UsageError) as caught:
        parse("cpu>\x1b[2J")
    assert str(caught.value).isprintable()


def test_an_unknown_field_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        parse("colour:red")
    for name in FIELDS:
        assert name in str(caught.value)


def test_everything_is_false_and_equal_texts_are_equal() -> None:
    assert not EVERYTHING
    assert parse("  ") is EVERYTHING
    assert parse("a") == parse(" a ")
    assert parse("a") != parse("b")
    assert parse("a")


ALPHABET = st.sampled_from([*'ab 1.:<>=!|"*?[]%KgG-\\{}', "cpu", "mem", "tag", "name", "é", "\u202e", "\x00", "９"])


@given(st.lists(ALPHABET, max_size=30).map("".join))
def test_parse_raises_only_usage_errors_and_matching_nothing(text: str) -> None:
    try:
        parsed = parse(text)
    except UsageError:
        return
    assert parsed.matches(WEB) in (True, False)


@given(st.sampled_from(FIELDS), st.sampled_from([":", "=", ">", ">=", "<", "<="]), st.text(max_size=20))
def test_any_value_of_any_field_parses_or_is_refused(name: str, sign: str, value: str) -> None:
    assert name in TEXT_FIELDS + NUMBER_FIELDS
    try:
        parsed = parse(f"{name}{sign}{value}")
    except UsageError:
        return
    assert parsed.matches(WEB) in (True, False)
