"""Sends a viewer what changed on the screen, when it asks for it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final

from proxtui.pve.rfb.pixels import BGRX, PixelFormat
from proxtui.pve.rfb.words import Encoding, ToViewer
from proxtui.sim.consoles.encodings import WRITES, Band, Writer, differences, head, part
from proxtui.sim.consoles.scenes import Scene
from proxtui.sim.consoles.wire import Channel

FRAME: Final = 0.03
"""Seconds between two looks at the screen; QEMU's own is 30 ms."""
GREETINGS: Final = (Encoding.POINTER_TYPE, Encoding.QEMU_KEY, Encoding.QEMU_AUDIO)


class Painter:
    """What one viewer has seen so far, and how it wants to see more."""

    def __init__(self, scene: Callable[[], Scene], channel: Channel) -> None:
        self._scene = scene
        self._channel = channel
        screen = scene().screen
        self._writer = Writer(BGRX, screen.palette)
        self._wanted: frozenset[int] = frozenset()
        self._size = screen.width, screen.height
        self._seen = b""
        """The picture as the viewer has it; empty: it needs all of it."""
        self._rolled = 0
        self._asked = asyncio.Event()
        self._forced = False

    def ask(self, incremental: bool) -> None:
        """The viewer wants an update: what changed, or everything."""
        if not incremental:
            self._seen = b""
            self._forced = True
        self._asked.set()

    def set_format(self, form: PixelFormat) -> None:
        """Everything from now on in this format."""
        self._writer.form = form

    async def set_encodings(self, wanted: tuple[int, ...]) -> None:
        """Take the first encoding of the list that we write; greet the pseudo encodings as QEMU does."""
        self._wanted = frozenset(wanted)
        self._writer.encoding = next((Encoding(one) for one in wanted if one in WRITES), Encoding.RAW)
        width, height = self._size
        for pseudo in GREETINGS:
            if pseudo in wanted:
                await self._update([head(1 if pseudo == Encoding.POINTER_TYPE else 0, 0, width, height, pseudo)])
        if Encoding.QEMU_LED in wanted:
            await self._update([head(0, 0, 1, 1, Encoding.QEMU_LED) + b"\0"])

    async def run(self, now: Callable[[], float]) -> None:
        """Answer requests until cancelled. An incremental one waits until there is something new."""
        while True:
            await self._asked.wait()
            scene = self._scene()
            scene.draw(now())
            screen = scene.screen
            if (screen.width, screen.height) != self._size:
                await self._resized(screen.width, screen.height)
            if self._forced and Encoding.EXTENDED_DESKTOP_SIZE in self._wanted:
                # QEMU answers every full request with the size first, and alone.
                await self._update([self._extended()])
            self._forced = False
            rectangles = self._rectangles(scene)
            if rectangles:
                self._asked.clear()
                await self._update(rectangles)
            else:
                await asyncio.sleep(FRAME)

    async def _resized(self, width: int, height: int) -> None:
        self._size, self._seen = (width, height), b""
        if Encoding.EXTENDED_DESKTOP_SIZE in self._wanted:
            await self._update([self._extended()])
        elif Encoding.DESKTOP_SIZE in self._wanted:
            await self._update([head(0, 0, width, height, Encoding.DESKTOP_SIZE)])

    def _extended(self) -> bytes:
        width, height = self._size
        screen = struct.pack(">Bxxx IHHHHI", 1, 0, 0, 0, width, height, 0)
        return head(0, 0, width, height, Encoding.EXTENDED_DESKTOP_SIZE) + screen

    def _rectangles(self, scene: Scene) -> list[bytes]:
        """What differs from what the viewer has."""
        screen = scene.screen
        new, width = bytes(screen.pixels), screen.width
        found = []
        if self._writer.palette is not screen.palette:
            self._writer.palette, self._seen = screen.palette, b""
        if len(self._seen) != len(new):
            bands: list[Band] = [(0, 0, width, screen.height)]
        else:
            up = screen.rolled - self._rolled
            if 0 < up < screen.height and Encoding.COPY_RECT in self._wanted:
                found.append(head(0, 0, width, screen.height - up, Encoding.COPY_RECT) + struct.pack(">HH", 0, up))
                self._seen = self._seen[up * width :] + self._seen[(screen.height - up) * width :]
            bands = differences(self._seen, new, width)
        self._seen, self._rolled = new, screen.rolled
        code = self._writer.encoding
        return found + [head(*band, code) + self._writer.write(part(new, width, band), band[2]) for band in bands]

    async def _update(self, rectangles: list[bytes]) -> None:
        await self._channel.write(struct.pack(">BxH", ToViewer.UPDATE, len(rectangles)) + b"".join(rectangles))
