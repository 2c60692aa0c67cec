"""The log: to a file that only its owner can read, or to stderr for a command that is being debugged."""

from __future__ import annotations

import logging
import os
import stat
import sys
from io import TextIOWrapper
from pathlib import Path

from proxtui.cli.redact import redact
from proxtui.errors import UsageError

NAME = "proxtui"
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RedactingFormatter(logging.Formatter):
    """Formats first, then takes the secrets out: so nothing in arguments or tracebacks gets past."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class PrivateFileHandler(logging.FileHandler):
    """Appends to a file that only its owner can read."""

    def _open(self) -> TextIOWrapper:
        return open(_open_private(Path(self.baseFilename)), "a", encoding="utf-8")


def configure(path: str, *, debug: bool, to_stderr: bool) -> None:
    """Set the log up once. Without a file it goes to stderr when ``debug`` and ``to_stderr``, else nowhere.

    Raises UsageError when the file cannot be used.
    """
    handler: logging.Handler
    if path:
        handler = PrivateFileHandler(Path(path).expanduser(), encoding="utf-8")
    elif debug and to_stderr:
        handler = logging.StreamHandler(sys.stderr)
    else:
        # Without any handler Python itself writes warnings to stderr, into the middle of a screen.
        handler = logging.NullHandler()
    handler.setFormatter(RedactingFormatter(FORMAT))
    handler.set_name(NAME)
    root = logging.getLogger()
    for old in [known for known in root.handlers if known.get_name() == NAME]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(True)


def _open_private(path: Path) -> int:
    """Open for appending, 0600; an existing file that others could read is closed to them first."""
    # Not blocking: opening a pipe that nobody reads would wait for ever.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise UsageError(f"PROXTUI_LOG: cannot write {path}: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError(f"PROXTUI_LOG: {path} is not a file")
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        os.close(descriptor)
        raise UsageError(f"PROXTUI_LOG: cannot make {path} private: {error.strerror}") from None
    except UsageError:
        os.close(descriptor)
        raise
    return descriptor
