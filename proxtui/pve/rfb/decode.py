"""What a VNC server says after its ServerInit, as a picture. Fed with bytes, so it knows no socket and no clock.

Whatever is fed ends in :class:`~proxtui.pve.rfb.surface.BadStream` or in a picture: sizes, lengths, rectangles, what
is painted and what comes unasked are all limited, and never more than one picture and some pieces are held.
"""

from __future__ import annotations

import struct
from typing import Final

from proxtui.pve.rfb.encodings import WANTED, Reading, Rectangles, skip
from proxtui.pve.rfb.pixels import RGB332
from proxtui.pve.rfb.surface import BadStream, Picture, Surface
from proxtui.pve.rfb.words import ToServer, ToViewer

_HEAD: Final = struct.Struct(">HHHHi")
MOST_RECTANGLES: Final = 20_000
"""In one update. QEMU sends one for each changed part of a line of 16 pixels at the very most."""
REPAINTS: Final = 3
"""How often an update may paint the whole screen."""
UNASKED: Final = 256
"""Messages that a server may send without being asked for anything in between."""
LONGEST_TEXT: Final = 1 << 20


def greeting() -> bytes:
    """What a client says first: one byte a pixel, and the encodings that this module reads."""
    form = struct.pack(">Bxxx", ToServer.SET_PIXEL_FORMAT) + RGB332.pack()
    return form + struct.pack(f">BxH{len(WANTED)}i", ToServer.SET_ENCODINGS, len(WANTED), *WANTED)


class Decoder:
    """The screen of one connection. It answers nothing: what is to be sent stands in :meth:`wanted`."""

    def __init__(self, width: int, height: int) -> None:
        """The size is that of ServerInit. :class:`BadStream` for one that no screen has."""
        self._surface = Surface(width, height)
        self._rectangles = Rectangles(self._surface)
        self._buffer = bytearray()
        self._reading = self._read()
        self._needed = next(self._reading)
        self._unasked = 0
        self._ask_all, self._asked = True, False
        self.updates = 0
        """Updates that painted something."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._surface.width, self._surface.height

    @property
    def is_whole(self) -> bool:
        """Whether every pixel can have been painted since the screen has its size."""
        return self._rectangles.painted >= self._surface.width * self._surface.height

    def picture(self) -> Picture:
        """The screen as far as it is known."""
        return self._surface.picture()

    def feed(self, data: bytes) -> None:
        """Bytes as they come, in any pieces. :class:`BadStream`; after it, feed no more."""
        view = memoryview(data)
        while view:
            # No more is taken up than is needed, so that the buffer stays as small as a piece.
            missing = self._needed - len(self._buffer)
            self._buffer += view[:missing]
            view = view[missing:]
            while len(self._buffer) >= self._needed:
                found = bytes(self._buffer)
                self._buffer.clear()
                self._needed = self._reading.send(found)

    def wanted(self) -> bytes:
        """The request that is to be sent now; empty while one is under way.

        In full only at the beginning and when the size changed: QEMU answers each such request with the size again,
        and who asked in full after that would never end.
        """
        if self._asked:
            return b""
        full, self._ask_all, self._asked, self._unasked = self._ask_all, False, True, 0
        width, height = self.size
        return struct.pack(">BBHHHH", ToServer.UPDATE_REQUEST, 0 if full else 1, 0, 0, width, height)

    def _read(self) -> Reading:
        while True:
            kind = (yield 1)[0]
            self._unasked += 1
            if self._unasked > UNASKED:
                raise BadStream(f"more than {UNASKED} messages that nobody asked for")
            if kind == ToViewer.UPDATE:
                yield from self._update()
            elif kind == ToViewer.COLOUR_MAP:
                yield from skip(6 * int.from_bytes((yield 5)[3:]), 6 << 16, "a colour map")
            elif kind == ToViewer.CUT_TEXT:
                # A negative length is an extended clipboard.
                yield from skip(abs(struct.unpack(">xxxi", (yield 7))[0]), LONGEST_TEXT, "a clipboard")
            elif kind != ToViewer.BELL:
                raise BadStream(f"message {kind}, which nobody asked for")

    def _update(self) -> Reading:
        count = struct.unpack(">xH", (yield 3))[0]
        if count > MOST_RECTANGLES:
            raise BadStream(f"{count} rectangles in one update")
        painted = 0
        for _ in range(count):
            x, y, width, height, kind = _HEAD.unpack((yield _HEAD.size))
            # Also what is told by pseudo encodings has an area, but it paints nothing.
            painted += width * height if kind >= 0 else 0
            if painted > REPAINTS * max(self._surface.width * self._surface.height, 1 << 16):
                raise BadStream("an update that paints the screen again and again")
            yield from self._rectangles.read(x, y, width, height, kind)
        self._asked = False
        if self._rectangles.resized:
            self._rectangles.resized, self._ask_all = False, True
        if painted:
            self.updates += 1
