"""One small JSON file that several dashboards share: read with suspicion, merged under a lock, replaced whole."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

FORMAT = 1
MAX_BYTES = 1_000_000
LOCK_TRIES, LOCK_REST = 40, 0.05
"""How often, and with how many seconds between, the lock of another dashboard is tried."""
_ASIDE = 100


class Reading(Struct, frozen=True):
    """What lies in the file, or why it cannot be used: one plain line."""

    data: dict[str, Any]
    broken: str = ""
    """It makes no sense: moved aside before anything is written."""
    closed: str = ""
    """It is not ours to touch: newer than this program, or not readable."""


class Merged(Struct, frozen=True):
    """What lies in the file now, None when nothing could be written; ``said`` is one line for the person."""

    data: dict[str, Any] | None
    said: str = ""
    closed: bool = False
    """Writing will not do any better later."""


class StateFile:
    """A file of mode 0600 in a folder of mode 0700. No method raises for what lies on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Reading:
        """The file as it is; a missing one is empty."""
        try:
            text = self._text()
        except FileNotFoundError:
            return Reading({})
        except OSError as error:
            return Reading({}, closed=f"cannot read {self.path}: {error.strerror or error}; it is left alone")
        if not text.strip():
            return Reading({})
        try:
            data = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            return Reading({}, broken="it is no JSON")
        if not isinstance(data, dict) or not isinstance(data.get("format"), int) or data["format"] < 1:
            return Reading({}, broken="it is not what proxtui writes")
        if data["format"] > FORMAT:
            why = f"{self.path} is of a newer proxtui: it is left alone, nothing is remembered this time"
            return Reading({}, closed=why)
        return Reading(data)

    def merge(self, change: Callable[[dict[str, Any]], None]) -> Merged:
        """Let ``change`` alter what lies there now, whoever wrote it, and replace the file. It blocks."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._close_folder()
            with self._locked():
                reading = self.read()
                if reading.closed:
                    return Merged(None, reading.closed, closed=True)
                said = self._moved_aside(reading.broken) if reading.broken else ""
                change(reading.data)
                self._replace({**reading.data, "format": FORMAT})
                return Merged(reading.data, said)
        except OSError as error:
            return Merged(None, f"cannot write {self.path}: {error.strerror or error}; proxtui goes on without")

    def _text(self) -> bytes:
        # A pipe in its place must not keep the dashboard from its first picture.
        handle = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            known = os.fstat(handle)
            if not stat.S_ISREG(known.st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            if known.st_size > MAX_BYTES:
                raise OSError(errno.EFBIG, "it is far too large")
            return file.read(MAX_BYTES)

    def _close_folder(self) -> None:
        folder = self.path.parent
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # A file of its own: the state itself is replaced, and a lock on what is gone keeps nobody out.
        handle = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._take(handle)
            yield
        finally:
            os.close(handle)

    @staticmethod
    def _take(handle: int) -> None:
        for _ in range(LOCK_TRIES):
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(LOCK_REST)
        raise OSError(errno.EAGAIN, "another proxtui keeps it locked")

    def _replace(self, data: dict[str, Any]) -> None:
        import json

        new = Path(f"{self.path}.new")
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(handle)
            new.replace(self.path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def _moved_aside(self, why: str) -> str:
        names = (f"{self.path}.broken{f'-{at}' if at else ''}" for at in range(_ASIDE))
        aside = next((Path(name) for name in names if not os.path.lexists(name)), None)
        if aside is None:
            raise OSError(errno.EEXIST, "too many broken ones lie beside it")
        self.path.rename(aside)
        return f"{self.path} could not be used, {why}: it lies in {aside.name} now, and proxtui began a new one"
