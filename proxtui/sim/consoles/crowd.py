"""The viewers of one virtual machine: who asks to be alone throws the others out, as QEMU has it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class Crowd:
    """Everybody who is past the password."""

    def __init__(self) -> None:
        self._shared: set[asyncio.Event] = set()
        self._alone: set[asyncio.Event] = set()

    def __len__(self) -> int:
        return len(self._shared) + len(self._alone)

    @contextlib.contextmanager
    def joined(self, shared: bool) -> Iterator[asyncio.Event]:
        """Come in; the event is set when one has to go, from the start where somebody else wants to be alone."""
        out = asyncio.Event()
        if not shared:
            for other in self._shared | self._alone:
                other.set()
        elif any(not other.is_set() for other in self._alone):
            out.set()
        mine = self._shared if shared else self._alone
        mine.add(out)
        try:
            yield out
        finally:
            mine.discard(out)
