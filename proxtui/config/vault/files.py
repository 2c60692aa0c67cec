"""Files with secrets in them: read only where nobody else may touch them, written as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import getpass
import json
import os
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from proxtui.errors import FileLocked, NotConfigured, SaveFailed, UnsafeFile

GENERATIONS = 3
"""Earlier files that are kept beside it, as ``config.toml.1`` (the newest) to ``.3``."""
LARGEST = 16 * 2**20
LOCK_SECONDS = 5.0
_BETWEEN_TRIES = 0.02
_OTHERS = 0o077
_ABROAD = 0o037
"""What a file from elsewhere (a systemd credential belongs to root) may not allow."""


def read_safely(path: Path, *, ours: bool = True) -> bytes:
    """The content. NotConfigured when it is not there, UnsafeFile when others may read or replace it.

    ``ours`` asks for mode 0600 and this user as owner; without it root may own the file and a group may read it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NotConfigured(f"no configuration at {path}" if ours else f"{path}: no such file") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafeFile(f"{path} is a symbolic link: put the file itself there, `mv TARGET {path}`") from None
        raise UnsafeFile(f"{path}: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        _judge(path, os.fstat(handle), ours=ours)
        if ours:
            check_folder(path.parent)
        return file.read(LARGEST + 1)


def _judge(path: Path, about: os.stat_result, *, ours: bool) -> None:
    me = os.geteuid()
    if not stat.S_ISREG(about.st_mode):
        raise UnsafeFile(f"{path} is no ordinary file")
    if about.st_uid not in ({me} if ours else {me, 0}):
        raise UnsafeFile(f"{path} belongs to another user: `chown {me} {path}`, once you know why")
    if about.st_mode & (_OTHERS if ours else _ABROAD):
        raise UnsafeFile(f"{path} is open to other users: `chmod 600 {path}`")
    if about.st_size > LARGEST:
        raise UnsafeFile(f"{path} is larger than {LARGEST >> 20} MiB: it is not read")


def check_folder(folder: Path) -> None:
    """UnsafeFile when others may put another file into its place."""
    try:
        about = folder.stat()
    except OSError as error:
        raise UnsafeFile(f"{folder}: {error.strerror}") from None
    if about.st_uid not in {os.geteuid(), 0}:
        raise UnsafeFile(f"{folder} belongs to another user: `chown {os.geteuid()} {folder}`, once you know why")
    if about.st_mode & 0o022:
        raise UnsafeFile(f"{folder} may be written by others: `chmod 700 {folder}`")


def make_folder(folder: Path) -> None:
    """See that it is there, with mode 0700. SaveFailed when it cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SaveFailed(f"{folder}: {error.strerror}") from None


def beside(path: Path, word: object) -> Path:
    """``config.toml.1``, ``config.toml.lock``."""
    return path.with_name(f"{path.name}.{word}")


class Disk:
    """The steps of a save, one method each: a test takes one away and looks what is left."""

    def write(self, handle: int, raw: bytes) -> None:
        """All of it, or OSError."""
        while raw:
            raw = raw[os.write(handle, raw) :]

    def sync(self, handle: int) -> None:
        """Until it stands on the disk."""
        os.fsync(handle)

    def link(self, old: Path, new: Path) -> None:
        """Another name for the same file."""
        os.link(old, new)

    def replace(self, old: Path, new: Path) -> None:
        """Rename, over whatever stands there."""
        os.replace(old, new)

    def remove(self, path: Path) -> None:
        """Take it away, if it is there."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Until the names in it stand on the disk."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


DISK = Disk()


def put(path: Path, raw: bytes, disk: Disk = DISK) -> None:
    """Write a file as a whole or not at all, mode 0600. OSError when it did not work."""
    temporary = _written(path, raw, disk)
    try:
        disk.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    disk.sync_folder(path.parent)


def put_with_generations(path: Path, raw: bytes, disk: Disk = DISK, *, forget: bool = False) -> None:
    """The same, and what stood there becomes the first generation. SaveFailed; the file is then the old one.

    ``forget``: the generations go before the new file comes, for a key that is taken away must open none of them.
    """
    try:
        temporary = _written(path, raw, disk)
        try:
            for number in range(GENERATIONS if forget else 0, 0, -1):
                disk.remove(beside(path, number))
            if not forget and path.exists():
                _shift(path, disk)
            disk.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SaveFailed(f"{path} cannot be written: {error.strerror}; what stood there is intact") from None
    try:
        disk.sync_folder(path.parent)
    except OSError as error:
        raise SaveFailed(f"{path} is written, but the disk does not confirm it: {error.strerror}") from None


def _shift(path: Path, disk: Disk) -> None:
    for number in range(GENERATIONS, 1, -1):
        if (younger := beside(path, number - 1)).exists():
            disk.replace(younger, beside(path, number))
    disk.link(path, beside(path, 1))


def _written(path: Path, raw: bytes, disk: Disk) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        disk.write(handle, raw)
        disk.sync(handle)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return Path(name)


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = LOCK_SECONDS, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold the lock of a file; what a killed writer left behind is cleaned. FileLocked names who holds it."""
    check_folder(path.parent)
    lock = beside(path, "lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SaveFailed(f"{lock}: {error.strerror}") from None
    with os.fdopen(handle, "r+b", buffering=0) as file:
        _take(handle, lock, seconds, sleep)
        about = {"pid": os.getpid(), "user": _user(), "host": socket.gethostname()}
        with contextlib.suppress(OSError):  # A full disk: the lock holds all the same, it only names nobody.
            file.truncate(0)
            os.pwrite(handle, json.dumps(about).encode(), 0)
        for stale in path.parent.glob(f".{path.name}.*.new"):
            stale.unlink(missing_ok=True)
        yield


def _take(handle: int, lock: Path, seconds: float, sleep: Callable[[float], None]) -> None:
    for _ in range(max(1, round(seconds / _BETWEEN_TRIES))):
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(_BETWEEN_TRIES)
    raise FileLocked(f"{lock} is held by {_holder(handle)}; nothing was changed")


def _holder(handle: int) -> str:
    try:
        about = json.loads(os.pread(handle, 1000, 0))
        return f"process {int(about['pid'])} of {str(about['user'])[:40]!a} on {str(about['host'])[:80]!a}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
