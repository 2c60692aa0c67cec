"""Paths and parameters as PVE reads them: everything percent-encoded, booleans 0 and 1, nothing that climbs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from proxtui.errors import InvalidInput

Scalar = str | int | float | bool | None
Params = Mapping[str, Scalar | Iterable[Scalar]]

API_ROOT = "/api2/json"
_PLAIN = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


def path(*segments: str | int) -> str:
    """One API path out of its segments, each encoded whole: ``path("nodes", node, "storage", s, "content", volid)``.

    ``InvalidInput`` for an empty segment, ``.`` and ``..``.
    """
    return "/" + "/".join(_segment(str(segment)) for segment in segments)


def checked(given: str) -> str:
    """``given`` with one leading slash; refused when it could be read as another path than the one written."""
    text = given.strip("/")
    parts = text.split("/")
    for part in parts:
        if not _PLAIN.fullmatch(part):
            raise InvalidInput("path", given, "an API path; give the query as params and foreign names by path(...)")
        _segment(unquote(part))
    return "/" + text


def encoded(params: Params | None) -> str:
    """Query or form body. None is left out, a list repeats its key; ``=``, ``;`` and ``&`` in values are encoded."""
    pairs: list[str] = []
    for key, value in (params or {}).items():
        many = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        pairs += [f"{quote(key, safe='')}={_text(key, one)}" for one in many if one is not None]
    return "&".join(pairs)


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if not isinstance(value, str | int | float):
        raise InvalidInput(key, type(value).__name__, "text, a number, a boolean, or a list of these")
    try:
        return quote(str(value), safe="")
    except UnicodeEncodeError:
        raise InvalidInput(key, repr(value), "text that UTF-8 can carry") from None


def _segment(text: str) -> str:
    if text in ("", ".", "..") or "\x00" in text:
        raise InvalidInput("path", text, "a segment with a name in it")
    if any(part == ".." for part in text.split("/")):
        raise InvalidInput("path", text, "must not climb with ..")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidInput("path", repr(text), "text that UTF-8 can carry") from None
