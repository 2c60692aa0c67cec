"""WebSocket frames as pveproxy reads and writes them: it wants them masked, whole, uncompressed and short."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 128 * 1024
"""Bytes that one frame may carry; pveproxy ends a connection with longer ones."""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class BadFrame(Exception):
    """A frame for which the connection ends."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the client, unmasked."""

    opcode: int
    data: bytes


def accept(key: str) -> str:
    """What answers ``Sec-WebSocket-Key``."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()


def frames_in(buffer: bytearray) -> list[Frame]:
    """Take the whole frames out of ``buffer``. Raises :class:`BadFrame`."""
    found = []
    while (frame := _first(buffer)) is not None:
        found.append(frame)
    return found


def _first(buffer: bytearray) -> Frame | None:
    if len(buffer) < 2:
        return None
    first, second = buffer[0], buffer[1]
    if not first & 0x80:
        raise BadFrame("fragmented frame")
    if first & 0x70:
        raise BadFrame("reserved bits are set")
    if not second & 0x80:
        raise BadFrame("frame is not masked")
    start, length = 2, second & 0x7F
    if length >= 126:
        start += 2 if length == 126 else 8
        if len(buffer) < start:
            return None
        length = int.from_bytes(buffer[2:start])
    if length > LONGEST:
        raise BadFrame("frame is too long")
    end = start + 4 + length
    if len(buffer) < end:
        return None
    mask, masked = bytes(buffer[start : start + 4]), bytes(buffer[start + 4 : end])
    del buffer[:end]
    return Frame(first & 0x0F, unmask(masked, mask))


def unmask(data: bytes, mask: bytes) -> bytes:
    """XOR with the repeated mask, as one long number: quicker than byte by byte."""
    if not data:
        return b""
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))


def frame(opcode: int, data: bytes) -> bytes:
    """A frame of the server: never masked."""
    if len(data) < 126:
        return bytes((0x80 | opcode, len(data))) + data
    if len(data) < 0x10000:
        return bytes((0x80 | opcode, 126)) + len(data).to_bytes(2) + data
    return bytes((0x80 | opcode, 127)) + len(data).to_bytes(8) + data
