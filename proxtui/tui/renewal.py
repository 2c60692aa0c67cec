"""Opens the dashboard anew over a changed configuration, once nothing is under way that this would end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.timer import Timer
from textual.widgets import Input

from proxtui.config.models import Config
from proxtui.core.complaints import fatal
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


class Renewal:
    """One of an app: it ends the app, and whoever ran it opens the next one."""

    def __init__(self, app: ProxtuiApp, configured: Configured) -> None:
        self._app: Any = app
        self._configured = configured
        self._new: Config | None = None
        self._taken = False
        self._file = Path()
        self._stamp: tuple[int, ...] = ()
        self._said = ""
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
        if self._new is not None and not self._reopened():
            count = self._app.changes_running
            if count:
                what = "1 change" if count == 1 else f"{count} changes"
                self._say(f"the configuration has changed; it is shown when {what} that run here ended")
            if len(self._timers) < 2:
                self._timers.append(self._app.set_interval(TRY_EVERY, self._reopened))

    def _usable(self, new: Config | None) -> Config | None:
        """None, and a line that stays until the file is right again, where no dashboard can be opened with it."""
        # Also what was wrong already: the file of a theme that is worn may be gone by now.
        wrong = None if new is None else next(iter(fatal(self._app.rooms, new)), None)
        self._stand("" if wrong is None else f"config.toml has changed and cannot be used: {wrong}")
        return new if wrong is None else None

    def _reopened(self) -> bool:
        """End the app unless something is under way in it."""
        app = self._app
        if self._taken:
            return True
        if self._new is None or app.changes_running or len(app.screen_stack) > 1 or not app.is_running:
            return False
        if isinstance(app.focused, Input):
            # What somebody is typing is not taken from them.
            return False
        if any(worker.group == DEEDS and not worker.is_finished for worker in app.workers):
            # Who changed it here is still to be told what comes of it, such as which tokens to rotate.
            return False
        self._taken = True
        if isinstance(app.screen, LiveScreen):
            from proxtui.kit.left_views import leave

            self._configured.left = left = leave(app, app.screen)
            self._configured.place = left.place
        self._configured.touched_at = app.touched_at
        app.exit(return_code=0)
        return True

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

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._app.notify(clean(text), severity="warning", markup=False, timeout=TELL_FOR)
