"""Standard streams that a caller closed (``>&-``): what is written to them fails in an orderly way."""

from __future__ import annotations

import errno
import io
import os
import sys

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What a disk or a terminal that takes no more says."""


def prepare() -> None:
    """Open what is closed, and let no character be a crash. To be called before any other file is opened.

    Otherwise the next file or connection would get the number of the closed stream, and with it what is printed.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(_occupy(0, os.O_RDONLY))
    if sys.stdout is None:
        # It can only be read: writing fails as it would have, with EBADF, and only when something is to be said.
        sys.stdout = os.fdopen(_occupy(1, os.O_RDONLY), "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(_occupy(2, os.O_WRONLY), "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets a question mark, not a crash.
            stream.reconfigure(errors="replace")


def _occupy(number: int, mode: int) -> int:
    found = os.open(os.devnull, mode)
    if found != number:
        os.dup2(found, number)
        os.close(found)
    return number


def takes_no_more(error: OSError) -> bool:
    """True when ``error`` means that stdout takes nothing (any more)."""
    return error.errno in FULL or (error.errno == errno.EBADF and not _is_writable(1))


def _is_writable(number: int) -> bool:
    import fcntl

    try:
        return fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        # Closed meanwhile.
        return False


def forget_stdout() -> None:
    """What is left in the buffer must not raise once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
