"""A VNC viewer of few words, for tests: it keeps the picture as colours."""

from __future__ import annotations

import struct
import zlib

from proxtui.pve.rfb.des import response
from proxtui.pve.rfb.pixels import BGRX, PixelFormat, to_rgb
from proxtui.pve.rfb.words import Encoding

from .consoles import Stream


class Refusal(Exception):
    """SecurityResult was no; ``str()`` is the reason."""


class Viewer:
    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.form = BGRX
        self.width = self.height = 0
        self.name = ""
        self.picture = bytearray()
        self.kinds: list[int] = []
        """Encodings of the rectangles that came."""
        self._zlib = zlib.decompressobj()
        self._zrle = zlib.decompressobj()

    async def challenge(self) -> bytes:
        """Up to the challenge."""
        assert await self.stream.read(12) == b"RFB 003.008\n"
        await self.stream.send(b"RFB 003.008\n")
        assert await self.stream.read(2) == b"\x01\x02"
        await self.stream.send(b"\x02")
        return await self.stream.read(16)

    async def prove(self, challenge: bytes, password: str) -> None:
        await self.stream.send(response(challenge, password))
        if int.from_bytes(await self.stream.read(4)):
            raise Refusal((await self.stream.read(int.from_bytes(await self.stream.read(4)))).decode())

    async def begin(self, shared: bool = True) -> None:
        await self.stream.send(bytes([shared]))
        self.width, self.height = struct.unpack(">HH", await self.stream.read(4))
        self.form = PixelFormat.unpack(await self.stream.read(16))
        self.name = (await self.stream.read(int.from_bytes(await self.stream.read(4)))).decode()
        self.picture = bytearray(self.width * self.height * 3)

    async def open(self, password: str, shared: bool = True) -> None:
        await self.prove(await self.challenge(), password)
        await self.begin(shared)

    async def want(self, *encodings: int, form: PixelFormat = BGRX) -> None:
        self.form = form
        await self.stream.send(b"\0\0\0\0" + form.pack())
        await self.stream.send(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))

    async def ask(self, incremental: bool = False) -> None:
        await self.stream.send(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))

    async def update(self) -> None:
        """Take one update."""
        kind, count = struct.unpack(">BxH", await self.stream.read(4))
        assert kind == 0, kind
        for _ in range(count):
            await self._rectangle()

    async def look(self, incremental: bool = False) -> bytes:
        await self.ask(incremental)
        await self.update()
        return bytes(self.picture)

    async def key(self, *keysyms: int) -> None:
        for down in (1, 0):
            for keysym in keysyms:
                await self.stream.send(struct.pack(">BBxxI", 4, down, keysym))

    async def _rectangle(self) -> None:
        x, y, width, height, kind = struct.unpack(">HHHHi", await self.stream.read(12))
        self.kinds.append(kind)
        if kind == Encoding.DESKTOP_SIZE:
            self.width, self.height = width, height
            self.picture = bytearray(width * height * 3)
        elif kind == Encoding.EXTENDED_DESKTOP_SIZE:
            await self.stream.read(4 + 16 * (await self.stream.read(1))[0] - 1)
        elif kind == Encoding.QEMU_LED:
            await self.stream.read(1)
        elif kind == Encoding.COPY_RECT:
            self._copy(x, y, width, height, *struct.unpack(">HH", await self.stream.read(4)))
        elif kind >= 0:
            self._paint(x, y, width, to_rgb(self.form, await self._pixels(kind, width, height)))

    async def _pixels(self, kind: int, width: int, height: int) -> bytes:
        if kind == Encoding.RAW:
            return await self.stream.read(width * height * self.form.size)
        if kind == Encoding.ZLIB:
            return self._zlib.decompress(await self._long())
        side = 16 if kind == Encoding.HEXTILE else 64
        tiles = self._zrle.decompress(await self._long()) if kind == Encoding.ZRLE else b""
        rows = [bytearray(width * self.form.size) for _ in range(height)]
        for top in range(0, height, side):
            for left in range(0, width, side):
                wide, high = min(side, width - left), min(side, height - top)
                if kind == Encoding.HEXTILE:
                    pixels = await self._hextile(wide * high)
                else:
                    pixels, tiles = self._zrle_tile(tiles, wide * high)
                for row in range(high):
                    line = pixels[row * wide * self.form.size : (row + 1) * wide * self.form.size]
                    rows[top + row][left * self.form.size : (left + wide) * self.form.size] = line
        return b"".join(map(bytes, rows))

    async def _hextile(self, count: int) -> bytes:
        kind = (await self.stream.read(1))[0]
        assert kind in (1, 2)
        return (
            await self.stream.read(count * self.form.size)
            if kind == 1
            else (await self.stream.read(self.form.size)) * count
        )

    def _zrle_tile(self, data: bytes, count: int) -> tuple[bytes, bytes]:
        size = 3 if self.form.bits == 32 else self.form.size
        length = size if data[0] == 1 else size * count
        pixels = data[1 : 1 + length] * (count if data[0] == 1 else 1)
        if self.form.bits == 32:
            pixels = b"".join(pixels[at : at + 3] + b"\0" for at in range(0, len(pixels), 3))
        return pixels, data[1 + length :]

    async def _long(self) -> bytes:
        return await self.stream.read(int.from_bytes(await self.stream.read(4)))

    def _paint(self, x: int, y: int, width: int, colours: bytes) -> None:
        for row in range(len(colours) // (width * 3)):
            start = ((y + row) * self.width + x) * 3
            self.picture[start : start + width * 3] = colours[row * width * 3 : (row + 1) * width * 3]

    def _copy(self, x: int, y: int, width: int, height: int, from_x: int, from_y: int) -> None:
        old = bytes(self.picture)
        for row in range(height):
            start = ((from_y + row) * self.width + from_x) * 3
            place = ((y + row) * self.width + x) * 3
            self.picture[place : place + width * 3] = old[start : start + width * 3]
