"""The name of a task, taken apart."""

from __future__ import annotations

import re

from proxtui.errors import InvalidInput
from proxtui.pve.validators import is_identifier

_UPID = (
    r"UPID:(?P<node>[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):(?P<pid>[0-9A-Fa-f]{8}):(?P<pstart>[0-9A-Fa-f]{8,9}):"
    r"(?P<starttime>[0-9A-Fa-f]{8}):(?P<type>[^:\s/]+):(?P<id>[^:\s/]*):(?P<user>[^:\s/]+):"
)


class Upid(str):
    """``UPID:node:pid:pstart:starttime:type:id:user:``, the three numbers in hexadecimal.

    ``InvalidInput`` when it is not one. ``node`` is where the task has to be asked for, whichever node started it.
    """

    __slots__ = ("id", "node", "pid", "pstart", "starttime", "type", "user")

    node: str
    pid: int
    pstart: int
    """Clock ticks between the node's boot and the start of the process."""
    starttime: int
    """Seconds since the epoch."""
    type: str
    """``qmstart``, ``vzdump``, ..."""
    id: str
    """What it works on, mostly a VMID; may be empty."""
    user: str
    """``user@realm``, with ``!token`` when a token started it."""

    def __new__(cls, text: str) -> Upid:
        found = _match(text)
        if found is None:
            raise InvalidInput("upid", text, "must read UPID:node:pid:pstart:starttime:type:id:user:")
        upid = super().__new__(cls, text)
        upid.node = found["node"]
        upid.pid = int(found["pid"], 16)
        upid.pstart = int(found["pstart"], 16)
        upid.starttime = int(found["starttime"], 16)
        upid.type = found["type"]
        upid.id = found["id"]
        upid.user = found["user"]
        return upid


def _match(text: object) -> re.Match[str] | None:
    return re.fullmatch(_UPID, text) if isinstance(text, str) and is_identifier(text) else None
