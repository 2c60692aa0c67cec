"""An RFB 3.8 server for one viewer, with QEMU's manners: VncAuth only, and its extra messages."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from typing import Final

from proxtui.pve.rfb.des import response
from proxtui.pve.rfb.pixels import BGRX, FORMAT_LENGTH, RGB332, RGB332_COLOURS, PixelFormat
from proxtui.pve.rfb.words import (
    CHALLENGE_LENGTH,
    SECURITY_FAILED,
    SECURITY_OK,
    VERSION,
    VERSION_LENGTH,
    Encoding,
    Security,
    ToServer,
    ToViewer,
)
from proxtui.sim.consoles.crowd import Crowd
from proxtui.sim.consoles.painter import Painter
from proxtui.sim.consoles.scenes import Scene
from proxtui.sim.consoles.wire import Channel

LONGEST_TEXT: Final = 1 << 20
"""QEMU ends a connection that wants to paste more."""
CLIPBOARD: Final = struct.pack(">BxxxiII", ToViewer.CUT_TEXT, -8, 0x1F000001, 0)
"""What QEMU can do with an extended clipboard; the negative length is the sign of it."""


class Unfriendly(Exception):
    """The viewer says what no viewer may say; the connection ends."""


async def welcome(channel: Channel, password: Callable[[], str | None]) -> bool:
    """The handshake up to SecurityResult. ``password`` is asked at the moment of the check; None: it expired.

    Returns whether the viewer knew it. Raises :class:`Unfriendly` and IncompleteReadError.
    """
    await channel.write(VERSION)
    version = await channel.reader.readexactly(VERSION_LENGTH)
    if version not in (VERSION, b"RFB 003.007\n"):
        raise Unfriendly(f"version {version!r}")
    await channel.write(bytes((1, Security.VNC_AUTH)))
    if (await channel.reader.readexactly(1))[0] != Security.VNC_AUTH:
        await _refuse(channel, "Unsupported security type")
        return False
    challenge = os.urandom(CHALLENGE_LENGTH)
    await channel.write(challenge)
    given = await channel.reader.readexactly(CHALLENGE_LENGTH)
    right = password()
    if right is None or given != response(challenge, right):
        await _refuse(channel, "Authentication failed")
        return False
    await channel.write(SECURITY_OK.to_bytes(4))
    return True


async def _refuse(channel: Channel, text: str) -> None:
    reason = text.encode()
    await channel.write(SECURITY_FAILED.to_bytes(4) + len(reason).to_bytes(4) + reason)


class Session:
    """One viewer that knew the password, until it goes."""

    def __init__(self, channel: Channel, scene: Callable[[], Scene], name: str, crowd: Crowd) -> None:
        self._channel = channel
        self._scene = scene
        self._name = name
        self._crowd = crowd
        self._painter = Painter(scene, channel)

    async def run(self, now: Callable[[], float]) -> None:
        """Serve until the viewer goes or is thrown out. Raises :class:`Unfriendly` and IncompleteReadError."""
        shared = (await self._channel.reader.readexactly(1))[0] != 0
        with self._crowd.joined(shared) as thrown_out:
            if thrown_out.is_set():
                return
            await self._introduce(now)
            jobs = [
                asyncio.ensure_future(job) for job in (self._listen(now), self._painter.run(now), thrown_out.wait())
            ]
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
            for job in done:
                job.result()

    async def _introduce(self, now: Callable[[], float]) -> None:
        screen = self._scene().screen
        name = self._name.encode()
        size = struct.pack(">HH", screen.width, screen.height)
        await self._channel.write(size + BGRX.pack() + len(name).to_bytes(4) + name)

    async def _listen(self, now: Callable[[], float]) -> None:
        while True:
            kind = (await self._read(1))[0]
            if kind == ToServer.SET_PIXEL_FORMAT:
                await self._set_format((await self._read(3 + FORMAT_LENGTH))[3:])
            elif kind == ToServer.SET_ENCODINGS:
                count = struct.unpack(">xH", await self._read(3))[0]
                await self._encodings(struct.unpack(f">{count}i", await self._read(4 * count)))
            elif kind == ToServer.UPDATE_REQUEST:
                incremental, *_ = struct.unpack(">BHHHH", await self._read(9))
                self._painter.ask(bool(incremental))
            elif kind == ToServer.KEY:
                down, keysym = struct.unpack(">BxxI", await self._read(7))
                self._scene().key(keysym, bool(down), now())
            elif kind == ToServer.POINTER:
                buttons, x, y = struct.unpack(">BHH", await self._read(5))
                self._scene().pointer(x, y, buttons)
            elif kind == ToServer.CUT_TEXT:
                await self._cut_text()
            else:
                await self._rare(kind, now)

    async def _read(self, length: int) -> bytes:
        return await self._channel.reader.readexactly(length)

    async def _cut_text(self) -> None:
        """The clipboard of the viewer goes nowhere; a negative length is an extended one."""
        length = abs(struct.unpack(">xxxi", await self._read(7))[0])
        if length > LONGEST_TEXT:
            raise Unfriendly(f"{length} bytes to paste")
        await self._read(length)

    async def _rare(self, kind: int, now: Callable[[], float]) -> None:
        if kind == ToServer.SET_DESKTOP_SIZE:
            screens = (await self._read(7))[5]
            await self._read(16 * screens)
        elif kind == ToServer.QEMU:
            if (await self._read(1))[0] == 0:
                down, keysym, _ = struct.unpack(">HII", await self._read(10))
                self._scene().key(keysym, bool(down), now())
            elif struct.unpack(">H", await self._read(2))[0] == 2:
                await self._read(6)
        else:
            raise Unfriendly(f"message {kind}")

    async def _set_format(self, data: bytes) -> None:
        try:
            form = PixelFormat.unpack(data)
        except ValueError as error:
            raise Unfriendly(str(error)) from error
        if not form.true_colour:
            form = RGB332
            colours = b"".join(struct.pack(">HHH", *(part * 257 for part in colour)) for colour in RGB332_COLOURS)
            await self._channel.write(struct.pack(">BxHH", ToViewer.COLOUR_MAP, 0, 256) + colours)
        self._painter.set_format(form)

    async def _encodings(self, wanted: tuple[int, ...]) -> None:
        """Some pseudo encodings are answered at once, before anything was asked for."""
        await self._painter.set_encodings(wanted)
        if Encoding.EXTENDED_CLIPBOARD in wanted:
            await self._channel.write(CLIPBOARD)
