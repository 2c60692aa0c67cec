"""Addresses and fingerprints as people paste them. Plain ``ValueError`` with one line when they cannot be read."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_PREFIX = re.compile(r"^(?:sha-?256)?\s*(?:fingerprint)?\s*[:=]?\s*", re.IGNORECASE)
_HOSTNAME = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?$", re.IGNORECASE)
_SHA256_DIGITS = 64
_SHA1_DIGITS = 40


class Address(NamedTuple):
    """A host without brackets, and the port where one was named."""

    host: str
    port: int | None

    @property
    def label(self) -> str:
        """``host:port``, IPv6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read ``pve1``, ``pve1:8006``, ``10.0.0.1``, ``::1``, ``[::1]:8006`` or a pasted ``https://pve1:8006/#v1``."""
    rest = text.strip()
    scheme, separator, after = rest.partition("://")
    if separator:
        if scheme.lower() != "https":
            raise ValueError(f"{scheme}:// is not https://")
        rest = after
    rest = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest:
        raise ValueError("a user name does not belong into the host")
    if _is_ipv6(rest):
        return Address(rest, None)
    if rest.startswith("["):
        inside, closed, behind = rest[1:].partition("]")
        if not (closed and _is_ipv6(inside) and (behind == "" or behind.startswith(":"))):
            raise ValueError(f"{text.strip()!r} is not an address")
        return Address(inside, parse_port(behind[1:]) if behind else None)
    host, colon, port = rest.partition(":")
    if not _HOSTNAME.match(host) or len(host) > 253 or not _is_plain(host):
        raise ValueError(f"{text.strip()!r} is not a host name or address")
    return Address(host, parse_port(port) if colon else None)


def parse_port(text: str) -> int:
    """Read ``1`` to ``65535``."""
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit() and len(stripped) <= 5 and 1 <= int(stripped) <= 65_535:
        return int(stripped)
    raise ValueError(f"{stripped!r} is not a port (1 to 65535)")


def parse_fingerprint(text: str) -> str:
    """Read a SHA-256 fingerprint in any usual spelling; gives ``AA:BB:...``."""
    digits = re.sub(r"[\s:]", "", _PREFIX.sub("", text.strip(), count=1)).upper()
    if re.fullmatch(r"[0-9A-F]*", digits):
        if len(digits) == _SHA256_DIGITS:
            return ":".join(digits[at : at + 2] for at in range(0, _SHA256_DIGITS, 2))
        if len(digits) == _SHA1_DIGITS:
            raise ValueError("that is a SHA-1 fingerprint, SHA-256 is needed (64 hexadecimal digits)")
    raise ValueError("not a SHA-256 fingerprint (64 hexadecimal digits)")


def short_name(host: str) -> str:
    """A slug for a host: ``pve1`` of ``pve1.example.com``, ``10-0-0-1`` of ``10.0.0.1``."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        host = host.split(".", 1)[0]
    slug = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:40].rstrip("-")
    return slug or "server"


def _is_plain(host: str) -> bool:
    """False for numbers that are no IPv4 address: ``999.1.1.1``, and ``127.1``, which C would read as one."""
    if re.fullmatch(r"(?:0x)?[0-9a-f]*", host.rstrip(".").rpartition(".")[2], re.IGNORECASE) is None:
        return True
    if re.search(r"[g-wyz_-]", host, re.IGNORECASE) or not re.fullmatch(r"[0-9.]+|0x.*", host, re.IGNORECASE):
        return True
    try:
        return ipaddress.ip_address(host).version == 4
    except ValueError:
        return False


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False
