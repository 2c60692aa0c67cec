"""What every app of ours needs of Textual: our themes, the nets under its output, orderly ends."""

from __future__ import annotations

import signal
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome, NoColor

from proxtui.core.collecting import collect_from_now
from proxtui.kit import signals
from proxtui.kit.in_turn import Given, InTurn, Pressed
from proxtui.kit.safe import AsciiFilter, SafeFilter
from proxtui.kit.theme import DEFAULT_THEME, Looks

if TYPE_CHECKING:
    from textual.theme import Theme

    from proxtui.core.model import Key
    from proxtui.core.runtime import Runtime
    from proxtui.kit.changing import Changing


class LiveApp(App[None]):
    """Base of the dashboard.

    A bug ends the app without a word on the terminal, for Textual's own report shows the values of variables,
    secrets too: whoever ran the app looks at ``crash`` afterwards and raises it.
    """

    HELP_NAME: ClassVar[str] = "app"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, theme: str = DEFAULT_THEME, ascii_only: bool = False, looks: Looks | None = None) -> None:
        """``looks`` are the themes to choose from; UsageError when ``theme`` is none of them.

        ``ascii_only`` writes nothing but ASCII. With NO_COLOR in the environment no theme brings colour.
        """
        self.looks = looks or Looks()
        # Worn before Textual looks at it: put on later, every style would be read once more before the first picture.
        self._first = self.looks.get(theme)
        self.set_reactive(App.theme, self._first.name)
        super().__init__()
        self.register_theme(self._first)
        self.animation_level = "none"
        self.ascii_only = ascii_only
        # Textual would write shades of grey, which are colours too.
        self._filters = [NoColor() if isinstance(one, Monochrome) else one for one in self._filters]
        self._changing: Changing | None = None
        self._in_turn = InTurn(self, self._hand_out)
        self._nets: list[LineFilter] = [SafeFilter(), *([AsciiFilter()] if ascii_only else [])]

    def wear(self, theme: str) -> None:
        """Use this theme from now on. UsageError in one line when there is none of that name."""
        wanted = self.looks.get(theme)
        self.register_theme(wanted)
        self.theme = wanted.name

    def get_theme(self, theme_name: str) -> Theme | None:
        # Asked for the first one before any can be registered.
        known = super().get_theme(theme_name)
        return self._first if known is None and theme_name == self._first.name else known

    def changing(self, runtime: Runtime) -> Changing:
        """What changes something for the views; loaded when somebody first wants to."""
        if self._changing is None:
            from proxtui.kit.changing import Changing

            self._changing = Changing(self, runtime)
        return self._changing

    def touched(self) -> None:
        """Somebody is at the keys, though none of them came here: the terminal is lent to something else."""

    @property
    def changes_running(self) -> int:
        """How many changes have no end yet."""
        return 0 if self._changing is None else len(self._changing.runs.running)

    @property
    def doing(self) -> Mapping[Key, str]:
        """What is being done to which thing now."""
        return {} if self._changing is None else self._changing.doing

    def ending_of(self, key: Hashable) -> Hashable:
        """Another value whenever a change of this has ended, so that what was read of it is old."""
        return None if self._changing is None else self._changing.ending_of(key)

    async def on_event(self, event: events.Event) -> None:
        # A click is for what the keys before it led to; while none is under way it waits for nothing.
        kinds = Pressed | events.MouseEvent if self.is_typing else Pressed
        if isinstance(event, kinds) and not event.is_forwarded:
            await self._in_turn.take(event)
        else:
            await super().on_event(event)

    @property
    def is_typing(self) -> bool:
        """True while a key waits, or what it led to is not done yet."""
        return self._in_turn.is_busy

    async def _hand_out(self, event: Given) -> None:
        # A question before a change hears only what was pressed after it could be read.
        hears = None if isinstance(event, events.MouseEvent) else getattr(self.screen, "hears", None)
        if hears is None or hears(event):
            await super().on_event(event)

    @property
    def crash(self) -> Exception | None:
        """What ended the app, if it was a bug."""
        return self._exception

    def run(self, *arguments: Any, **settings: Any) -> None:
        """Run until the end; ``return_code`` and ``crash`` tell which it was."""
        super().run(*arguments, **settings)
        if self.return_code == signals.EXIT_CODES[signal.SIGHUP]:
            signals.forget_terminal()

    def get_driver_class(self) -> type[Driver]:
        usual = super().get_driver_class()
        if usual.__name__ != "LinuxDriver":
            return usual
        from proxtui.kit.mouse import ClicksOnly

        return ClicksOnly

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._nets]

    def on_mount(self) -> None:
        signals.install(self)
        self.call_after_refresh(collect_from_now)

    def on_unmount(self) -> None:
        signals.remove()
        if self._changing is not None:
            self._changing.close()

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
