"""A screen from elsewhere: the bytes of any VNC server on this machine, behind PVE's own password."""

from __future__ import annotations

import asyncio
from typing import Final

from proxtui.pve.rfb.words import SECURITY_OK, VERSION, VERSION_LENGTH, Security
from proxtui.sim.consoles.options import Target
from proxtui.sim.consoles.wire import Channel

CHUNK: Final = 65_536
PATIENCE: Final = 5.0
"""Seconds for the other server's handshake."""


class NoBridge(Exception):
    """The VNC server of the command line cannot be had; ``str()`` says why."""


async def bridge(channel: Channel, target: Target) -> None:
    """Pass on everything after the handshakes until one side ends. Raises :class:`NoBridge`."""
    try:
        async with asyncio.timeout(PATIENCE):
            if target.path:
                reader, writer = await asyncio.open_unix_connection(target.path)
            else:
                reader, writer = await asyncio.open_connection(target.host, target.port)
    except (OSError, TimeoutError) as error:
        raise NoBridge(str(error) or "no answer") from error
    try:
        await _greet(reader, writer)
        await _splice(channel, reader, writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a viewer up to SecurityResult; only servers without a password of their own are taken."""
    try:
        async with asyncio.timeout(PATIENCE):
            if not (await reader.readexactly(VERSION_LENGTH)).startswith(b"RFB 003."):
                raise NoBridge("it speaks no RFB 3")
            writer.write(VERSION)
            offered = await reader.readexactly((await reader.readexactly(1))[0])
            if Security.NONE not in offered:
                raise NoBridge("it wants a password; start it without one")
            writer.write(bytes([Security.NONE]))
            if int.from_bytes(await reader.readexactly(4)) != SECURITY_OK:
                raise NoBridge("it refused")
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise NoBridge(str(error) or "no answer") from error


async def _splice(channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def there() -> None:
        while data := await channel.reader.read(CHUNK):
            writer.write(data)
            await writer.drain()

    async def back() -> None:
        while data := await reader.read(CHUNK):
            await channel.write(data)

    ways = [asyncio.create_task(there()), asyncio.create_task(back())]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
