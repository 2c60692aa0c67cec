"""Foreign text made inert before it becomes part of a row: no control, format or bidi character gets past here."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

HIDDEN = "***"
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
MARKS_IN_A_ROW = 4
LONGEST_LINE = 4096
LONGEST_VALUE = 65_536
"""Longest string of a body: PVE's own limit for notes."""

MANY_LINES = frozenset(
    {"description", "notes", "comment", "message", "pem", "out-data", "err-data", "notification", "text", "error"}
)
"""Keys whose values may have several lines."""

_BAD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


_SHAPES: tuple[tuple[str, str], ...] = (
    (r"(PVEAPIToken=[^=\s\"']+=)[^\s\"',;]+", rf"\1{HIDDEN}"),
    (r"\bPVE(VNC|TFA|!tfa!)?:[^\s\"';,]*::?[A-Za-z0-9+/=%]{16,}", HIDDEN),
    (r"(?i)(PVE\w*AuthCookie=)[^\s\"';,]+", rf"\1{HIDDEN}"),
    (r"\b[0-9A-F]{8}:[A-Za-z0-9+/]{20,}=*", HIDDEN),
    (
        r"(?i)((?:password|passwd|secret|ticket|otp|csrfpreventiontoken)[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;}]+",
        rf"\1{HIDDEN}",
    ),
)


def clean(text: str, *, multiline: bool = False, limit: int = LONGEST_LINE) -> str:
    """``text`` with nothing in it that a terminal obeys; at most ``limit`` characters, cut with ``…``.

    C0 and DEL become their pictures, other control, format, surrogate, private and unassigned characters U+FFFD,
    and at most four combining marks follow one another. Line feeds and tabs stay only with ``multiline``.
    Cleaning twice changes nothing more.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    # Far more than can be kept is dropped first, so that a hostile megabyte costs no time.
    head = text[: limit * 4]
    if multiline:
        head = head.replace("\r\n", "\n")
    head = head.translate(_MANY if multiline else _ONE)
    if not head.isascii():
        head = _thin_marks(head)
    if len(head) > limit or len(text) > limit * 4:
        return head[: limit - 1] + "…" if limit > 0 else ""
    return head


def without_shapes(text: str) -> str:
    """``text`` without what looks like a token, ticket or password, whoever's it is."""
    for shape, instead in _SHAPES:
        text = re.sub(shape, instead, text)
    return text


def clean_json(value: Any) -> Any:
    """A decoded JSON value with every string in it cleaned, keys too. ``RecursionError`` when nested absurdly."""
    if isinstance(value, str):
        return clean(value, multiline=True, limit=LONGEST_VALUE)
    return _clean_value(value)


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value, limit=LONGEST_VALUE)
    if isinstance(value, dict):
        return {clean(key): _clean_member(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean_value(inner) for inner in value]
    return value


def _clean_member(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return clean(value, multiline=key in MANY_LINES, limit=LONGEST_VALUE)
    return _clean_value(value)


def _thin_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        # Only characters that combine count; a plain letter starts anew.
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= MARKS_IN_A_ROW:
            kept.append(char)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _inert(code: int) -> int | str:
    if code < 0x20:
        return 0x2400 + code
    if code == 0x7F:
        return 0x2421
    return UNREADABLE if unicodedata.category(chr(code)) in _BAD else code


class _OneLine:
    """A table for ``str.translate``; Unicode's own categories decide, not ranges written by hand."""

    def __getitem__(self, code: int) -> int | str:
        return _inert(code)


class _ManyLines:
    def __getitem__(self, code: int) -> int | str:
        return code if code in (0x0A, 0x09) else _inert(code)


_ONE = _OneLine()
_MANY = _ManyLines()
