"""The key of the chain. Today a file that only its owner reads; what keeps it later gives the same answers."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from proxtui.errors import AuditUnavailable

KEY_BYTES = 32


class KeySource(Protocol):
    """Where the keys are. Rows name theirs, so that a chain goes on when another key takes over."""

    def exists(self) -> bool:
        """Whether there is a key."""

    def make(self) -> None:
        """Make one. To be called by one process at a time, and only where none exists."""

    def current(self) -> tuple[str, bytes]:
        """Name and bytes of the key that new rows get. AuditUnavailable when it cannot be read."""

    def find(self, key_id: str) -> bytes | None:
        """The key of that name; None when it is not one of ours."""


class FileKey:
    """32 random bytes in hex, in a file of mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: tuple[str, bytes] | None = None

    def exists(self) -> bool:
        return os.path.lexists(self._path)

    def make(self) -> None:
        new = Path(f"{self._path}.new")
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(handle)
        # Whole or not at all: half a key would make every row look forged.
        new.replace(self._path)

    def current(self) -> tuple[str, bytes]:
        if self._kept is None:
            key = self._read()
            self._kept = (name_of(key), key)
        return self._kept

    def find(self, key_id: str) -> bytes | None:
        name, key = self.current()
        return key if name == key_id else None

    def _read(self) -> bytes:
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            with open(handle, "rb") as file:
                known = os.fstat(handle)
                if not stat.S_ISREG(known.st_mode):
                    raise AuditUnavailable(f"the audit: its key {self._path} is no regular file")
                text = file.read(4 * KEY_BYTES)
        except OSError as error:
            raise AuditUnavailable(f"the audit: cannot read its key {self._path}: {error.strerror}") from error
        try:
            key = bytes.fromhex(text.decode("ascii").strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise AuditUnavailable(f"the audit: {self._path} is not the key that proxtui made")
        return key


def name_of(key: bytes) -> str:
    """A short name that tells nothing of the key."""
    return hmac.new(key, b"proxtui audit key name", hashlib.sha256).hexdigest()[:16]
