"""The handshake of RFB towards a console, up to ClientInit. Knows no sockets: see ``streams.Exact``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from proxtui.errors import ConsoleError, ConsoleRefused
from proxtui.pve.hiding import Hiding
from proxtui.pve.rfb.des import response
from proxtui.pve.rfb.streams import Exact
from proxtui.pve.rfb.versions import V3_3, V3_8, spoken
from proxtui.pve.rfb.words import CHALLENGE_LENGTH, SECURITY_OK, VERSION_LENGTH, Security
from proxtui.pve.sanitize import clean

HANDSHAKE_SECONDS: Final = 10.0
LONGEST_REASON: Final = 1024
"""Bytes that are read of a reason; the rest of a longer one is not waited for."""
SHARED: Final = b"\x01"
"""ClientInit: QEMU throws everybody else out for a viewer that does not share."""


async def log_in(stream: Exact, password: str, *, seconds: float = HANDSHAKE_SECONDS) -> None:
    """From the first byte to a good SecurityResult; ``SHARED`` is to be written next.

    ``ConsoleRefused`` when the console did not take the password, ``ConsoleError`` for whatever else it says, or
    does not say within ``seconds``.
    """
    async with _explained(seconds):
        said = await stream.read_exactly(VERSION_LENGTH)
        version = spoken(said)
        if version is None:
            raise ConsoleError(f"the console is no VNC server: it began with {said!r}")
        await stream.write(version)
        kind = await _security(stream, version)
        if kind == Security.VNC_AUTH:
            await stream.write(response(await stream.read_exactly(CHALLENGE_LENGTH), password))
        elif version != V3_8:
            # Only 3.8 says that nothing was asked for and all is well.
            return
        if await _number(stream) != SECURITY_OK:
            reason = Hiding(password)(await _reason(stream)) if version == V3_8 else ""
            raise ConsoleRefused(f"the console refused the password{f': {reason}' if reason else ''}")


async def _security(stream: Exact, version: bytes) -> int:
    """The type that is agreed on: VncAuth where it is offered, else none at all."""
    if version == V3_3:
        kinds = [await _number(stream)]
    else:
        count = (await stream.read_exactly(1))[0]
        kinds = list(await stream.read_exactly(count)) if count else [Security.INVALID]
    if kinds == [Security.INVALID]:
        raise ConsoleError(f"the console offers no way to log in: {await _reason(stream) or 'no reason given'}")
    wanted = next((kind for kind in (Security.VNC_AUTH, Security.NONE) if kind in kinds), None)
    if wanted is None:
        offered = ", ".join(map(str, kinds[:8]))
        raise ConsoleError(f"the console wants a security type that is not known here ({offered})")
    if version != V3_3:
        await stream.write(bytes((wanted,)))
    return wanted


async def _number(stream: Exact) -> int:
    return int.from_bytes(await stream.read_exactly(4))


async def _reason(stream: Exact) -> str:
    """What the other side gives as its reason, at most so much of it; empty when it ends before."""
    try:
        length = await _number(stream)
        text = await stream.read_exactly(min(length, LONGEST_REASON))
    except EOFError:
        return ""
    return clean(text.decode("utf-8", "replace")).strip()


@asynccontextmanager
async def _explained(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ConsoleError(f"the console did not shake hands within {seconds:g} s") from error
    except EOFError as error:
        raise ConsoleError("the console ended before it began: is the guest running?") from error
