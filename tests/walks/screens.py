"""Real programs that show a screen: QEMU as a guest, Xvnc as the display of a desk, and what can be read of both."""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from proxtui.pve.rfb.pixels import BGRX
from proxtui.pve.rfb.words import Encoding
from tests.needs import program
from tests.sim.viewer import Viewer

ESCAPE = 0xFF1B
INK = 60
"""From this brightness on a pixel counts as written."""


class SocketStream:
    """A unix socket as a viewer of the tests reads it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def read(self, length: int) -> bytes:
        return await self._reader.readexactly(length)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


@asynccontextmanager
async def looking(path: Path) -> AsyncIterator[Viewer]:
    """Somebody who looks at a VNC server without a password, beside others."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 20)
    viewer = Viewer(SocketStream(reader, writer))  # type: ignore[arg-type]
    try:
        assert await viewer.stream.read(12) == b"RFB 003.008\n"
        await viewer.stream.send(b"RFB 003.008\n")
        assert 1 in await viewer.stream.read((await viewer.stream.read(1))[0])
        await viewer.stream.send(b"\1")
        assert await viewer.stream.read(4) == bytes(4)
        await viewer.begin(shared=True)
        await viewer.want(Encoding.RAW, Encoding.DESKTOP_SIZE, form=BGRX)
        yield viewer
    finally:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def ink(viewer: Viewer) -> list[bytes]:
    """The lines of a screen: a 1 for each bright pixel, else a 0."""
    before = None
    while before != (viewer.width, viewer.height):
        # Asked for anew as long as it changes its size.
        before = (viewer.width, viewer.height)
        picture = await viewer.look()
    bright = bytes(int(value >= INK) for value in range(256))
    line = viewer.width * 3
    channels = [picture[start::3].translate(bright) for start in range(3)]
    whole = bytes(max(dots) for dots in zip(*channels, strict=True))
    return [whole[at : at + line // 3] for at in range(0, len(whole), line // 3)]


def shows(display: list[bytes], screen: list[bytes]) -> float:
    """How much of what is written on a screen is somewhere on the display, 0..1."""
    anchor = max(range(len(screen)), key=lambda number: sum(screen[number]))
    written = [number for number, line in enumerate(screen) if any(line)]
    best = 0.0
    for top, line in enumerate(display):
        left = line.find(screen[anchor])
        if left >= 0:
            rows = [
                (display[top - anchor + number], screen[number])
                for number in written
                if top - anchor + number < len(display)
            ]
            found = sum(there[left : left + len(here)] == here for there, here in rows)
            best = max(best, found / len(written))
    return best


@contextmanager
def started(*command: str, log: Path, environ: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A program that ends with the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def qemu(path: Path) -> Iterator[None]:
    """A guest that waits in its firmware for the key of the boot menu. Without KVM: it does hardly anything."""
    machine = ("-accel", "tcg", "-m", "32", "-nodefaults", "-vga", "std", "-display", "none")
    vnc = ("-vnc", f"unix:{path}", "-boot", "menu=on,splash-time=60000", "-monitor", "none", "-serial", "none")
    with started(program("qemu-system-x86_64") or "", *machine, *vnc, log=path.with_suffix(".log")):
        yield


@contextmanager
def display(folder: Path) -> Iterator[tuple[str, Path]]:
    """A desk with a display of its own: its name for ``DISPLAY``, and the socket on which it can be seen."""
    seen = folder / "display"
    log = folder / "display.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program("Xtigervnc") or "", "-displayfd", "1", "-SecurityTypes", "None", "-rfbport", "-1",
             "-rfbunixpath", str(seen), "-geometry", "1024x768", "-depth", "24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE, stderr=out, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    assert process.stdout is not None
    with process:
        try:
            number = process.stdout.readline().decode().strip()
            assert number, log.read_text()
            yield f":{number}", seen
        finally:
            process.kill()


async def pressed(viewer: Viewer, keysym: int) -> None:
    """A key, after a click on the window that is to have it."""
    for buttons in (0, 1, 0):
        await viewer.stream.send(struct.pack(">BBHH", 5, buttons, 200, 200))
    await viewer.key(keysym)


async def connected(path: Path) -> None:
    """Wait until somebody listens there."""
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(str(path))
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
            return


def focus(name: str) -> None:
    """Give the keys to the largest window of a display, as a window manager would; there is none here."""
    with socket.socket(socket.AF_UNIX) as x, x.makefile("rwb") as wire:
        x.connect(f"/tmp/.X11-unix/X{name.removeprefix(':')}")  # noqa: S108  where X servers are

        def ask(request: bytes) -> bytes:
            wire.write(request)
            wire.flush()
            head = wire.read(32)
            return head + wire.read(4 * struct.unpack("<I", head[4:8])[0])

        wire.write(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        wire.flush()
        accepted, length = struct.unpack("<B5xH", wire.read(8))
        assert accepted == 1
        setup = wire.read(4 * length)
        vendor, formats = struct.unpack("<H", setup[16:18])[0], setup[21]
        at = 32 + (vendor + 3) // 4 * 4 + 8 * formats
        tree = ask(struct.pack("<BxHI", 15, 2, struct.unpack("<I", setup[at : at + 4])[0]))
        windows = struct.unpack(f"<{len(tree[32:]) // 4}I", tree[32:])
        sizes = {one: struct.unpack("<HH", ask(struct.pack("<BxHI", 14, 2, one))[16:20]) for one in windows}
        largest = max(sizes, key=lambda one: sizes[one][0] * sizes[one][1])
        wire.write(struct.pack("<BBHII", 42, 1, 3, largest, 0))
        wire.flush()
        # An answer to anything means that the server has come so far.
        ask(struct.pack("<BxH", 43, 1))
