"""Keys that go from field to field; of keys that came in one piece each is for the field that has them by then."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType

from proxtui.kit.dialog import Dialog
from proxtui.kit.form_fields import Fold, Picker, TextField
from proxtui.kit.typed_ahead import caught_up

A = TypeVar("A")


class FieldKeys(Dialog[A]):
    """Tab and enter are obeyed before the next key is handed out, and after what was typed before them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "step(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "step(-1)", "Field before", show=False, priority=True),
        Binding("enter", "onward", "Next field", show=False, priority=True),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Enter is a new line where there are many.
        return action != "onward" or isinstance(self.focused, TextField | Picker | Fold)

    async def action_step(self, step: int) -> None:
        """The next field or the one before, once this one has all that was typed into it."""
        if self.focused is not None:
            await caught_up(self.focused)
        (self.focus_next if step > 0 else self.focus_previous)()

    async def action_onward(self) -> None:
        """Enter is no submit: it would be pressed before the rest was seen."""
        if isinstance(self.focused, Fold):
            self.show_rare()
        else:
            await self.action_step(1)

    def show_rare(self) -> None:
        """Unfold the fields that are seldom wanted, and go to the first."""
