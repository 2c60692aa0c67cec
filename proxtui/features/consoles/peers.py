"""Who is at the other end of a local connection: nobody but this user may speak to a relay. Linux."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

NET: Final = Path("/proc/net")
_ESTABLISHED: Final = "01"
_LOOPBACK: Final = "0100007F"
_MAPPED: Final = f"0000000000000000FFFF0000{_LOOPBACK}"


def is_mine(connection: socket.socket, *, net: Path = NET, uid: int | None = None) -> bool:
    """Whether the other end belongs to this user, as the kernel tells it. Reads files: not for the loop."""
    me = os.geteuid() if uid is None else uid
    if connection.family == socket.AF_UNIX:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return bool(struct.unpack("3i", raw)[1] == me)
    try:
        near, far = connection.getpeername()[1], connection.getsockname()[1]
    except OSError:
        return False
    return owner_of(near, far, net) == me


def owner_of(port: int, to: int, net: Path = NET) -> int | None:
    """User id of the loopback connection from ``port`` to ``to``; None where no process holds its near end."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (net / name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for owner in _owners(lines, f":{port:04X}", f":{to:04X}"):
            return owner
    return None


def _owners(lines: list[str], near: str, far: str) -> Iterator[int]:
    for line in lines:
        fields = line.split()
        if len(fields) < 10 or not (fields[1].endswith(near) and fields[2].endswith(far)):
            continue
        local = fields[1].partition(":")[0]
        # Inode 0 is a socket that its process closed: the kernel calls its owner root, or whoever it was.
        if local in (_LOOPBACK, _MAPPED) and fields[3] == _ESTABLISHED and fields[9] != "0":
            yield int(fields[7])
