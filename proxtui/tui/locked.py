"""The lock screen: nothing of the fleet can be seen or pressed until somebody types the passphrase of the key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from proxtui.core.redact import redact
from proxtui.core.rows import Tone
from proxtui.kit.one_line import Notice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxtui.config.vault.opened import OpenVault

TRIES = 3
WRONG_CODE = 3
"""The exit code of a wrong passphrase."""
PAUSES = (1.0, 2.0)
"""Seconds after each wrong passphrase but the last, which ends the program."""
NO_KEY = "no config.toml is in use: there is no passphrase that could open the lock"
KEYFILE = "the key in use is a keyfile: there is no passphrase that could open the lock"


def refusal(vault: OpenVault | None) -> str | None:
    """Why the screen cannot be locked; None when it can."""
    if vault is None:
        return NO_KEY
    return KEYFILE if vault.slot.kind != "passphrase" else None


async def opens(vault: OpenVault, text: str) -> bool:
    """Whether this is the passphrase of the key in use; one derivation, beside the loop."""
    from proxtui.config.vault.opened import is_opened_by
    from proxtui.config.vault.slots import passphrase

    return await asyncio.to_thread(is_opened_by, vault, passphrase(text))


class Locked(Screen[None]):
    """Covers everything. Three wrong passphrases end the program."""

    HELP_NAME: ClassVar[str] = "lock"
    DEFAULT_CSS = """
    Locked { align: center middle; background: $background; }
    Locked #lock { width: 56; max-width: 95%; height: auto; border: round $primary; padding: 0 1; }
    Locked Input { border: none; height: 1; padding: 0; background: $surface; }
    Locked Input:focus { background-tint: transparent; border: none; background: $primary 30%; }
    Locked #lock-keys { color: $foreground 70%; }
    Locked Toast { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "app.interrupt", "Leave", show=False)]
    AUTO_FOCUS: ClassVar[str | None] = "Input"

    def __init__(
        self,
        check: Callable[[str], Awaitable[bool]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__()
        self._check, self._sleep = check, sleep
        self._wrong = 0
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        with Vertical(id="lock") as frame:
            frame.border_title = "proxtui is locked"
            yield Static("Passphrase", markup=False)
            field = Input(password=True, compact=True, max_length=4096)
            field.cursor_blink = False
            yield field
            yield self._notice
            yield Static("enter opens   ctrl+c leaves proxtui", id="lock-keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value:
            text, event.input.value = event.value, ""
            event.input.disabled = True
            self._notice.say("looking ...", Tone.MUTED)
            self.run_worker(self._judge(text), name="unlock", group="unlock", exclusive=True)

    async def _judge(self, text: str) -> None:
        redact.hide(text)
        if await self._check(text):
            self.dismiss(None)
            return
        self._wrong += 1
        if self._wrong >= TRIES:
            self.app.exit(return_code=WRONG_CODE)
            return
        left = TRIES - self._wrong
        self._notice.say(f"wrong passphrase: {left} more tr{'y' if left == 1 else 'ies'}", Tone.BAD)
        await self._sleep(PAUSES[self._wrong - 1])
        field = self.query_one(Input)
        field.disabled = False
        self.set_focus(field)
