"""A terminal for a process that is measured: reads what it writes, answers what it asks, shows nothing."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from benchmarks.measure import cpu_of_process

COLUMNS, LINES = 160, 48
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[c": b"\x1b[?62c"}
_CONTROL = re.compile(rb"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")


class Terminal:
    """``with Terminal(command, environment) as terminal: terminal.until("text")``."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.raw = bytearray()
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        plain = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(
            list(command), stdin=slave, stdout=slave, stderr=slave, env={**plain, **environment}, start_new_session=True
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(10)
        os.close(self._master)

    def until(self, *texts: str, seconds: float = 60.0) -> float:
        """Read until each of these was written since the start; gives the processor seconds spent by then."""
        wanted = [text.encode() for text in texts]
        end = time.monotonic() + seconds
        while True:
            plain = _CONTROL.sub(b"", self.raw)
            if all(text in plain for text in wanted):
                return cpu_of_process(self.pid)
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"never saw {texts} on the terminal; last: {plain[-300:]!r}")
            self.listen(0.2, once=True)

    def listen(self, seconds: float, *, once: bool = False) -> None:
        """Read for so long, or until something came."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                return
            data = os.read(self._master, 65536)
            self.raw += data
            for query, answer in _ANSWERS.items():
                if query in data:
                    os.write(self._master, answer)
            if once:
                return
