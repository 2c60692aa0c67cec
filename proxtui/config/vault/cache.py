"""The key of a slot for some minutes in the kernel's keyring, so that nobody types a passphrase twice in a row.

Never the passphrase: the private half of its slot, which opens this one file. By system calls of our own: the kernel
has no other door, and a library for four calls would be one more thing to trust.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable, Iterator
from functools import cache
from typing import Protocol

PREFIX = "proxtui:"
_CALLS = {
    "x86_64": (248, 250),
    "aarch64": (217, 219),
    "riscv64": (217, 219),
    "ppc64le": (269, 271),
    "s390x": (278, 280),
}
"""Numbers of ``add_key`` and ``keyctl``."""
_PROCESS, _SESSION, _USER = -2, -3, -4
_GET_ID, _REVOKE, _SET_PERMISSIONS, _DESCRIBE, _LINK, _UNLINK, _SEARCH, _READ, _SET_TIMEOUT = (
    0,
    3,
    5,
    6,
    8,
    9,
    10,
    11,
    15,
)
_POSSESSOR_ONLY = 0x3F00_0000
_LARGEST = 4096
_SERIAL = 4


class NoKeyring(Exception):
    """The kernel keeps no key for us: a container that forbids it, or no Linux. The message says which."""


class KeyCache(Protocol):
    """Keeps keys for a while, by name."""

    @property
    def is_of_session(self) -> bool:
        """Whether no other login of the same account reads it."""

    def find(self, name: str) -> bytes | None:
        """What is kept under this name; None when nothing is, or it is over."""

    def keep(self, name: str, secret: bytes, seconds: int) -> None:
        """Keep it for so long, in the place of what has this name. NoKeyring."""

    def forget(self, beginning: str = PREFIX) -> int:
        """Revoke all whose names begin so; how many there were. NoKeyring."""


def name_of(file_id: str, slot_id: str = "") -> str:
    """``proxtui:FILE:SLOT``; without a slot the beginning of all names of the file."""
    return f"{PREFIX}{file_id}:{slot_id}"


class KernelKeyring:
    """That of the login session; where there is none of its own, that of the user."""

    @property
    def is_of_session(self) -> bool:
        try:
            return self._ring() != _USER
        except (NoKeyring, OSError):
            return False

    def find(self, name: str) -> bytes | None:
        try:
            serial = _keyctl(_SEARCH, self._ring(), b"user", name.encode(), 0)
            return _read(serial)
        except (NoKeyring, OSError):
            return None

    def keep(self, name: str, secret: bytes, seconds: int) -> None:
        try:
            serial = _call(0, b"user", name.encode(), secret, ctypes.c_size_t(len(secret)), ctypes.c_int(self._ring()))
            _keyctl(_SET_PERMISSIONS, serial, _POSSESSOR_ONLY)
            _keyctl(_SET_TIMEOUT, serial, seconds)
        except OSError as error:
            raise NoKeyring(f"the kernel's keyring: {error.strerror}") from None

    def forget(self, beginning: str = PREFIX) -> int:
        try:
            found = [serial for serial, name in self._ours(self._ring()) if name.startswith(beginning)]
            for serial in found:
                _keyctl(_REVOKE, serial)
                _keyctl(_UNLINK, serial, self._ring())
        except OSError as error:
            raise NoKeyring(f"the kernel's keyring: {error.strerror}") from None
        return len(found)

    def _ring(self) -> int:
        """A key must be possessed to be read: the user's keyring is, once it hangs below that of this process."""
        own = _keyctl(_GET_ID, _SESSION, 0)
        if not _described(own).startswith("_uid_ses."):
            return own
        _keyctl(_LINK, _USER, _PROCESS)
        return _USER

    def _ours(self, ring: int) -> Iterator[tuple[int, str]]:
        raw = _read(ring)
        for at in range(0, len(raw), _SERIAL):
            serial = int.from_bytes(raw[at : at + _SERIAL], "little" if _is_little() else "big")
            try:
                name = _described(serial)
            except OSError:
                # Somebody else's, or over.
                continue
            if name.startswith(PREFIX):
                yield serial, name


def _is_little() -> bool:
    import sys

    return sys.byteorder == "little"


def _described(serial: int) -> str:
    """Its name: the last part of ``type;uid;gid;permissions;name``."""
    room = ctypes.create_string_buffer(_LARGEST)
    _keyctl(_DESCRIBE, serial, room, _LARGEST)
    return room.value.decode(errors="replace").split(";", 4)[-1]


def _read(serial: int) -> bytes:
    room = ctypes.create_string_buffer(_LARGEST)
    length = _keyctl(_READ, serial, room, _LARGEST)
    return room.raw[: min(length, _LARGEST)]


def _keyctl(what: int, *arguments: object) -> int:
    return _call(1, ctypes.c_int(what), *(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))


def _call(which: int, *arguments: object) -> int:
    """NoKeyring where there is no such call, OSError where it fails."""
    system, numbers = _door()
    answer = int(system(ctypes.c_long(numbers[which]), *arguments))
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


@cache
def _door() -> tuple[Callable[..., int], tuple[int, int]]:
    numbers = _CALLS.get(platform.machine())
    if platform.system() != "Linux" or numbers is None:
        raise NoKeyring("this system has no keyring in its kernel that proxtui knows")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc.syscall, numbers
