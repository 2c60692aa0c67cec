"""Walks along a stream of messages without keeping it: what is skipped is counted, what is dropped is cut out."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Final

NEXT: Final = 0
"""Yielded where a message begins: answered with its first byte, as ``bytes``."""
Steps = Generator[int, bytes, None]
"""Yields how many bytes it wants to see, ``NEXT``, or how many to pass unseen (negative)."""
MOST_SEEN: Final = 64 * 1024
"""More bytes than these are never kept to be looked at."""


class Lost(Exception):
    """Where the next message begins is not known any more; ``str()`` says why."""


class Walker:
    """One direction of one console. ``feed`` takes pieces of any size; as soon as it is ``lost`` all passes as it is.

    ``dropped`` are first bytes of messages that are cut out.
    """

    def __init__(self, steps: Steps, dropped: Collection[int] = ()) -> None:
        self.lost = ""
        """Why messages are not recognised any more; empty while they are."""
        self._steps = steps
        self._dropped = frozenset(dropped)
        self._is_dropping = False
        self._held = b""
        self._skip = 0
        self._want = 1
        self._is_start = False
        self._take(next(steps))

    def feed(self, data: bytes) -> bytes:
        """What is to be passed on of it: the same object where nothing is cut out."""
        if self.lost:
            return data
        kept: list[bytes] = []
        begin = -1 if self._is_dropping else 0
        at, end = 0, len(data)
        while at < end and not self.lost:
            if self._skip:
                step = min(self._skip, end - at)
                self._skip -= step
                at += step
                if not self._skip:
                    self._step(b"")
                continue
            if self._is_start:
                begin = self._at_start(data, at, begin, kept)
            piece = data[at : at + self._want - len(self._held)]
            at += len(piece)
            self._held += piece
            if len(self._held) == self._want:
                seen, self._held = self._held, b""
                self._step(seen)
        if begin == 0 and not kept:
            return data
        if begin >= 0:
            kept.append(data[begin:])
        return b"".join(kept)

    def _at_start(self, data: bytes, at: int, begin: int, kept: list[bytes]) -> int:
        """Where the bytes begin that are to be kept from here on; -1 where they are to be dropped."""
        self._is_dropping = data[at] in self._dropped
        if not self._is_dropping:
            return at if begin < 0 else begin
        if begin >= 0:
            kept.append(data[begin:at])
        return -1

    def _step(self, seen: bytes) -> None:
        try:
            self._take(self._steps.send(seen))
        except Lost as why:
            self.lost = str(why)
            self._is_dropping = False

    def _take(self, wanted: int) -> None:
        self._is_start = wanted == NEXT
        if wanted < 0:
            self._skip = -wanted
        elif wanted > MOST_SEEN:
            raise Lost(f"{wanted} bytes in one piece")
        else:
            self._want = wanted or 1
