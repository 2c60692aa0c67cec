"""Names for changes: UUIDs of version 7, which sort by the time at which they were made."""

from __future__ import annotations

import os
import time
import uuid

_VERSION, _VARIANT = 7, 0b10


def new_op_id(now: float | None = None) -> str:
    """A new name. ``now`` is seconds since the epoch; None: the machine's time."""
    milliseconds = int((time.time() if now is None else now) * 1000) & (1 << 48) - 1
    chance = int.from_bytes(os.urandom(10), "big")
    low, middle = chance & (1 << 62) - 1, chance >> 62 & 0xFFF
    return str(uuid.UUID(int=milliseconds << 80 | _VERSION << 76 | middle << 64 | _VARIANT << 62 | low))


def made_at(op_id: str) -> float | None:
    """Seconds since the epoch when a name was made; None when it is none of ours."""
    try:
        name = uuid.UUID(op_id)
    except ValueError:
        return None
    return (name.int >> 80) / 1000 if name.version == _VERSION else None
