"""Carries bytes between one end of a socket pair and an SSH channel, with little in memory either way."""

from __future__ import annotations

import asyncio
import logging
import select
import socket

import asyncssh

_PIECE = 64 * 1024

log = logging.getLogger(__name__)


async def carry(near: socket.socket, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
    """Until both sides have ended, or one is gone. An end of one direction leaves the other open; closes neither."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_out(near, writer))
            group.create_task(_back(reader, near))
    except* (OSError, asyncssh.Error) as gone:
        log.debug("a channel ended: %s", gone.exceptions[0])


async def _out(near: socket.socket, writer: asyncssh.SSHWriter[bytes]) -> None:
    loop = asyncio.get_running_loop()
    while piece := await loop.sock_recv(near, _PIECE):
        writer.write(piece)
        # Waits while the channel's window is full, so no more than this piece and its buffer is ever held.
        await writer.drain()
    if _is_hung_up(near):
        raise ConnectionResetError("nobody reads here any more")
    writer.write_eof()


async def _back(reader: asyncssh.SSHReader[bytes], near: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while piece := await reader.read(_PIECE):
        await loop.sock_sendall(near, piece)
    near.shutdown(socket.SHUT_WR)


def _is_hung_up(near: socket.socket) -> bool:
    """Whether the other end was closed, and not only its writing half."""
    look = select.poll()
    look.register(near, select.POLLIN)
    return any(event & select.POLLHUP for _, event in look.poll(0))
