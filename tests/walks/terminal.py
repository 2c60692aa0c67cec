"""A terminal of our own: runs a command in a pty, reads its screen with pyte, keeps every raw byte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryDirectory
from types import TracebackType

import pyte

# What Textual asks of a terminal at the start, and what a plain xterm would answer.
QUERIES = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[c": b"\x1b[?62c"}


class Terminal:
    """``with Terminal([...], columns=80, lines=24) as terminal: terminal.wait_for("web1")``."""

    def __init__(
        self, command: Sequence[str], *, columns: int = 80, lines: int = 24, environment: Mapping[str, str]
    ) -> None:
        # What is remembered in one test is nobody else's, least of all the home folder's.
        self._state = TemporaryDirectory(prefix="proxtui-state-")
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.fresh = False
        """True when the last ``read`` brought something."""
        self.master, slave = pty.openpty()
        self._set_size(columns, lines)
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                "PATH": os.environ["PATH"],
                "XDG_STATE_HOME": self._state.name,
                **environment,
            },
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self.master)
        self._state.cleanup()

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self._set_size(columns, lines)
        os.kill(self.process.pid, signal.SIGWINCH)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float) -> bool:
        """Read what comes within ``seconds``; False when the program has closed the terminal."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        self.fresh = bool(ready)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux says EIO when the last writer has gone
            return False
        self.raw += data
        for query, answer in QUERIES.items():
            if query in data:
                os.write(self.master, answer)
        self.stream.feed(re.sub(rb"\x1b\[[<>=?][0-9;]*[um]", b"", data))
        return bool(data)

    @property
    def _between_frames(self) -> bool:
        """False while a frame that Textual announced as one (mode 2026) has only partly arrived."""
        return self.raw.rfind(b"\x1b[?2026l") >= self.raw.rfind(b"\x1b[?2026h")

    def wait_for(self, what: str | Callable[[str], bool], *, seconds: float = 30.0) -> str:
        """Read until a whole frame shows ``what``; fails with the screen when it never does."""
        shows = what if callable(what) else lambda text: what in text
        end = time.monotonic() + seconds
        while not (self._between_frames and shows(self.text())):
            left = end - time.monotonic()
            assert left > 0, f"never saw {what!r} on the screen:\n{self.text()}"
            assert self.read(min(left, 0.5)) or shows(self.text()), f"ended without {what!r}:\n{self.text()}"
        return self.text()

    def wait_exit(self, *, seconds: float = 20.0) -> int:
        """Read to the end and give the exit code."""
        end = time.monotonic() + seconds
        while self.read(0.2):
            assert time.monotonic() < end, f"still running:\n{self.text()}"
            if self.process.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                break
        return self.process.wait(max(0.1, end - time.monotonic()))


def _take_terminal() -> None:
    """Make the pty the controlling terminal, so that a hang-up and /dev/tty work as they do for a person."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
