"""A picture as a PNG file: one byte a pixel and the palette of its format; written whole or not at all."""

from __future__ import annotations

import os
import secrets
import struct
import zlib
from pathlib import Path
from typing import Final

from proxtui.errors import SaveFailed, UsageError
from proxtui.pve.rfb.pixels import RGB332_COLOURS
from proxtui.pve.rfb.surface import Picture

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PALETTE: Final = bytes(part for colour in RGB332_COLOURS for part in colour)
_PIECE: Final = 64
"""Lines that are packed at a time."""


def png(picture: Picture) -> bytes:
    """The bytes of the file. Takes up to some hundred ms for the largest pictures: not on the event loop."""
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 3, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", head),
            _chunk(b"PLTE", _PALETTE),
            _chunk(b"IDAT", _pixels(picture)),
            _chunk(b"IEND", b""),
        )
    )


def _pixels(picture: Picture) -> bytes:
    packer = zlib.compressobj(6)
    found = []
    for top in range(0, picture.height, _PIECE):
        # A nought before each line: it is not filtered.
        rows = picture.rows(top, min(picture.height, top + _PIECE))
        found.append(packer.compress(b"".join(b"\0" + row for row in rows)))
    return b"".join((*found, packer.flush()))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def save(path: Path, picture: Picture) -> int:
    """Write it as a new file of mode 0600; how many bytes.

    UsageError when there is something of that name already, SaveFailed when it cannot be written: then there is none.
    """
    data = png(picture)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # A second name, not a new one: unlike renaming it never replaces what is there.
            os.link(part, path)
        finally:
            os.unlink(part)
    except FileExistsError:
        raise UsageError(f"{path} exists already: it is not overwritten") from None
    except OSError as error:
        raise SaveFailed(f"{path}: {error.strerror}") from error
    return len(data)
