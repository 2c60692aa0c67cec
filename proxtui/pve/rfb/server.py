"""The handshake of RFB towards a viewer: it proves itself before anybody asks PVE for a console."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from proxtui.pve.rfb.des import response
from proxtui.pve.rfb.streams import Exact
from proxtui.pve.rfb.versions import V3_3, V3_8, spoken
from proxtui.pve.rfb.words import (
    CHALLENGE_LENGTH,
    SECURITY_FAILED,
    SECURITY_OK,
    VERSION,
    VERSION_LENGTH,
    Security,
)

HANDSHAKE_SECONDS: Final = 10.0
_WRONG: Final = "wrong password"


class NoViewer(Exception):
    """Whoever connected is no viewer, gave up, said nothing in time or did not know the password: ``str()`` says."""


class WrongPassword(NoViewer):
    """A viewer indeed, of somebody who does not know the password."""


@dataclass(frozen=True, slots=True)
class WaitingViewer:
    """A viewer that proved itself and waits for SecurityResult, for as long as a console takes to open."""

    stream: Exact
    version: bytes
    security: Security

    async def welcome(self, *, seconds: float = HANDSHAKE_SECONDS) -> bool:
        """Let it in, and read its ClientInit: True when it would share. What follows is ServerInit. ``NoViewer``."""
        async with _explained(seconds):
            if self.version == V3_8 or self.security is Security.VNC_AUTH:
                await self.stream.write(SECURITY_OK.to_bytes(4))
            return (await self.stream.read_exactly(1))[0] != 0

    async def refuse(self, reason: str, *, seconds: float = HANDSHAKE_SECONDS) -> None:
        """Tell it why there is no console, as far as its version has words for that. ``NoViewer``."""
        async with _explained(seconds):
            await _refuse(self.stream, self.version, self.security, reason)


async def greet(stream: Exact, password: str | None, *, seconds: float = HANDSHAKE_SECONDS) -> WaitingViewer:
    """Shake hands with whoever connected. ``password`` None: none is asked for, because the socket itself is closed
    to others.

    ``NoViewer`` when it is none or does not know the password; the connection is to be closed then.
    """
    async with _explained(seconds):
        await stream.write(VERSION)
        version = spoken(await stream.read_exactly(VERSION_LENGTH))
        if version is None:
            raise NoViewer("it does not speak VNC")
        kind = Security.NONE if password is None else Security.VNC_AUTH
        if version == V3_3:
            await stream.write(int(kind).to_bytes(4))
        else:
            await stream.write(bytes((1, kind)))
            if (await stream.read_exactly(1))[0] != kind:
                await _refuse(stream, version, Security.VNC_AUTH, "security type not offered")
                raise NoViewer("it chose a security type that was not offered")
        if password is not None:
            await _check(stream, version, password)
        return WaitingViewer(stream, version, kind)


async def _check(stream: Exact, version: bytes, password: str) -> None:
    challenge = os.urandom(CHALLENGE_LENGTH)
    await stream.write(challenge)
    given = await stream.read_exactly(CHALLENGE_LENGTH)
    if not hmac.compare_digest(given, response(challenge, password)):
        await _refuse(stream, version, Security.VNC_AUTH, _WRONG)
        raise WrongPassword(_WRONG)


async def _refuse(stream: Exact, version: bytes, security: Security, reason: str) -> None:
    """SecurityResult 1. Before 3.8 there is none without a password, and never a reason."""
    if version == V3_8:
        text = reason.encode("utf-8", "replace")
        await stream.write(SECURITY_FAILED.to_bytes(4) + len(text).to_bytes(4) + text)
    elif security is Security.VNC_AUTH:
        await stream.write(SECURITY_FAILED.to_bytes(4))


@asynccontextmanager
async def _explained(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise NoViewer(f"it did not shake hands within {seconds:g} s") from error
    except (EOFError, OSError) as error:
        raise NoViewer("it went before it was let in") from error
