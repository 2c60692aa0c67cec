"""The app: one live screen over all rooms, and the poller that feeds it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.worker import WorkerFailed

from proxtui.config.models import Config
from proxtui.core.feature import Feature, chosen_views
from proxtui.core.handover import unchanged
from proxtui.core.memory import Memory
from proxtui.kit import signals
from proxtui.kit.desk import Desk
from proxtui.kit.keymap import read_keymap
from proxtui.kit.rest import Rest
from proxtui.kit.screen import LiveScreen
from proxtui.kit.theme import DEFAULT_THEME, Looks
from proxtui.kit.write_badge import can_change, lock_of
from proxtui.registry import FEATURES
from proxtui.tui.configured import Configured
from proxtui.tui.idle_lock import IdleLock
from proxtui.tui.lockable import LockableApp
from proxtui.tui.look_back import LookBack
from proxtui.tui.renewal import Renewal
from proxtui.wiring import open_runtime

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

INTERRUPTED = 130
SIDEBAR = "tree"
"""The room that stands at the left."""


class ProxtuiApp(LockableApp):
    """Shows a runtime and keeps its poller going for as long as it runs."""

    TITLE = "proxtui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        runtime: Runtime,
        features: Sequence[Feature] = FEATURES,
        *,
        ascii_only: bool = False,
        looks: Looks | None = None,
        wall: bool = False,
        memory: Memory | None = None,
        keep_theme: bool = False,
        configured: Configured | None = None,
    ) -> None:
        """``keep_theme``: somebody has asked for the theme of the settings, whatever was worn last."""
        looks = looks or Looks()
        self.memory = memory or Memory()
        theme = runtime.config.settings.theme
        worn = self.memory.get("theme")
        if theme == DEFAULT_THEME and not keep_theme and worn in looks.names:
            theme = worn
        super().__init__(
            configured or Configured(runtime.config), runtime, theme=theme, ascii_only=ascii_only, looks=looks
        )
        self.rooms = tuple(features)
        self._wall = wall
        keys = runtime.config.settings.keys
        if keys:
            self.set_keymap(read_keymap(keys, self.rooms))
        self._polling: asyncio.Task[None] | None = None
        self._rest = Rest(self, runtime.poller)
        self._idle = IdleLock(self)
        self._look_back: LookBack | None = None
        self.renewal = Renewal(self, self.configured)

    def get_default_screen(self) -> LiveScreen:
        views = [feature for feature in self.rooms if feature.key]
        settings = self.runtime.config.settings
        if self._wall:
            from proxtui.kit.wall import Wall

            return Wall(self.runtime, chosen_views(views, settings.wall_views), seconds=settings.wall_seconds)
        sidebar = next((feature for feature in self.rooms if feature.name == SIDEBAR), None)
        return Desk(self.runtime, views, sidebar, self.memory)

    def on_mount(self) -> None:
        # The first question loads the HTTP library: not before there is something to look at.
        self.call_after_refresh(self._start_polling)
        self.call_after_refresh(self.renewal.start)
        if self.runtime.recording is not None:
            self.runtime.recording.tell = self._warn
        if not self._wall:
            # A wall is looked at without being touched.
            self._rest.wait()
            self._idle.wait(self.configured.touched_at)
        if can_change(self.runtime) and not self.runtime.read_only:
            # Whoever only reads opens no audit.
            self._look_back = LookBack(self, self.runtime)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self._rest.touched()
            if await self._idle.touched():
                return
            lock = lock_of(self.runtime)
            if lock is not None:
                lock.touched()
        await super().on_event(event)

    def touched(self) -> None:
        self._rest.touched()
        self._idle.noted()

    async def came_back(self) -> None:
        await self._idle.look()

    @property
    def touched_at(self) -> float:
        """``Clock.boottime`` when somebody was at the keys last."""
        return self._idle.since

    @on(events.Unmount)
    async def _end(self) -> None:
        if self._look_back is not None:
            self._look_back.close()
        self.renewal.stop()
        await self.stop_polling()

    async def hang_up(self) -> None:
        """Nobody is there any more: what was opened for a time is closed."""
        lock = lock_of(self.runtime)
        if lock is not None:
            await lock.close(why="hang-up")
        if self.runtime.config.opened_by:
            from proxtui.config.vault.cache import KernelKeyring, NoKeyring

            with suppress(NoKeyring):
                KernelKeyring().forget()

    async def stop_polling(self) -> None:
        """End the poller and wait until it has; safe to call twice."""
        task, self._polling = self._polling, None
        if task is not None:
            task.remove_done_callback(self._poller_ended)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ask_second_factor(self, prompt: str) -> str:
        """Ask the person at the terminal; an empty text means that there is none who wants to answer."""
        from proxtui.tui.dialogs import SecondFactor

        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def take(given: str | None) -> None:
            if not answer.done():
                answer.set_result(given or "")

        await self.push_screen(SecondFactor(prompt), take)
        return await answer

    async def action_quit(self) -> None:
        """Leave; when changes run, only after they were named."""
        self._ask_to_leave(0)

    def action_interrupt(self) -> None:
        # What waits for something far away ends that by ctrl+c, as every command does.
        give_up = getattr(self.screen, "interrupted", None)
        if give_up is None:
            self._ask_to_leave(INTERRUPTED)
        else:
            give_up()

    def _ask_to_leave(self, code: int) -> None:
        if not self.changes_running or self._is_leaving:
            # Asked for twice: somebody means it.
            self.exit(return_code=code)
        else:
            self.run_worker(self._leave(code), name="leave", group="leave")

    @property
    def _is_leaving(self) -> bool:
        return any(worker.group == "leave" and not worker.is_finished for worker in self.workers)

    async def _leave(self, code: int) -> None:
        from proxtui.kit.leaving import Leaving

        dialog = Leaving(self.changing(self.runtime).runs.running)
        if await dialog.ask(self):
            self.exit(return_code=code)
        dialog.leave()

    def _warn(self, text: str) -> None:
        self.notify(text, severity="warning", markup=False)

    def _start_polling(self) -> None:
        self._polling = asyncio.create_task(self.runtime.poller.run(), name="poller")
        self._polling.add_done_callback(self._poller_ended)

    def _poller_ended(self, task: asyncio.Task[None]) -> None:
        """Servers that fail are the poller's daily bread; when it ends itself it is a bug and must not stay silent."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._handle_exception(error)


