"""Opens the dashboard anew over a changed configuration, once nothing is under way that this would end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.timer import Timer
from textual.widgets import Input

from proxtui.config.models import Config
from proxtui.core.handover import Successor
from proxtui.errors import ProxtuiError, WrongKey
from proxtui.kit.console import Console
from proxtui.kit.screen import LiveScreen
from proxtui.kit.view import Told
from proxtui.pve.sanitize import clean
from proxtui.tui.configured import Configured, stamp

if TYPE_CHECKING:
    from proxtui.tui.app import ProxtuiApp

LOOK_EVERY = 3.0
"""Seconds between two looks whether another process has saved the file."""
TRY_EVERY = 0.2
"""Seconds between two looks whether nothing is under way any more."""
TELL_FOR = 10.0
DEEDS = "setup"
"""The group of the workers in which the views of the configuration change it."""
GROUPS = frozenset({DEEDS, "changes", "sending", "consoles", "relays", "terminals"})
"""Of the workers that somebody is to hear of: which tokens to rotate, how a console ended, what was sent just now."""


class Renewal:
    """One of an app: it ends the app, and whoever ran it opens the next one."""

    def __init__(self, app: ProxtuiApp, configured: Configured) -> None:
        self._app: Any = app
        self._configured = configured
        self._new: Config | None = None
        self._taken = False
        self._file = Path()
        self._stamp: tuple[int, ...] = ()
        self._successor: Successor | None = None
        self._timers: list[Timer] = []
        self._unsubscribe: Callable[[], None] | None = None
        self.failure: ProxtuiError | None = None
        """Why the configuration cannot be used any more: the key slot was taken away."""

    def start(self) -> None:
        """Listen to the registrar, and look at the file from time to time."""
        registrar = getattr(self._app.runtime, "registrar", None)
        vault = self._configured.vault
        if registrar is None or vault is None:
            return
        self._unsubscribe = registrar.subscribe(lambda _config: self._heard())
        from proxtui.config.vault.opened import file_of

        self._file = file_of(vault)
        self._stamp = stamp(self._file)
        self._timers.append(self._app.set_interval(LOOK_EVERY, self._look))
        if self._configured.place is not None or self._configured.left is not None:
            self._app.call_later(self._return_there)
        # Here, for tables of what is configured are not needed before the first picture.
        from proxtui.kit.setup_view import closed_line

        if line := closed_line(vault):
            self._app.notify(line, markup=False, timeout=TELL_FOR)

    def stop(self) -> None:
        """Listen no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        for timer in self._timers:
            timer.stop()

    def take(self) -> bool:
        """Whether the dashboard is to be opened anew; the configuration is the new one then."""
        if not self._taken or self._new is None:
            return False
        self._configured.config = self._new
        return True

    def _heard(self) -> None:
        registrar = self._app.runtime.registrar
        self._new = self._usable(self._configured.renewed(registrar.polled))
        self._successor = None
        if self._new is not None and not self._reopened() and len(self._timers) < 2:
            self._timers.append(self._app.set_interval(TRY_EVERY, self._reopened))

    def _usable(self, new: Config | None) -> Config | None:
        """None, and a line that stays until the file is right again, where no dashboard can be opened with it."""
        # Here, for no first picture needs to know what can be changed.
        from proxtui.core.complaints import fatal

        # Also what was wrong already: the file of a theme that is worn may be gone by now.
        wrong = None if new is None else next(iter(fatal(self._app.rooms, new)), None)
        self._stand("" if wrong is None else f"config.toml has changed and cannot be used: {wrong}")
        return new if wrong is None else None

    def _reopened(self) -> bool:
        """End the app unless something is under way in it."""
        app = self._app
        if self._taken:
            return True
        if self._new is None or not app.is_running or self._is_under_way(self._new) or len(app.screen_stack) > 1:
            return False
        if app.is_typing or isinstance(app.focused, Input):
            # What somebody is typing is not taken from them.
            return False
        if any(worker.group in GROUPS and not worker.is_finished for worker in app.workers):
            return False
        self._taken = True
        if isinstance(app.screen, LiveScreen):
            from proxtui.kit.left_views import leave

            self._configured.left = left = leave(app, app.screen)
            self._configured.place = left.place
        self._configured.touched_at = app.touched_at
        app.exit(return_code=0)
        return True

    def _is_under_way(self, new: Config) -> bool:
        """Whether changes or consoles are waited for, which is said for as long as they are."""
        app, consoles = self._app, self._app.runtime.open_consoles
        if consoles:
            self._successor = self._successor or Successor(app.runtime, new)
        for console in consoles:
            # One that was opened after the change, too: what may not be is not to be had by waiting.
            if self._successor is not None and (why := self._successor.why_not(console)) is not None:
                console.end(why)
        line = waiting_line(app.changes_running, len(consoles))
        if line != app.trouble:
            self._stand(line)
        return bool(line)

    async def _return_there(self) -> None:
        place, left, screen = self._configured.place, self._configured.left, self._app.screen
        self._configured.place = self._configured.left = None
        if left is not None and isinstance(screen, LiveScreen):
            from proxtui.kit.left_views import take_up

            await take_up(self._app, screen, left)
        elif place is not None and isinstance(screen, Console):
            await screen.return_to(place)

    def _look(self) -> None:
        now = stamp(self._file)
        if now != self._stamp:
            self._stamp = now
            self._app.run_worker(self._reread(), name="reread", group="reread", exclusive=True)

    async def _reread(self) -> None:
        try:
            await self._app.runtime.registrar.reread()
        except WrongKey as error:
            self.failure = error
            self._app.exit(return_code=error.exit_code)
        except ProxtuiError as error:
            # Nor is what could be read before it taken any more: the next one opened would not know that it is old.
            self._new = None
            self._stand(f"config.toml has changed and cannot be read: {error}")
        else:
            # Also when it is again what it was before it was broken, of which the registrar has nothing to tell.
            self._heard()

    def _stand(self, line: str) -> None:
        """Say it where servers in trouble are told, for as long as it is so: what is shown goes on as it was."""
        self._app.trouble = clean(line)
        for screen in self._app.screen_stack:
            if isinstance(screen, LiveScreen):
                screen.post_message(Told())


def waiting_line(changes: int, consoles: int) -> str:
    """What has to end before the configuration is taken; empty where nothing has to."""
    counts = [(changes, "change"), (consoles, "console")]
    named = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    if not named:
        return ""
    way = "; :consoles closes them" if consoles else ""
    return f"the new configuration waits for {' and '.join(named)}{way}"
