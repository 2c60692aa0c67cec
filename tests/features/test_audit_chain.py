"""Entries as text: nothing is lost, the same entry is the same text, and no two rows have the same code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.config.models import Role
from proxtui.core.actor import Actor
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.core.redact import Redactor
from proxtui.errors import AuditUnavailable, UsageError
from proxtui.features.audit.anchors import read_noted
from proxtui.features.audit.chain import Head, Stamp, body_of, canonical, entry_of, linked, redacted, searched
from proxtui.features.audit.keys import FileKey
from tests.features.audits import entry

text = st.text(max_size=40)
count = st.integers(min_value=0, max_value=2**63 - 1)
actors = st.builds(
    Actor,
    **{name: text for name in ("user", "method", "os_user", "tty", "boot", "host", "ssh_claimed")},
    **{name: count for name in ("uid", "pid", "started")},
    **{name: st.none() | count for name in ("loginuid", "session")},
    role=st.sampled_from(Role),
)
NAMES = ("event", "op_id", "tenant", "server", "endpoint", "identity", "target_kind", "target_id", "target_name")
entries = st.builds(
    AuditEntry,
    **{name: text for name in (*NAMES, "target_node", "upid", "message", "reason")},
    phase=st.sampled_from(Phase),
    actor=actors,
    params=st.dictionaries(text, text, max_size=4),
    dry_run=st.booleans(),
    result=st.none() | st.sampled_from(Result),
    status=count,
    duration_ms=st.none() | count,
)


@given(entries, count)
def test_any_entry_survives(one: AuditEntry, boot: int) -> None:
    body = body_of(one, key_id="k", boot=boot)
    kept = canonical(body)
    assert kept.isascii()
    assert "\n" not in kept
    read = json.loads(kept)
    assert read == body
    assert entry_of(read) == one
    assert canonical(read) == kept
    assert searched(read)["user"] == one.actor.user


@given(st.recursive(st.none() | st.booleans() | count | text, lambda inner: st.dictionaries(text, inner, max_size=4)))
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    turned = dict(reversed(value.items())) if isinstance(value, dict) else value
    assert canonical(turned) == canonical(value)


@given(entries)
def test_redacting_twice_changes_nothing_more(one: AuditEntry) -> None:
    redactor = Redactor()
    redactor.hide("secret-word")
    once = redacted(one, redactor)
    assert redacted(once, redactor) == once


def test_no_number_that_is_none() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})


def code(one: AuditEntry = entry(), head: Head = Head(), ts: int = 1, key: bytes = b"k") -> str:  # noqa: B008
    return linked(one, head, Stamp(ts, 2), key_id="k", key=key).mac


def test_everything_is_in_the_code() -> None:
    codes = [
        code(),
        code(entry(message="x")),
        code(entry(phase=Phase.OUTCOME)),
        code(head=Head(1)),
        code(head=Head(0, "1" * 64)),
        code(ts=2),
        code(key=b"l"),
    ]
    assert len(set(codes)) == len(codes)


def test_no_login_uid_is_not_root() -> None:
    def kept(loginuid: int | None) -> int | None:
        actor = Actor(user="x", loginuid=loginuid)
        return entry_of(body_of(entry(actor=actor), key_id="k", boot=0)).actor.loginuid

    assert (kept(0), kept(None)) == (0, None)


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "ab" * 40])
def test_a_key_that_is_none_is_refused(tmp_path: Any, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(AuditUnavailable, match="is not the key"):
        FileKey(path).current()


def test_an_end_noted_elsewhere_is_read(tmp_path: Any) -> None:
    mac = "a" * 64
    assert read_noted(f"12:{mac}") == Head(12, mac)
    (tmp_path / "export").write_text('{"seq":1,"mac":"b"}\n{"end":true,"seq":12,"mac":"' + mac + '"}\n')
    assert read_noted(str(tmp_path / "export")) == Head(12, mac)
    for wrong in ("12:short", "nowhere", str(tmp_path)):
        with pytest.raises(UsageError, match="--anchor"):
            read_noted(wrong)
