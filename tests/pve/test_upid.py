from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.errors import InvalidInput
from proxtui.pve.upid import Upid

REAL = "UPID:pve1:000010F0:00059F49:6B022E46:vzstart:210:admin@pve!full:"
WORD = st.text(st.sampled_from("abcXYZ019-_.!@äß"), min_size=1, max_size=20)


def test_a_real_one_is_taken_apart() -> None:
    upid = Upid(REAL)
    assert upid == REAL
    assert (upid.node, upid.pid, upid.pstart, upid.starttime) == ("pve1", 4336, 368457, 1795305030)
    assert (upid.type, upid.id, upid.user) == ("vzstart", "210", "admin@pve!full")


def test_it_may_name_nothing_that_it_works_on() -> None:
    assert Upid("UPID:pve1:000010F0:00059F49A:6B022E46:imgcopy::root@pam:").id == ""


def test_copies_keep_their_parts() -> None:
    assert copy.copy(Upid(REAL)).node == "pve1"
    assert pickle.loads(pickle.dumps(Upid(REAL))).user == "admin@pve!full"  # noqa: S301 - our own bytes


@given(
    node=st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?", fullmatch=True),
    pid=st.integers(0, 2**32 - 1),
    pstart=st.integers(0, 2**36 - 1),
    starttime=st.integers(0, 2**32 - 1),
    kind=WORD,
    target=WORD | st.just(""),
    user=WORD,
)
def test_what_goes_in_comes_out(
    node: str, pid: int, pstart: int, starttime: int, kind: str, target: str, user: str
) -> None:
    text = f"UPID:{node}:{pid:08X}:{pstart:08X}:{starttime:08X}:{kind}:{target}:{user}:"
    upid = Upid(text)
    parts = (upid.node, upid.pid, upid.pstart, upid.starttime, upid.type, upid.id, upid.user)
    assert parts == (node, pid, pstart, starttime, kind, target, user)
    assert str(upid) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "UPID",
        REAL[:-1],
        REAL + "\n",
        " " + REAL,
        REAL.replace("pve1", "../../pve1"),
        REAL.replace("pve1", "-pve1"),
        REAL.replace("000010F0", "10F0"),
        REAL.replace("000010F0", "000010G0"),
        REAL.replace("vzstart", "vz/start"),
        REAL.replace("vzstart", ""),
        REAL.replace("210", "2\x1b[31m10"),
        REAL.replace("210", "2\u202e10"),
        REAL.replace("210", "2␛10"),
        REAL.replace("210", "2\N{REPLACEMENT CHARACTER}10"),
        REAL.replace("admin@pve", "a dmin@pve"),
        REAL.replace("210", "x" * 2000),
        None,
        17,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Upid(text)
    assert refused.value.field == "upid"
    assert "\x1b" not in str(refused.value)
