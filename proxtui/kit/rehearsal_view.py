"""The exact requests of a change that was only rehearsed; they can be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from proxtui.core.rows import Tone
from proxtui.kit.dialog import Dialog
from proxtui.kit.log_view import LogView
from proxtui.kit.one_line import Notice
from proxtui.kit.painting import wrapped
from proxtui.kit.safe import plain

if TYPE_CHECKING:
    from proxtui.core.run import Run


def request_lines(runs: Sequence[Run]) -> list[str]:
    """``POST /nodes/pve1/qemu/100/config``, and each parameter on a line of its own below."""
    lines: list[str] = []
    for run in runs:
        if len(runs) > 1:
            lines.append(run.operation.of(run.target))
        for request in run.requests:
            lines.append(f"{request.method} {request.path}")
            lines.extend(f"    {key}={value}" for key, value in request.params.items())
        if not run.requests:
            lines.append(f"nothing would be sent: {run.message}" if run.message else "nothing would be sent")
    return lines


class RehearsalView(Dialog[None]):
    """Closing it leads back to the question."""

    HELP_NAME: ClassVar[str] = "requests"
    DEFAULT_CSS = """
    RehearsalView > .dialog { width: 92; height: 80%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,c", "copy", "Copy"),
        Binding("q,f2", "give_up", "Close", show=False),
    ]

    def __init__(self, title: str, runs: Sequence[Run]) -> None:
        super().__init__()
        self._title = title
        self.lines = request_lines(runs)
        self._log = LogView()
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as frame:
            frame.border_title = plain(self._title)
            yield Static("Nothing was sent. It would be:", markup=False)
            yield self._log
            yield self._notice
            yield Static("y copies   esc back", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.set_focus(self._log)
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        room = max(20, self._log.size.width - 2)
        shown = [piece for line in self.lines for piece in wrapped(line, room)]
        tones = [Tone.PLAIN if line.startswith(" ") else Tone.ACCENT for line in shown]
        self._log.start_over()
        self._log.set_lines(shown, tones)
        self._log.action_go_top()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(self.lines))
        self._notice.say("copied", Tone.GOOD)
