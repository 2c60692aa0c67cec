"""What a room shows in the body of the screen, and what it says to the screen around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.message import Message
from textual.widget import Widget

from proxtui.core.filters import Filter
from proxtui.core.model import Fleet, Goal, Key, Scope, TaskKey
from proxtui.errors import UsageError
from proxtui.kit.app import LiveApp
from proxtui.kit.live_table import LiveTable
from proxtui.kit.write_badge import can_change

if TYPE_CHECKING:
    from proxtui.core.operation import Operation, Target
    from proxtui.core.runtime import Runtime
    from proxtui.kit.prepared import Prepared, Subject


def number_of(section: str, names: Sequence[str]) -> int:
    """Which of the sections is meant by a name or its beginning. UsageError in one line when none is."""
    wanted = section.lower()
    known = [name.lower() for name in names]
    meant = [at for at, name in enumerate(known) if name == wanted] or [
        at for at, name in enumerate(known) if name.startswith(wanted)
    ]
    if not meant:
        shown = "".join(sign if sign.isprintable() else "?" for sign in section)
        raise UsageError(f"there is no section {shown}; there are {', '.join(known)}")
    return meant[0]


class Selected(Message):
    """The cursor came to stand on another thing, or on none: the tree and the view follow each other by it."""

    def __init__(self, key: Key | None) -> None:
        super().__init__()
        self.key = key

    @property
    def view(self) -> LiveView | None:
        """The view whose cursor it is."""
        sender = self._sender
        nodes = sender.ancestors_with_self if isinstance(sender, DOMNode) else []
        return next((node for node in nodes if isinstance(node, LiveView)), None)


class Chosen(Message):
    """Somebody wants to go to this thing: the screen brings the view forward that can show it."""

    def __init__(self, key: Goal) -> None:
        super().__init__()
        self.key = key


class Scoped(Message):
    """The sidebar narrows the views to a part of the fleet."""

    def __init__(self, scope: Scope, filter: str | None = None) -> None:
        """``filter`` is a text for the filter line, for parts that are no scope: a pool, a tag."""
        super().__init__()
        self.scope = scope
        self.filter = filter


class Told(Message):
    """The view has another ``summary``, or a change moved on; the header asks again. Many of these are one."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Told)


class Arranged(Message):
    """Somebody has arranged the view otherwise: it has another ``arrangement``, which is worth remembering."""

    def __init__(self, view: LiveView) -> None:
        super().__init__()
        self.view = view


class LiveView(Widget):
    """Base of every room's view. Data comes down by ``show``; it says what happened by messages, nothing else."""

    HELP_NAME: ClassVar[str] = ""
    SHOWS: ClassVar[tuple[type, ...]] = ()
    """Key types that ``find`` finds: GuestKey, NodeKey, StorageKey, TaskKey."""
    DEFAULT_CSS = "LiveView { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "act", "Actions", id="actions"),
        Binding("v", "console('vnc')", "Open screen", show=False, id="viewer"),
        Binding("p", "console('peek')", "Screen of a VM", show=False, id="peek"),
        Binding("c", "console('term')", "Console", id="console"),
        Binding("S", "console('ssh')", "Open SSH shell", show=False, id="ssh"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.runtime = runtime

    def show(self, fleet: Fleet, scope: Scope) -> None:
        """Paint this. Called when the view is in front and something changed, at most a few times a second."""

    def reveal(self, key: Key) -> bool:
        """Put the cursor on this thing without saying ``Chosen`` or ``Scoped``; False when it is not here."""
        return any(table.move_to(key) for table in self.query(LiveTable))

    def find(self, goal: Goal) -> bool:
        """The same for somebody who wants to go there; what comes into sight later counts as found."""
        return not isinstance(goal, TaskKey) and self.reveal(goal)

    def set_filter(self, wanted: Filter) -> None:
        """Show only what matches: by default in every live table of the view."""
        for table in self.query(LiveTable):
            table.set_filter(wanted)

    @property
    def summary(self) -> str:
        """A few words for the header: ``120 of 400 guests``."""
        return ""

    @property
    def arrangement(self) -> dict[str, Any]:
        """How somebody has arranged it, in values of JSON; empty when there is nothing to arrange."""
        return {}

    def put_in_order(self, wanted: Mapping[str, Any]) -> None:
        """Arrange it so again. It comes from a file that people can edit: what makes no sense is left out."""

    def turn_to(self, section: str) -> None:
        """Show this section of the view. UsageError names the nearest, or says that there are none."""
        raise UsageError(f"{self.HELP_NAME or 'this view'} has no sections")

    # What can be changed here.

    def targets_of(self, row: Any) -> Target | None:
        """What a row of any of the view's tables stands for; None when nothing can be done to it."""
        return None

    def thing_of(self, row: Any) -> Any:
        """What ``Operation.unavailable`` is asked about; None: what the store knows of the target."""
        return None

    def subject_of(self, row: Any) -> Subject | None:
        """All that can be said of a row before it is changed; made of the two above where a room says no more."""
        from proxtui.kit.prepared import Subject

        target = self.targets_of(row)
        return None if target is None else Subject(target, self.thing_of(row))

    def can_act_on(self, row: Any) -> bool:
        """Whether a row stands for anything; asked with every key, so it loads nothing."""
        return self.targets_of(row) is not None

    async def prepare(self, operation: Operation, targets: Sequence[Target]) -> Prepared | None:
        """What is known before somebody is asked for parameters; may ask the server, and raise a ``ProxtuiError``."""
        return None

    @property
    def meant(self) -> Sequence[Any]:
        """The rows that an action is about: the one under the cursor of the table that has the keys."""
        row = self.row_with_keys()
        return () if row is None else (row,)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "act":
            row = self.row_with_keys() if can_change(self.runtime) and not self.runtime.read_only else None
            return row is not None and self.can_act_on(row)
        if action == "console":
            row = self.row_with_keys()
            return row is not None and self.can_act_on(row)
        return super().check_action(action, parameters)

    async def action_act(self) -> None:
        """Show what can be done to the row, or to all marked ones."""
        if isinstance(self.app, LiveApp):
            await self.app.changing(self.runtime).offer(self, self.meant)

    async def action_console(self, use: str) -> None:
        """Open a console of the row, or tell why it cannot be: also where everything is locked."""
        if self.runtime.read_only:
            self.app.notify("read-only: a console could change something", severity="warning", markup=False)
        elif isinstance(self.app, LiveApp) and can_change(self.runtime):
            from proxtui.kit.opening import open_console

            await open_console(self.app.changing(self.runtime), self, self.meant, use)

    def row_with_keys(self) -> Any:
        """The row under the cursor of the table of this view that has the keys; None when none has."""
        table = self.app.focused
        return table.cursor_row if isinstance(table, LiveTable) and self in table.ancestors else None

    def take_focus(self) -> None:
        """Give the keys to the view's main part: the first thing in it that can have them."""
        target = next((child for child in self.query("*") if child.focusable), self if self.focusable else None)
        if target is not None:
            # Not Widget.focus(), which comes later: keys that were typed ahead must find their new owner.
            self.screen.set_focus(target)
