"""A main part and a detail pane that opens beside it, or below it when the screen is narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

WIDE = 110
"""Columns of the split itself from which the detail stands at the right."""


class Split(Container):
    """``Split(table, lambda: detail)``; starts closed, and the detail is made when it is first opened."""

    BLANK: ClassVar[bool] = True
    """Its parts cover it: painting its own ground line by line would be for nobody."""
    DEFAULT_CSS = """
    Split { width: 1fr; height: 1fr; layout: vertical; }
    Split.-wide { layout: horizontal; }
    Split > #split-detail { width: 1fr; height: 45%; min-height: 5; border-top: hkey $panel; display: none; }
    Split.-wide > #split-detail { width: 40%; height: 1fr; border-top: none; border-left: vkey $panel; }
    Split.-open > #split-detail { display: block; }
    """

    def __init__(self, main: Widget, detail: Callable[[], Widget], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._main, self._make_detail = main, detail
        self._detail: Widget | None = None

    def compose(self) -> ComposeResult:
        self._main.add_class("split-main")
        yield self._main

    @property
    def is_open(self) -> bool:
        """Whether the detail is in sight."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show the detail."""
        if self._detail is None:
            self._detail = self._make_detail()
            self.mount(Container(self._detail, id="split-detail"))
        self.add_class("-open")

    def close(self) -> None:
        """Fold the detail away; the main part gets the keys if the detail had them."""
        had_keys = self._detail is not None and self._detail.has_focus_within
        self.remove_class("-open")
        if had_keys:
            self._main.focus()

    def toggle(self) -> bool:
        """Open or close; True when it is open now."""
        (self.close if self.is_open else self.open)()
        return self.is_open

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
