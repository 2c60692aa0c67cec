"""The end of the chain, noted outside of it: what finds a cut tail and a replaced file."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from proxtui.errors import AuditUnavailable, UsageError
from proxtui.features.audit.chain import Head, canonical

_NOTICE_OF_AUDIT = 13 * 8 + 5
"""Facility "log audit", severity "notice"."""


class Told(Protocol):
    """Somebody else who is told of the end of the chain."""

    def __call__(self, line: str) -> bool:
        """Whether the line was taken."""


@dataclass(frozen=True, slots=True)
class Syslog:
    """The system's own log, whose lines another user keeps."""

    path: Path

    def __call__(self, line: str) -> bool:
        message = f"<{_NOTICE_OF_AUDIT}>proxtui[{os.getpid()}]: {line}".encode("ascii", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as log:
                log.setblocking(False)
                log.sendto(message, str(self.path))
        except OSError:
            # Many machines and all containers have none: the anchor file is there all the same.
            return False
        return True


class AnchorFile:
    """One small file of mode 0600. Its own code keeps who has no key from writing another end into it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return os.path.lexists(self.path)

    def read(self, *keys: bytes) -> Head:
        """The end as it was noted under one of the keys. AuditUnavailable when it is missing, or not what we wrote."""
        try:
            data = json.loads(self.path.read_bytes())
            head = Head(int(data["seq"]), str(data["mac"]))
            told = str(data["code"]).encode()
            genuine = any(hmac.compare_digest(told, _code(key, head).encode()) for key in keys)
        except OSError as error:
            raise AuditUnavailable(f"the audit: cannot read its anchor {self.path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError):
            genuine = False
            head = Head()
        if not genuine:
            raise AuditUnavailable(f"the audit: its anchor {self.path} is not what proxtui wrote", why="tampered")
        return head

    def write(self, head: Head, key: bytes) -> None:
        """Replace it. OSError when the disk does not take it. To be called under ``locked``."""
        new = Path(f"{self.path}.new")
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with open(handle, "w", encoding="ascii") as file:
                file.write(canonical({"seq": head.seq, "mac": head.mac, "code": _code(key, head)}) + "\n")
                file.flush()
                os.fsync(handle)
            new.replace(self.path)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def read_noted(text: str) -> Head:
    """An end that somebody noted elsewhere: ``SEQ:MAC``, or a file with an anchor or an export's last line.

    UsageError when it is neither.
    """
    seq, colon, mac = text.partition(":")
    if colon and seq.isdecimal() and len(mac) == hashlib.sha256().digest_size * 2:
        return Head(int(seq), mac)
    try:
        lines = Path(text).read_text(encoding="utf-8").strip().splitlines()
        data = json.loads(lines[-1])
        return Head(int(data["seq"]), str(data["mac"]))
    except OSError as error:
        raise UsageError(f"--anchor {text[:200]}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UsageError(f"--anchor {text[:200]}: it is neither SEQ:MAC nor a file that ends with one") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time. The lock goes with the process, however that ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _code(key: bytes, head: Head) -> str:
    return hmac.new(key, f"anchor:{head.seq}:{head.mac}".encode(), hashlib.sha256).hexdigest()
