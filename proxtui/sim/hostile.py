"""Strings that attack a terminal, put where a tenant can put strings: names, tags, notes, logs, errors.

A guest's administrator controls all of these; a program that shows them must stay unharmed.
"""

from __future__ import annotations

import zlib
from typing import Any

PAYLOADS = (
    "\x1b[2J\x1b[H",
    "\x1b[31mred",
    "\x1b]0;owned title\x07",
    "\x1b]52;c;b3duZWQ=\x07",
    "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1b_Gi=1;AAAA\x1b\\",
    "\x1bc",
    "\x9b31m",
    "\x9d0;owned\x9c",
    "\x07" * 12,
    "\u202egnp.exe",
    "\u2066evil\u2069",
    "\u061c",
    "a" + "\u0301" * 60,
    "[bold]x[/]",
    "[@click=app.quit]x[/]",
    "[link=http://evil.example]x[/]",
    "[/foo]",
    "web[prod] [x]",
    "$accent {x} %s",
    "\r\nfake line",
    "\x00\x7f",
    "=cmd|' /C calc'!A0",
    "\u200b\u2060\U000e0041",
    "\ud800 alone",
)
DIRTY = {"description", "comment", "notes", "t", "msg", "tags", "search"}
NAMES = {"name", "hostname"}
"""Free only where they name a guest, a snapshot or an interface."""
STATES = {"OK", "RUNNING", "running", "stopped"}


def payload(text: str) -> str:
    """The same text is always answered with the same attack."""
    return PAYLOADS[zlib.crc32(text.encode("utf-8", "replace")) % len(PAYLOADS)]


def error(text: str) -> str:
    """An error text with an attack in its first line, which becomes the reason phrase."""
    return f"\x1b]0;owned\x07\x1b[2J{text}"


def poison(value: Any) -> Any:
    """A copy of an answer with an attack after every free text in it; identifiers and paths stay usable."""
    if isinstance(value, dict):
        named = not value.keys().isdisjoint(("vmid", "digest", "snaptime", "ip-addresses"))
        return {key: _leaf(key, item, named, "upid" in value) for key, item in value.items()}
    if isinstance(value, list):
        return [poison(item) for item in value]
    return value


def _leaf(key: str, item: Any, named: bool, task: bool) -> Any:
    if not isinstance(item, str):
        return poison(item)
    failed = task and key in ("status", "exitstatus") and item not in STATES
    if failed or (key in DIRTY) or (named and key in NAMES):
        return item + payload(key + item)
    return item