def run_dashboard(  # noqa: PLR0913  one for each thing that a command line says
    config: Config | Configured,
    *,
    read_only: bool = False,
    ascii_only: bool = False,
    features: Sequence[Feature] = FEATURES,
    themes: Path | None = None,
    wall: bool = False,
    state: Path | None = None,
    keep_theme: bool = False,
    record: bool = False,
) -> int:
    """Show the dashboard until it is left; gives the exit code (0, 130 after ctrl+c, 129 or 143 after a signal).

    ``themes`` is the folder of the user's own themes; ``wall`` is the screen on the wall, always read-only.
    ``state`` is the file of what is remembered; without one, as on the wall, nothing is read or written.
    ``record`` keeps in the metrics how each call went.
    ``keep_theme`` wears the theme of the settings even where another one is remembered. A ``Configured`` tells more of
    the configuration: what it was opened from, so that it can be changed and is followed. The caller has made sure that
    there is a terminal.

    Raises NotConfigured without a server, UsageError without such a theme, view or key, what reading a changed file
    raises, and whatever bug ended the app, once the terminal is as it was before.
    """
    configured = config if isinstance(config, Configured) else Configured(config)
    settings = configured.config.settings
    Looks.gather(themes).get(settings.theme)
    chosen_views(features, settings.wall_views)
    if settings.keys:
        read_keymap(settings.keys, features)
    memory = Memory(None if wall else state)

    def make(runtime: Runtime) -> ProxtuiApp:
        return ProxtuiApp(
            runtime,
            features,
            ascii_only=ascii_only or runtime.config.settings.ascii or wants_ascii(os.environ),
            # Read anew each time: the configuration may name a theme that was put there meanwhile.
            looks=Looks.gather(themes),
            wall=wall,
            memory=memory,
            keep_theme=keep_theme,
            configured=configured,
        )

    code = asyncio.run(_shown(configured, make, read_only=read_only or wall, record=record))
    if code == signals.EXIT_CODES[signal.SIGHUP]:
        signals.forget_terminal()
    return code


async def _shown(
    configured: Configured, make: Callable[[Runtime], ProxtuiApp], *, read_only: bool, record: bool
) -> int:
    """Dashboard after dashboard, as long as the configuration becomes another; gives the exit code of the last."""
    app: ProxtuiApp | None = None

    async def ask_totp(prompt: str) -> str:
        return await app.ask_second_factor(prompt) if app is not None else ""

    asked = None if configured.unattended else ask_totp
    while True:
        opened = open_runtime(
            configured.config, read_only=read_only, ask_totp=asked, vault=configured.vault, record=record
        )
        async with opened as runtime:
            if (left := configured.left) is not None:
                runtime.store.take_over(left.store, unchanged(left.config, runtime.config))
            app = make(runtime)
            code = await _finished(app)
        if not app.renewal.take():
            return code


async def _finished(app: ProxtuiApp) -> int:
    """Run the app to its end; gives its exit code, or raises what ended it."""
    try:
        await app.run_async()
        if app.return_code == signals.EXIT_CODES[signal.SIGHUP]:
            await app.hang_up()
    finally:
        await app.stop_polling()
        await app.memory.save()
    if app.renewal.failure is not None:
        raise app.renewal.failure
    if app.crash is not None:
        raise app.crash.error if isinstance(app.crash, WorkerFailed) else app.crash
    return app.return_code or 0


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """The Linux console has no braille and few signs; a locale that is not UTF-8 has none."""
    if environ.get("TERM") == "linux":
        return True
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return bool(locale) and "utf" not in locale.lower() and locale not in ("C", "POSIX")
