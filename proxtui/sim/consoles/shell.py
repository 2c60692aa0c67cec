"""A real shell in a pseudo terminal; it and all its children end with the console."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
from pathlib import Path
from typing import Final

GRACE: Final = 0.5
"""Seconds between the hang-up and the end by force."""
CHUNK: Final = 65_536


class Shell:
    """Runs as whoever serves the simulator, with little of the environment: no secret of it gets in."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self._master = master
        self._process = process
        self._typed = bytearray()

    @classmethod
    async def start(cls) -> Shell:
        """Fork one. Raises OSError."""
        master, slave = pty.openpty()
        os.set_blocking(master, False)
        program = os.environ.get("SHELL", "/bin/sh")
        kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG", "USER", "LOGNAME") if name in os.environ}
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, master)
            undo.callback(os.close, slave)
            process = await asyncio.create_subprocess_exec(
                program,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=kept | {"TERM": "xterm-256color", "SHELL": program},
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
            undo.pop_all()
        os.close(slave)
        return cls(master, process)

    async def read(self) -> bytes:
        """The next output; empty when the shell is gone."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return os.read(self._master, CHUNK)
            except BlockingIOError:
                ready = asyncio.Event()
                loop.add_reader(self._master, ready.set)
                try:
                    await ready.wait()
                finally:
                    loop.remove_reader(self._master)
            except OSError:
                # Linux says EIO when the last process let go of the terminal.
                return b""

    def feed(self, data: bytes) -> None:
        """What was typed; waits inside when the terminal is full."""
        self._typed += data
        self._push()

    def _push(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_writer(self._master)
        try:
            del self._typed[: os.write(self._master, self._typed)]
        except BlockingIOError:
            loop.add_writer(self._master, self._push)
            return
        except OSError:
            self._typed.clear()
        if self._typed:
            loop.add_writer(self._master, self._push)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the terminal, which tells its programs."""
        size = struct.pack("HHHH", min(rows, 0xFFFF), min(columns, 0xFFFF), 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    async def end(self) -> None:
        """Hang up, then end by force what is left of the session."""
        asyncio.get_running_loop().remove_writer(self._master)
        _tell(self._process.pid, signal.SIGHUP)
        os.close(self._master)
        try:
            async with asyncio.timeout(GRACE):
                await self._process.wait()
        except TimeoutError:
            _tell(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        _tell(self._process.pid, signal.SIGKILL)


def _take_terminal() -> None:
    """In the child: standard input becomes its controlling terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _tell(session: int, number: signal.Signals) -> None:
    """Send a signal to every process of a session, background jobs too."""
    for pid in _members(session):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _members(session: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if os.getsid(int(folder.name)) == session:
                    found.append(int(folder.name))
            except (ProcessLookupError, PermissionError):
                continue
    return found
