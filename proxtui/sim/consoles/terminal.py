"""termproxy: a first line that proves who comes, then ``0:LEN:DATA``, ``1:COLS:ROWS:`` and ``2``."""

from __future__ import annotations

import asyncio
import hmac
import re
from typing import Final

from proxtui.sim.consoles.party import Line, Party
from proxtui.sim.consoles.wire import Channel

LONGEST_LINE: Final = 1024
_DATA: Final = re.compile(rb"0:(\d{1,9}):")
_SIZE: Final = re.compile(rb"1:(\d{1,5}):(\d{1,5}):")
_MAYBE: Final = re.compile(rb"[01](:\d{0,9}){0,2}$")


async def proven(channel: Channel, user: str, ticket: str) -> bool:
    """Read the first line; answers ``OK`` when it is ``USER:TICKET``."""
    try:
        line = await channel.reader.readuntil(b"\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False
    if len(line) > LONGEST_LINE or not hmac.compare_digest(line.rstrip(b"\n"), f"{user}:{ticket}".encode()):
        return False
    await channel.write(b"OK")
    return True


async def attend(channel: Channel, party: Party) -> None:
    """Sit at a terminal until the client goes or the terminal ends."""
    jobs = [asyncio.create_task(_listen(channel, party.line)), asyncio.create_task(_until(party.over))]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _listen(channel: Channel, line: Line) -> None:
    buffer = bytearray()
    while data := await channel.reader.read(65_536):
        buffer += data
        obey(buffer, line)


def obey(buffer: bytearray, line: Line) -> None:
    """Carry out the whole messages of ``buffer`` and leave the rest; what is no message is dropped."""
    while buffer:
        if buffer[:1] == b"2":
            del buffer[:1]
        elif size := _SIZE.match(buffer):
            line.resize(int(size[1]), int(size[2]))
            del buffer[: size.end()]
        elif data := _DATA.match(buffer):
            end = data.end() + int(data[1])
            if len(buffer) < end:
                return
            line.feed(bytes(buffer[data.end() : end]))
            del buffer[:end]
        elif _MAYBE.match(buffer):
            return
        else:
            buffer.clear()
