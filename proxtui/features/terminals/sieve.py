"""What a guest may say to the terminal of the operator: everything that draws, nothing that speaks to the terminal."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 64 * 1024
"""Bytes after which a string that never ends is taken for noise, and what follows is shown again."""
_C0 = rb"[\x00-\x17\x19\x1c-\x1f\x7f]*"
# OSC, DCS, SOS, PM and APC in both spellings (terminals obey control characters inside a sequence, so these may stand
# between its bytes), and what would switch the terminal away from UTF-8, where single bytes begin such strings.
_STRING: Final = re.compile(rb"\x1b" + _C0 + rb"(?:[\]PX^_]|%" + _C0 + rb"[@-~])|\xc2" + _C0 + rb"[\x90\x98\x9d-\x9f]")
_END: Final = re.compile(rb"[\x07\x18\x1a\x1b]|\xc2\x9c")
_UNSURE: Final = bytes((*range(0x18), 0x19, *range(0x1B, 0x20), 0x7F, ord("%"), 0xC2))
"""What an introducer consists of before its last byte, and what may stand between."""
_MOST_UNSURE: Final = 64


class Sieve:
    """Drops titles, the clipboard (OSC 52), links, pictures and reports of terminals; keeps no more than a few bytes.

    Letters pass as they are: pieces may end within one.
    """

    def __init__(self) -> None:
        self._left = b""
        self._inside = 0
        """Bytes of the string so far; 0 outside of one."""

    def pass_(self, piece: bytes) -> bytes:
        """What of the next piece may be shown now."""
        data, self._left = self._left + piece, b""
        found: list[bytes] = []
        at = 0
        while at < len(data):
            at = self._skip(data, at) if self._inside else self._take(data, at, found)
        return b"".join(found)

    def _take(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Keep what stands before the next string; gives where to go on."""
        string = _STRING.search(data, at)
        if string is not None:
            before = data[at : string.start()]
            # What was begun before it must not go on with what comes after it.
            found.append(before[: _begun(before)])
            # What switches the letters is whole already.
            self._inside = 0 if b"%" in string[0] else 1
            return string.end()
        rest = data[at:]
        end = at + _begun(rest)
        found.append(data[at:end])
        # Nobody writes so long an escape sequence; without its first byte it is harmless.
        self._left = data[end:] if len(data) - end <= _MOST_UNSURE else b""
        return len(data)

    def _skip(self, data: bytes, at: int) -> int:
        """Drop what belongs to the string; gives where it ended."""
        end = _END.search(data, at)
        if end is None:
            self._inside += len(data) - at
            if data.endswith(b"\xc2"):
                self._left = b"\xc2"
            if self._inside > LONGEST:
                self._inside = 0
            return len(data)
        self._inside = 0
        if end[0] != b"\x1b":
            return end.end()
        # ESC ends it; the backslash that mostly follows draws nothing.
        return end.start()


def _begun(data: bytes) -> int:
    """Where an introducer begins that is not whole yet; the length where there is none."""
    sure = len(data.rstrip(_UNSURE))
    begins = [at for sign in (b"\x1b", b"\xc2") if (at := data.find(sign, sure)) >= 0]
    return min(begins, default=len(data))
