"""Console tickets and passwords, as ``PVE/AccessControl.pm`` makes and checks them."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from proxtui.sim.auth import signature_of
from proxtui.sim.world import Site

EARLIEST, LATEST = -20, 40
"""Seconds of age between which a console ticket is good."""
LONGEST: Final = 512
PASSWORD: Final = "".join(chr(code) for code in range(ord("!"), ord("`") + 1))
_FORM: Final = re.compile(r"PVEVNC:([0-9A-F]{8})::(.+)")


def new_password() -> str:
    """Eight characters from ``!`` to the backtick."""
    return "".join(secrets.choice(PASSWORD) for _ in range(8))


def make(site: Site, user: str, path: str, port: int, now: float) -> str:
    """A ticket for one user, one path and one port."""
    plain = f"PVEVNC:{int(now):08X}"
    return f"{plain}::{signature_of(site, f'{plain}:{user}:{path}:{port}')}"


def good(site: Site, ticket: str, user: str, path: str, port: int, now: float) -> bool:
    """Whether it is one of ours, for this user, path and port, and young enough; a password may stand before it."""
    match = _FORM.fullmatch(ticket) or _FORM.fullmatch(ticket[9:])
    if match is None:
        return False
    made = int(match[1], 16)
    right = signature_of(site, f"PVEVNC:{match[1]}:{user}:{path}:{port}")
    return EARLIEST <= now - made <= LATEST and hmac.compare_digest(right.encode(), match[2].encode())


def seal(site: Site, text: str) -> str:
    """A signature that looks random, for what nobody checks."""
    return "".join(letter for letter in signature_of(site, text) if letter.isalnum()).lower()
