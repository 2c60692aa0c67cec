"""Answers of PVE: the data out of a good one, the right error out of a bad one."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    GuestLocked,
    NodeUnreachable,
    NotFoundError,
    PermissionDenied,
    UnexpectedAnswer,
    ValidationError,
)
from proxtui.pve.hiding import Hiding
from proxtui.pve.sanitize import clean, clean_json

LONGEST_REASON = 400
LONGEST_WAIT = 300.0

_PERMISSION = re.compile(r"Permission check failed \((?P<path>/[^,()]*), (?P<privilege>[A-Za-z][\w.|, ]*)\)")
_LOCKED = re.compile(r"\b(VM|CT)( \d+)? is locked\b|can't lock file '/(var|run)/lock/(qemu-server|lxc)/|CT is locked")
_CONFLICT = re.compile(r"file change by other user\?|file changed by other user\?", re.IGNORECASE)
_INSIDE = "Agent error: "
"""What a guest agent says is about the inside of the guest: a program that is missing there is nothing of PVE's."""
_NOT_FOUND = re.compile(
    r"does not exist|\bno such (?!uri\b|method\b)|hostname lookup '.*' failed|unable to find configuration file",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, its body read whole and decompressed. ``reason`` is cleaned."""

    status: int
    reason: str
    body: bytes
    retry_after: str | None = None
    location: str | None = None


def reason_text(phrase: bytes | None, status: int, *, limit: int = LONGEST_REASON) -> str:
    """PVE's error text stands in the reason phrase, as UTF-8 or what older releases took for Latin-1."""
    if not phrase:
        try:
            return HTTPStatus(status).phrase
        except ValueError:
            return f"HTTP {status}"
    try:
        text = phrase.decode("utf-8")
    except UnicodeDecodeError:
        text = phrase.decode("latin-1")
    return clean(text.strip(), limit=limit)


def data_of(reply: Reply, method: str, path: str) -> Any:
    """The ``data`` of a good answer, decoded and cleaned; None where PVE has nothing to say.

    ``UnexpectedAnswer`` for everything that is not ``{"data": ...}``.
    """
    document = decoded(require_json(reply, method, path), method, path, status=reply.status)
    if not isinstance(document, dict) or "data" not in document:
        raise UnexpectedAnswer(
            "the answer has no data in it: is this a PVE server?", status=reply.status, method=method, path=path
        )
    return document["data"]


def require_json(reply: Reply, method: str, path: str) -> bytes:
    """The body, when it at least begins as PVE's answers do."""
    if reply.body[:64].lstrip()[:1] == b"{":
        return reply.body
    what = "an empty body"
    if reply.body.strip():
        what = "a web page" if b"<" in reply.body[:64].lstrip()[:1] else "something that is not JSON"
    raise UnexpectedAnswer(f"the server answered {what}", status=reply.status, method=method, path=path)


def decoded(body: bytes, method: str = "", path: str = "", *, status: int = 200) -> Any:
    """A JSON body as Python values with every string cleaned. Numbers nobody can mean (NaN, 1e400) are None."""
    try:
        return clean_json(_parsed(body))
    except (ValueError, RecursionError):
        raise UnexpectedAnswer("the server answered broken JSON", status=status, method=method, path=path) from None


def _parsed(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The slow and lenient way: odd numbers, lone surrogates and stray bytes spoil one value, not the answer.
        text = body.decode("utf-8", "replace")
        return json.loads(text, parse_constant=lambda _: None, parse_int=_whole, parse_float=_fraction)


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= 20 else None


def _fraction(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def refusal(reply: Reply, method: str, path: str, hide: Hiding) -> ApiError:
    """The error that a bad answer means. Not raised here, so that the caller can act on a 401.

    Nothing of it tells a secret that ``hide`` knows: who is in the way may send back all that it got.
    """
    message, errors = _explained(reply, hide)
    # Hidden before it is cut: half a secret is one, too.
    reason = message or clean(hide(reply.reason), limit=LONGEST_REASON)
    kind, reason = _judged(reply, reason, hide)
    error = kind(reason, status=reply.status, errors=errors, method=method, path=path)
    error.retry_after = _seconds(reply.retry_after)
    if isinstance(error, PermissionDenied) and (found := _PERMISSION.search(reason)):
        error.acl_path, error.privilege = found["path"], found["privilege"]
    return error


def _judged(reply: Reply, reason: str, hide: Hiding) -> tuple[type[ApiError], str]:
    status = reply.status
    if 300 <= status < 400:
        where = f" to {clean(hide(reply.location), limit=100)}" if reply.location else ""
        return UnexpectedAnswer, f"the server redirects{where}: this is not the PVE API"
    if status == 501:
        return ApiError, f"this server does not know the call: {reason}"
    if status in (595, 596, 599):
        return NodeUnreachable, f"the node behind the server does not answer: {reason}"
    exact: dict[int, type[ApiError]] = {400: ValidationError, 401: AuthenticationError, 403: PermissionDenied}
    if status in exact:
        return exact[status], reason
    if status >= 500 and not reason.startswith(_INSIDE):
        for kind, pattern in ((GuestLocked, _LOCKED), (ConflictError, _CONFLICT), (NotFoundError, _NOT_FOUND)):
            if pattern.search(reason):
                return kind, reason
    return ApiError, reason


def _explained(reply: Reply, hide: Hiding) -> tuple[str, dict[str, str]]:
    """The JSON ``message`` and ``errors`` of a refusal, cleaned; empty when its body is no JSON."""
    if reply.body[:64].lstrip()[:1] != b"{":
        return "", {}
    try:
        document = _parsed(reply.body)
    except (ValueError, RecursionError):
        return "", {}
    message, errors = document.get("message"), document.get("errors")
    fields = errors if isinstance(errors, dict) else {}
    return _one_line(message if isinstance(message, str) else None, LONGEST_REASON, hide), {
        _one_line(field, 80, hide): _one_line(why, LONGEST_REASON, hide) for field, why in fields.items()
    }


def _one_line(value: object, limit: int, hide: Hiding) -> str:
    # PVE ends its messages with a line feed; that is no part of what they say.
    return clean(" ".join(hide(str(value)).split()), limit=limit) if isinstance(value, str | int | float) else ""


def _seconds(header: str | None) -> float | None:
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:6]), LONGEST_WAIT)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return min(max(0.0, (then - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
