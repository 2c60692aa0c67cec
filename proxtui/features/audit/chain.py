"""Entries as text that is always the same, and the chain of codes that binds each to the one before it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from typing import Any

from proxtui import __version__
from proxtui.config.models import Role
from proxtui.core.actor import Actor
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.core.redact import Redactor, without_shapes

GENESIS = "0" * 64
"""What the first row is bound to."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was written: microseconds since the epoch, and since the machine started."""

    ts: int
    boot: int


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: a row's number and code."""

    seq: int = 0
    mac: str = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row as it lies on the disk."""

    seq: int
    ts: int
    phase: str
    event: str
    op_id: str
    user: str
    tenant: str
    server: str
    kind: str
    target: str
    result: str
    body: str
    prev: str
    mac: str
    chain: str = ""
    """Whose it is, where several share one database."""

    @property
    def head(self) -> Head:
        return Head(self.seq, self.mac)


def canonical(value: Any) -> str:
    """JSON that is the same for the same value: sorted keys, no spaces, ASCII. ValueError for a number such as nan."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def body_of(entry: AuditEntry, *, key_id: str, boot: int) -> dict[str, Any]:
    """Everything that is kept of an entry, without what is empty."""
    # A uid of 0 is root, not nobody: it is always told.
    actor = _filled(entry.actor) | {"uid": entry.actor.uid}
    body = _filled(entry) | {"actor": actor, "app": __version__, "boot": boot, "key": key_id}
    if entry.params:
        body["params"] = dict(entry.params)
    return body


def entry_of(body: Mapping[str, Any]) -> AuditEntry:
    """The entry that ``body_of`` kept. KeyError, TypeError or ValueError for what it never wrote."""
    known = {one.name for one in fields(AuditEntry)}
    found = {name: value for name, value in body.items() if name in known}
    actor = {name: value for name, value in body["actor"].items() if name in {one.name for one in fields(Actor)}}
    if "role" in actor:
        actor["role"] = Role(actor["role"])
    if "result" in found:
        found["result"] = Result(found["result"])
    return AuditEntry(**{**found, "actor": Actor(**actor), "phase": Phase(found["phase"])})


def searched(body: Mapping[str, Any]) -> dict[str, str]:
    """What the columns say, from the body: a column that says something else was altered."""
    return {
        "phase": body["phase"],
        "event": body["event"],
        "op_id": body.get("op_id", ""),
        "user": body["actor"].get("user", ""),
        "tenant": body.get("tenant", ""),
        "server": body.get("server", ""),
        "kind": body.get("target_kind", ""),
        "target": body.get("target_id", ""),
        "result": body.get("result", ""),
    }


def mac_of(key: bytes, head: Head, ts: int, phase: str, body: str) -> str:
    """The code of the row after ``head``. Lengths go before texts: no two rows give the same bytes."""
    parts = (head.mac, str(head.seq + 1), str(ts), phase, body)
    message = b"".join(f"{len(part)}:{part}".encode() for part in parts)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def linked(entry: AuditEntry, head: Head, stamp: Stamp, *, key_id: str, key: bytes, chain: str = "") -> Record:
    """The row of an entry, bound to the one before it."""
    body = body_of(entry, key_id=key_id, boot=stamp.boot)
    text = canonical(body)
    mac = mac_of(key, head, stamp.ts, str(entry.phase), text)
    return Record(seq=head.seq + 1, ts=stamp.ts, body=text, prev=head.mac, mac=mac, chain=chain, **searched(body))


def redacted(entry: AuditEntry, redact: Redactor) -> AuditEntry:
    """The entry without the secrets of this run, and without what looks like anybody's."""
    return replace(
        entry,
        actor=replace(entry.actor, ssh_claimed=redact(entry.actor.ssh_claimed)),
        params={redact(name): redact(str(value)) for name, value in entry.params.items()},
        message=redact(entry.message),
        reason=redact(entry.reason),
        target_name=redact(entry.target_name),
        # A password that is the name of a user or a node must not make rows that nobody finds again.
        endpoint=without_shapes(entry.endpoint),
        identity=without_shapes(entry.identity),
        target_id=without_shapes(entry.target_id),
        upid=without_shapes(entry.upid),
    )


def _filled(thing: AuditEntry | Actor) -> dict[str, Any]:
    return {
        one.name: _plain(getattr(thing, one.name))
        for one in fields(thing)
        if one.name not in ("actor", "params") and not _is_empty(one, getattr(thing, one.name))
    }


def _plain(value: Any) -> Any:
    # Of an enumeration its text: the class must be able to change.
    return str(value) if isinstance(value, str) else value


def _is_empty(one: Field[Any], value: Any) -> bool:
    # 0 is not empty where the default is None: a login uid of 0 is root, and no login uid is nobody.
    return not value and one.default is not MISSING and value == one.default and type(value) is type(one.default)
