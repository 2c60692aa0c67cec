"""An app that can be covered by the lock screen, over which nothing is told and nothing asked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from proxtui.errors import AuditUnavailable, NewerFormat
from proxtui.kit.app import LiveApp
from proxtui.kit.away import has_shell
from proxtui.kit.write_badge import lock_of
from proxtui.tui.configured import Configured

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.tui.locked import Locked

log = logging.getLogger(__name__)


class LockableApp(LiveApp):
    """``ctrl+l`` and ``:lock`` cover it; the passphrase of the key in use opens it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before a form or a question that is open: those above hear no other key of the app.
        Binding("ctrl+l", "lock", "Lock the screen", show=False, priority=True, id="lock"),
        Binding("ctrl+z", "to_shell", "To the shell; fg comes back", show=False, priority=True, id="suspend"),
    ]

    def __init__(self, configured: Configured, runtime: Runtime, **looks: Any) -> None:
        super().__init__(**looks)
        self.configured = configured
        self.runtime = runtime
        self.trouble = ""
        """What is wrong with the configuration on disk, in one line; it stands above what is wrong with servers."""
        self._lock: Locked | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the lock screen covers everything."""
        return self._lock is not None

    async def action_lock(self) -> None:
        """Cover everything until the passphrase is typed, and close what was opened for a time."""
        from proxtui.tui.locked import Locked, opens, refusal

        vault = self.configured.vault
        if self._lock is not None:
            return
        refused = refusal(vault)
        if vault is None or refused is not None:
            self.notify(refused or "", severity="warning", markup=False)
            return
        self.clear_notifications()
        self._lock = Locked(partial(self._opens, partial(opens, vault)))
        lock = lock_of(self.runtime)
        if lock is not None:
            self.runtime.consoles.end_all("the screen was locked")
            await lock.close(why="lock screen")
        await self.push_screen(self._lock, self._unlocked)
        # Covered at once: what the disk takes is waited for behind it.
        self.run_worker(self._note("locked"), name="locked", group="audit")

    async def action_to_shell(self) -> None:
        """Stop until the shell brings it back; locked then when nobody was there for too long."""
        refused = ""
        if count := self.changes_running:
            runs = "1 change runs" if count == 1 else f"{count} changes run"
            refused = f"not suspended: {runs} here, and a stopped process would not hear how it ends"
        elif not has_shell():
            refused = "not suspended: no shell started this that could bring it back"
        if refused:
            self.notify(refused, severity="warning", markup=False)
            return
        self.action_suspend_process()
        # It was stopped in the line above, for hours maybe: what nobody may see is covered before anything is painted.
        await self.came_back()
        self.refresh(layout=True)

    async def came_back(self) -> None:
        """The terminal is here again."""

    async def _opens(self, judge: Callable[[str], Awaitable[bool]], text: str) -> bool:
        is_right = await judge(text)
        await self._note("unlock.ok" if is_right else "unlock.failed", went_well=is_right)
        return is_right

    async def _note(self, event: str, *, went_well: bool = True) -> None:
        registrar = getattr(self.runtime, "registrar", None)
        if registrar is None:
            return
        try:
            await registrar.note(event, went_well=went_well)
        except (AuditUnavailable, NewerFormat) as error:
            # A screen that is covered may be opened all the same: refusing would help nobody.
            log.error("%s is not in the audit: %s", event, error)

    def _unlocked(self, _answer: None) -> None:
        self._lock = None

    def notify(self, message: str, **more: Any) -> None:
        """Nothing is told over the lock screen: changes end all the same, and their list tells how."""
        if self._lock is None:
            super().notify(message, **more)

    def push_screen(self, *arguments: Any, **more: Any) -> Any:
        """What asks while the screen is locked waits below the lock."""
        pushed = super().push_screen(*arguments, **more)
        lock, stack = self._lock, self._screen_stack
        if lock is not None and lock in stack and stack[-1] is not lock:
            # Before anything is painted: only the screen on top ever is.
            stack.remove(lock)
            stack.append(lock)
            lock.post_message(events.ScreenResume())
        return pushed
