"""Locks the screen when nobody has touched the keys for as long as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.core.idle import Idle

if TYPE_CHECKING:
    from proxtui.tui.lockable import LockableApp


class IdleLock:
    """One timer that looks again when the time could be over; a key only notes the time."""

    def __init__(self, app: LockableApp) -> None:
        vault = app.configured.vault
        # Without a passphrase nobody could open it again, and who only looks at a wall would find it black.
        can = vault is not None and vault.slot.kind == "passphrase" and not vault.only_monitor
        self._app = app
        self._seconds = 60.0 * app.runtime.config.settings.lock_idle_minutes if can else 0.0
        self._idle = Idle(app.runtime.clock, self._seconds)

    @property
    def since(self) -> float:
        """``Clock.boottime`` when somebody was at the keys last."""
        return self._idle.since

    def wait(self, since: float | None = None) -> None:
        """Begin to count, or count on from there: to open the dashboard anew is nobody's key."""
        if since is None:
            self._idle.begin()
        else:
            self._idle.go_on(since)
        if self._seconds:
            self._app.set_timer(max(1.0, self._idle.left), self._look)

    async def touched(self) -> bool:
        """Somebody is there. True when they come too late: the key they pressed is nobody's then."""
        late = self._idle.is_over and not self._app.is_locked
        if late:
            # The machine slept, and the timer with it.
            await self._app.action_lock()
        self._idle.begin()
        return late

    def noted(self) -> None:
        """Somebody is there, at keys that are lent to a console."""
        if not self._idle.is_over:
            self._idle.begin()

    async def look(self) -> None:
        """Lock when the time is over."""
        if self._idle.is_over and not self._app.is_locked:
            await self._app.action_lock()
            self._idle.begin()

    async def _look(self) -> None:
        await self.look()
        self._app.set_timer(max(1.0, self._idle.left), self._look)
