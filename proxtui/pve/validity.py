"""When a certificate expires, read from its bytes: the library for it takes too long to load."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18


def expires_at(der: bytes) -> float | None:
    """Seconds since the epoch of a certificate's ``notAfter``; None when these bytes are no certificate."""
    try:
        tbs = _inside(_inside(der))
        if tbs[0] == _VERSION:
            tbs = _after(tbs)
        for _serial_algorithm_issuer in range(3):
            tbs = _after(tbs)
        not_after = _after(_inside(tbs))
        return _moment(not_after[0], _inside(not_after).decode("ascii"))
    except (ValueError, IndexError, OverflowError):
        return None


def expiry_of(stream: Any) -> float | None:
    """The same of the certificate that was shown on a connection (httpcore's ``network_stream``); None without one."""
    secured = None if stream is None else stream.get_extra_info("ssl_object")
    der = None if secured is None else secured.getpeercert(binary_form=True)
    return expires_at(der) if der else None


def _bounds(data: bytes) -> tuple[int, int]:
    """Where the content of the first element begins, and where it ends."""
    length = data[1]
    if length < 0x80:
        return 2, 2 + length
    size = length & 0x7F
    begin = 2 + size
    return begin, begin + int.from_bytes(data[2:begin], "big")


def _inside(data: bytes) -> bytes:
    begin, end = _bounds(data)
    return data[begin:end]


def _after(data: bytes) -> bytes:
    return data[_bounds(data)[1] :]


def _moment(tag: int, text: str) -> float | None:
    forms = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}
    if tag not in forms:
        return None
    # Years of two digits are 1950 to 2049 here, and strptime has another idea of them.
    if tag == _UTC_TIME:
        tag, text = _GENERALIZED_TIME, ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, forms[tag]).replace(tzinfo=UTC).timestamp()
