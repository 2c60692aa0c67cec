"""A file that only takes room, so that "the disk is full" and the end of what runs can still be written down."""

from __future__ import annotations

import os
from pathlib import Path

RESERVED = 1024 * 1024


class NoReserve:
    """For rows on a server: the room there is not ours to keep."""

    def hold(self) -> bool:
        """True: what the server lacks it says itself."""
        return True

    def spend(self) -> bool:
        """False: there was none."""
        return False


class Reserve:
    """Room for about a thousand rows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hold(self) -> bool:
        """Take the room unless it is taken. False when the disk does not give it."""
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            return True
        except OSError:
            # Told by the answer: then nothing new is begun.
            return False
        try:
            # Written, not only promised: a sparse file holds no room.
            os.write(handle, b"\0" * RESERVED)
            os.fsync(handle)
            held = os.fstat(handle).st_size == RESERVED
        except OSError:
            held = False
        finally:
            os.close(handle)
        if not held:
            self._path.unlink(missing_ok=True)
        return held

    def spend(self) -> bool:
        """Give the room back. False when there was none."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
