"""Keys that go from field to field."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType

from proxtui.kit.dialog import Dialog
from proxtui.kit.form_fields import Fold, Picker, TextField

A = TypeVar("A")


class FieldKeys(Dialog[A]):
    """Enter goes on to the next field, as tab does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "step(1)", "Next field", show=False),
        Binding("shift+tab", "step(-1)", "Field before", show=False),
        # Before what enter means to the field itself (priority).
        Binding("enter", "onward", "Next field", show=False, priority=True),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Enter is a new line where there are many.
        return action != "onward" or isinstance(self.focused, TextField | Picker | Fold)

    def action_step(self, step: int) -> None:
        """The next field, or the one before."""
        (self.focus_next if step > 0 else self.focus_previous)()

    def action_onward(self) -> None:
        """Enter is no submit: it would be pressed before the rest was seen."""
        if isinstance(self.focused, Fold):
            self.show_rare()
        else:
            self.action_step(1)

    def show_rare(self) -> None:
        """Unfold the fields that are seldom wanted, and go to the first."""
