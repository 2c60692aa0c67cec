"""What every app of ours needs of Textual: our themes, the nets under its output, orderly ends."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import App
from textual.filter import LineFilter

from proxtui.kit import signals
from proxtui.kit.safe import AsciiFilter, SafeFilter
from proxtui.kit.theme import DEFAULT_THEME, load_themes


class LiveApp(App[None]):
    """Base of the dashboard.

    A bug ends the app without a word on the terminal, for Textual's own report shows the values of variables,
    secrets too: whoever ran the app looks at ``crash`` afterwards and raises it.
    """

    HELP_NAME: ClassVar[str] = "app"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, theme: str = DEFAULT_THEME, ascii_only: bool = False) -> None:
        """An unknown ``theme`` falls back to ours; ``ascii_only`` writes nothing but ASCII."""
        super().__init__()
        self.animation_level = "none"
        for ours in load_themes().values():
            self.register_theme(ours)
        self.theme = theme if theme in self.available_themes else DEFAULT_THEME
        self._nets: list[LineFilter] = [SafeFilter(), *([AsciiFilter()] if ascii_only else [])]

    @property
    def crash(self) -> Exception | None:
        """What ended the app, if it was a bug."""
        return self._exception

    def run(self, *arguments: Any, **settings: Any) -> None:
        """Run until the end; ``return_code`` and ``crash`` tell which it was."""
        super().run(*arguments, **settings)
        if self.return_code == signals.EXIT_CODES[signal.SIGHUP]:
            signals.forget_terminal()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._nets]

    def on_mount(self) -> None:
        signals.install(self)

    def on_unmount(self) -> None:
        signals.remove()

    def on_resize(self) -> None:
        # A size that changed and came back in a moment is none to Textual, but the terminal has cut what it showed.
        self.screen.refresh()

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own would print a traceback with local variables over the terminal.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()
