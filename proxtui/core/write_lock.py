"""When changes may be sent: always, never, or only while somebody opened the lock, for a time and with a reason.

It is asked on the wire, before each request that is no read. Time is counted by the clock that also runs while the
machine or the process is suspended: nothing that sleeps keeps a lock open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from proxtui.config.models import Config, WriteMode
from proxtui.core.clock import Clock
from proxtui.core.model import ServerRef
from proxtui.errors import AuditUnavailable, InvalidInput, ReadOnlyError
from proxtui.pve.sanitize import clean

log = logging.getLogger(__name__)

LONGEST = 8 * 3600.0
"""Seconds for which a lock may be opened at once: a working day."""
LONGEST_REASON = 200
_STRICTER: dict[WriteMode, int] = {"always": 0, "timed": 1, "never": 2}


@dataclass(frozen=True, slots=True)
class Window:
    """The lock, opened."""

    place: tuple[str, ...]
    """``(tenant,)`` or ``(tenant, server)``."""
    until: float
    """``Clock.boottime``."""
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class LockEvent:
    """The lock was opened or closed: ``write.open`` or ``write.close`` in the audit."""

    event: str
    place: tuple[str, ...]
    reason: str
    message: str


Note = Callable[[LockEvent], Awaitable[None]]


async def _nobody(_event: LockEvent) -> None:
    """For a lock that is not audited."""


class WriteLock:
    """One lock over all servers of this process. ``note`` is told of every opening before it counts."""

    def __init__(self, config: Config, clock: Clock, *, read_only: bool = False, note: Note = _nobody) -> None:
        self._config = config
        self._clock = clock
        self._read_only = read_only
        self._note = note
        self._idle = config.settings.write_idle_minutes * 60
        self._touched_at = clock.boottime()
        self._windows: dict[tuple[str, ...], Window] = {}
        self._closing: asyncio.Task[None] | None = None
        self.how = ":write 15m REASON"
        """What whoever is refused would have to write."""

    def is_always_open(self, tenant: str) -> bool:
        """Whether there is nothing to open."""
        return not self._read_only and self.mode(tenant) == "always"

    def mode(self, tenant: str) -> WriteMode:
        """What the installation and the tenant say, the stricter of the two."""
        return max((rules.write_mode for rules in self._config.rules(tenant)), key=_STRICTER.__getitem__)

    def locked(self, ref: ServerRef) -> str | None:
        """Why nothing may be changed on this server now, in a few words; None when it may."""
        if self._read_only:
            return "read-only"
        mode = self.mode(ref.tenant)
        if mode == "never":
            return f"locked: changes to {ref.tenant} are switched off (write_mode never)"
        if mode == "timed" and self._window(ref) is None:
            return f"locked: open it with {self.how}"
        return None

    def remaining(self, ref: ServerRef) -> float | None:
        """Seconds until the lock of this server closes; None where it is not open for a time."""
        window = self._window(ref)
        return None if window is None or self._read_only else window.until - self._clock.boottime()

    def reason(self, ref: ServerRef) -> str:
        """Why it was opened; empty where it is not."""
        window = self._window(ref)
        return "" if window is None else window.reason

    def touched(self) -> None:
        """Somebody pressed a key: not idle."""
        if not self._is_idle():
            self._touched_at = self._clock.boottime()

    async def open(self, where: ServerRef | str, seconds: float, reason: str) -> None:
        """Open the lock of a server, or of all servers of a tenant; again to prolong it.

        ``InvalidInput`` for a time or reason that cannot be, ``ReadOnlyError`` where no lock is to be opened,
        ``AuditUnavailable`` when it cannot be recorded: it stays closed then.
        """
        place = (where,) if isinstance(where, str) else tuple(where)
        said = clean(reason).strip()[:LONGEST_REASON]
        if not 1 <= seconds <= LONGEST:
            raise InvalidInput("time", seconds, f"from 1 second to {LONGEST / 3600:g} hours")
        if not said:
            raise InvalidInput("reason", reason, "say why: it stands in the audit beside every change")
        if place[0] not in {tenant.slug for tenant in self._config.tenants}:
            raise InvalidInput("tenant", place[0], "there is none of that name")
        if self._read_only or self.mode(place[0]) == "never":
            why = "read-only" if self._read_only else "write_mode never"
            raise ReadOnlyError(f"{why}: {'/'.join(place)} stays locked")
        # Or a key pressed now would bring back what had closed for want of one.
        await self._close_what_is_over()
        await self._note(LockEvent("write.open", place, said, f"open for {seconds:g} s"))
        self._touched_at = self._clock.boottime()
        self._windows[place] = Window(place, self._touched_at + seconds, seconds, said)
        if self._closing is None or self._closing.done():
            self._closing = asyncio.create_task(self._close_in_time(), name="write lock")

    async def close(self, where: ServerRef | str | None = None, *, why: str = "closed by hand") -> None:
        """Close one lock, or all. Closed at once; what remains to be done is to record it."""
        place = None if where is None else (where,) if isinstance(where, str) else tuple(where)
        closed = [self._windows.pop(one) for one in list(self._windows) if place in (None, one)]
        for window in closed:
            try:
                await self._note(LockEvent("write.close", window.place, window.reason, why))
            except AuditUnavailable as error:
                # It is closed all the same; refusing to close would help nobody.
                log.error("write.close of %s is not in the audit: %s", "/".join(window.place), error)

    async def aclose(self, why: str = "the program ended") -> None:
        """Close all and watch no more."""
        task, self._closing = self._closing, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.close(why=why)

    def _window(self, ref: ServerRef) -> Window | None:
        now = self._clock.boottime()
        windows = (self._windows.get((ref.tenant,)), self._windows.get(tuple(ref)))
        open_ones = [one for one in windows if one is not None and now < one.until]
        return None if self._is_idle() else max(open_ones, key=lambda one: one.until, default=None)

    def _is_idle(self) -> bool:
        return bool(self._windows) and self._clock.boottime() - self._touched_at >= self._idle

    async def _close_in_time(self) -> None:
        """Records what closed by itself. That it is closed follows from the clock, not from this task."""
        while self._windows:
            await self._close_what_is_over()
            await self._clock.sleep(1.0)

    async def _close_what_is_over(self) -> None:
        now = self._clock.boottime()
        if self._is_idle():
            await self.close(why=f"no key for {self._idle / 60:g} minutes")
        for window in list(self._windows.values()):
            if now >= window.until:
                where = window.place[0] if len(window.place) == 1 else ServerRef(*window.place)
                await self.close(where, why="the time is over")
