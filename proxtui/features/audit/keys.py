"""The keys of the chain: one in a file that only its owner reads, and over it that of an open configuration."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from proxtui.errors import AuditUnavailable
from proxtui.features.audit.places import AuditFiles

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

    @property
    def anchor(self) -> Path:
        """Where the end of the chain is noted, under one of these keys."""

    @property
    def known(self) -> tuple[bytes, ...]:
        """All that may have noted it: the current one and those before it."""

    @property
    def below(self) -> KeySource | None:
        """The keys that were used before these, and that who has not these still uses."""

    @property
    def takes_over(self) -> bool:
        """Whether the chain has to tell that the current key is used from now on."""

    @property
    def is_roaming(self) -> bool:
        """Whether another machine may have these keys, too: then rows may be there before this one noted an end."""


class FileKey:
    """32 random bytes in hex, in a file of mode 0600."""

    takes_over = False
    is_roaming = False

    def __init__(self, path: Path, anchor: Path | None = None) -> None:
        self._path = path
        self._anchor = anchor or path.with_suffix(".anchor")
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

    @property
    def anchor(self) -> Path:
        return self._anchor

    @property
    def known(self) -> tuple[bytes, ...]:
        return (self.current()[1],)

    @property
    def below(self) -> None:
        return None

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


class VaultKeys:
    """Keys that only who opens the configuration has. Rows of before, and of commands without it, are the file's."""

    takes_over = True

    def __init__(self, file: FileKey, keys: Sequence[bytes], anchor: Path, *, is_roaming: bool = False) -> None:
        """``keys`` as ``OpenVault.audit_keys`` gives them: the current one first, then those before each re-keying.

        ``is_roaming``: the chain is that of the configuration alone, wherever it is opened; the file's key only tells
        what was copied from here.
        """
        self._file = file
        self._anchor = anchor
        self.is_roaming = is_roaming
        self._keys = {name_of(key): key for key in keys}
        self._current = name_of(keys[0])

    def exists(self) -> bool:
        return self.is_roaming or self._file.exists()

    def make(self) -> None:
        self._file.make()

    def current(self) -> tuple[str, bytes]:
        return self._current, self._keys[self._current]

    def find(self, key_id: str) -> bytes | None:
        if (key := self._keys.get(key_id)) is not None:
            return key
        return self._file.find(key_id) if self._file.exists() or not self.is_roaming else None

    @property
    def anchor(self) -> Path:
        return self._anchor

    @property
    def known(self) -> tuple[bytes, ...]:
        return tuple(self._keys.values())

    @property
    def below(self) -> FileKey | None:
        return None if self.is_roaming else self._file


def keys_of(files: AuditFiles, vault: Sequence[bytes] = ()) -> KeySource:
    """The keys of an audit: those of an open configuration, where there is one, over the key file."""
    file = FileKey(files.key, files.anchor)
    if not vault:
        return file
    return VaultKeys(file, vault, files.vault_anchor, is_roaming=files.url is not None)


def name_of(key: bytes) -> str:
    """A short name that tells nothing of the key."""
    return hmac.new(key, b"proxtui audit key name", hashlib.sha256).hexdigest()[:16]
