"""A shell, or one command, on a host at the end of a chain of jump hosts, or without any."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

import asyncssh

from proxtui.errors import ConsoleError, TunnelError
from proxtui.pve.sanitize import clean
from proxtui.pve.ssh import failures
from proxtui.pve.ssh.chain import Chain, open_chain
from proxtui.pve.ssh.hops import Hop, Ours

PIECE: Final = 64 * 1024
WINDOW: Final = 256 * 1024
"""The most that a channel holds of what nobody read yet."""
OPEN_SECONDS: Final = 20.0
CLOSE_SECONDS: Final = 1.0
KILLED: Final = 255
"""What ssh answers where the other side told no exit status."""

Take = Callable[[bytes], Awaitable[None]]


class SshShell:
    """A login shell in a pty there: a ``Terminal``."""

    def __init__(self, chain: Chain, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._chain = chain
        self._process = process

    async def recv(self) -> bytes:
        """See ``Terminal``."""
        try:
            return await self._process.stdout.read(PIECE)
        except (OSError, asyncssh.Error) as error:
            raise self._lost(error) from error

    async def send(self, data: bytes) -> None:
        """See ``Terminal``."""
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (OSError, asyncssh.Error) as error:
            raise self._lost(error) from error

    async def resize(self, columns: int, rows: int) -> None:
        """See ``Terminal``."""
        try:
            self._process.change_terminal_size(columns, rows)
        except (OSError, asyncssh.Error) as error:
            raise self._lost(error) from error

    async def status(self) -> int:
        """What the shell answered once ``recv`` was empty, as ``ssh`` tells it: 255 where it told nothing."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._process.wait_closed()
        except TimeoutError:
            return KILLED
        if self._chain.broken is not None:
            raise self._lost(None)
        return _status(self._process)

    async def pour(self, out: Take, err: Take) -> None:
        """All that a command without a pty prints, until it has ended."""

        async def carry(reader: asyncssh.SSHReader[bytes], take: Take) -> None:
            try:
                while piece := await reader.read(PIECE):
                    await take(piece)
            except asyncssh.Error as error:
                raise self._lost(error) from error

        await asyncio.gather(carry(self._process.stdout, out), carry(self._process.stderr, err))

    async def aclose(self) -> None:
        self._process.close()
        await self._chain.aclose()

    def _lost(self, error: Exception | None) -> ConsoleError:
        hop = self._chain.broken
        if hop is not None:
            return ConsoleError(f"the connection to {hop.title} broke off", endpoint=hop.label)
        return ConsoleError(f"the shell is gone: {clean(str(error), limit=120)}")


async def open_shell(
    jumps: Sequence[Hop],
    host: Hop,
    *,
    term: str = "",
    size: tuple[int, int] = (80, 24),
    command: str | None = None,
    ours: Ours | None = None,
    asks: Callable[[Hop], None] = lambda _hop: None,
) -> SshShell:
    """Log in on every jump host, then on ``host``, with keys only. ``TunnelError`` tells which one did not let us on.

    ``asks`` hears of each as its turn comes; it has ``chain.LOGIN_SECONDS`` then.
    With ``command`` that is run, without a pty and with nothing to read; else a login shell in one.
    """
    chain = await open_chain((*jumps, host), ours or Ours.of_this_user(), asks)
    async with AsyncExitStack() as failing:
        failing.push_async_callback(chain.aclose)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                process = await chain.end.create_process(
                    command,
                    term_type=None if command is not None else term or "xterm",
                    term_size=size,
                    encoding=None,
                    window=WINDOW,
                    stdin=asyncssh.DEVNULL if command is not None else asyncssh.PIPE,
                )
        except (OSError, asyncssh.Error) as error:
            raise _no_shell(host, chain, error) from error
        failing.pop_all()
    return SshShell(chain, process)


def _no_shell(host: Hop, chain: Chain, error: Exception) -> TunnelError:
    if (hop := chain.broken) is not None:
        return failures.unreachable(hop, None, asyncssh.ConnectionLost("gone"), OPEN_SECONDS)
    why = f"within {OPEN_SECONDS:g} s" if isinstance(error, TimeoutError) else f"({clean(str(error), limit=80)})"
    return TunnelError(f"{host.title} gives {host.login} no shell {why}", hop=host.label, kind="target")


def _status(process: asyncssh.SSHClientProcess[bytes]) -> int:
    code = process.returncode
    if code is None:
        return KILLED
    # asyncssh tells a signal as a negative number.
    return code if code >= 0 else 128 - code
