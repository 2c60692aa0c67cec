"""The numbers of RFB 3.8 (RFC 6143) and of the extensions that QEMU knows."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

VERSION: Final = b"RFB 003.008\n"
"""What both sides say first; PVE's servers offer nothing older."""
VERSION_LENGTH: Final = 12
CHALLENGE_LENGTH: Final = 16
PASSWORD_LENGTH: Final = 8
"""VncAuth looks at no more characters than these."""
SECURITY_OK: Final = 0
SECURITY_FAILED: Final = 1


class Security(IntEnum):
    """Security types, one byte each."""

    INVALID = 0
    """Zero types and a reason follow instead of a list."""
    NONE = 1
    VNC_AUTH = 2
    TLS = 18
    VENCRYPT = 19


class ToServer(IntEnum):
    """First byte of a message of the viewer."""

    SET_PIXEL_FORMAT = 0
    """19 more bytes: 3 of padding, then the format."""
    SET_ENCODINGS = 2
    """Padding, u16 count, then a signed 32 bit number each."""
    UPDATE_REQUEST = 3
    """u8 incremental, u16 x, y, width, height."""
    KEY = 4
    """u8 down, 2 of padding, u32 keysym."""
    POINTER = 5
    """u8 buttons, u16 x, y."""
    CUT_TEXT = 6
    """3 of padding, signed 32 bit length (negative: extended clipboard), then so many bytes."""
    CONTINUOUS_UPDATES = 150
    """u8 on, u16 x, y, width, height."""
    FENCE = 248
    """3 of padding, u32 flags, u8 length, then so many bytes."""
    SET_DESKTOP_SIZE = 251
    """Padding, u16 width, height, u8 screens, padding, then 16 bytes a screen."""
    QEMU = 255
    """u8 kind: 0 an extended key (10 more bytes), 1 audio."""


class ToViewer(IntEnum):
    """First byte of a message of the server."""

    UPDATE = 0
    """Padding, u16 number of rectangles; each u16 x, y, width, height and a signed 32 bit encoding."""
    COLOUR_MAP = 1
    """Padding, u16 first, u16 count, then 6 bytes a colour."""
    BELL = 2
    CUT_TEXT = 3
    """3 of padding, signed 32 bit length (negative: extended clipboard), then so many bytes."""
    END_OF_CONTINUOUS_UPDATES = 150
    FENCE = 248
    """3 of padding, u32 flags, u8 length, then so many bytes."""
    QEMU = 255
    """Audio: u8 1, u16 operation (0 end, 1 begin, 2 data), with data u32 length and so many bytes."""


class Encoding(IntEnum):
    """How a rectangle is written; negative ones are no pixels (pseudo encodings)."""

    RAW = 0
    COPY_RECT = 1
    RRE = 2
    HEXTILE = 5
    ZLIB = 6
    """u32 length, then raw pixels in one zlib stream that lasts as long as the connection."""
    TIGHT = 7
    ZRLE = 16
    CURSOR = -239
    """Width x height pixels and a mask of one bit a pixel, lines of whole bytes."""
    DESKTOP_SIZE = -223
    """Width and height of the rectangle are those of the screen from now on."""
    LAST_RECT = -224
    POINTER_TYPE = -257
    QEMU_KEY = -258
    QEMU_AUDIO = -259
    TIGHT_PNG = -260
    QEMU_LED = -261
    """One byte: the state of the keyboard's lamps."""
    DESKTOP_NAME = -307
    """u32 length, then the name."""
    EXTENDED_DESKTOP_SIZE = -308
    """u8 screens, 3 of padding, then 16 bytes a screen."""
    FENCE = -312
    CONTINUOUS_UPDATES = -313
    EXTENDED_CLIPBOARD = -1063131698


class Key(IntEnum):
    """X11 keysyms that are no characters; Latin-1 characters are their own code."""

    BACKSPACE = 0xFF08
    TAB = 0xFF09
    RETURN = 0xFF0D
    ESCAPE = 0xFF1B
    LEFT = 0xFF51
    UP = 0xFF52
    RIGHT = 0xFF53
    DOWN = 0xFF54
    F1 = 0xFFBE
    F12 = 0xFFC9
    SHIFT = 0xFFE1
    CONTROL = 0xFFE3
    ALT = 0xFFE9
    DELETE = 0xFFFF
