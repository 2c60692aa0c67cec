"""Tables of what is configured: they are read from the registrar, and changed by it alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from proxtui.core.model import Fleet, Scope
from proxtui.core.operation import Risk
from proxtui.core.rows import Column, TableRow, Tone
from proxtui.errors import InvalidInput, ProxtuiError
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Sentences
from proxtui.kit.prepared import Prepared
from proxtui.kit.table_view import TableView
from proxtui.kit.view import Selected
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker

    from proxtui.config.vault.opened import OpenVault
    from proxtui.core.registrar import Registrar
    from proxtui.core.runtime import Runtime
    from proxtui.kit.finder import Entry
    from proxtui.kit.questions import Question

Send = Callable[[Any], Awaitable[str]]
"""Saves parameters, and gives what is said then; what it raises stands at the form."""
R = TypeVar("R", bound=TableRow)
D = TypeVar("D")

NO_FILE = "no config.toml is in use: variables or flags name the server; without them `proxtui` makes one"


class Deed(Struct, frozen=True):
    """Something that can be done to a row of a setup view, or to none."""

    name: str
    """What the registrar calls it: ``servers.add``; empty for what changes nothing."""
    label: str
    summary: str
    key: str
    """Its letter in the menu."""
    do: str
    """The method of the view that does it: ``async (row)``, with None for what needs no row."""
    of_row: bool = True
    risk: Risk = Risk.SAFE


class SetupView(TableView[R, D]):
    """Rooms say their rows and deeds. Without a registrar all is shown that is known, and nothing can be changed."""

    CONFIGURED = True
    DEEDS: ClassVar[tuple[Deed, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "deed(0)", "Add", id="add")]

    def __init__(self, runtime: Runtime, columns: Sequence[Column[R]], *, id: str | None = None) -> None:
        super().__init__(runtime, columns, id=id)
        self.notice = Sentences(id="setup-notice")
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def registrar(self) -> Registrar | None:
        """Who changes the configuration; None when none of ours is in use."""
        found: Registrar | None = getattr(self.runtime, "registrar", None)
        return found

    def tenant_of(self, row: R | None) -> str:
        """The tenant that a change of this row belongs to; empty for what is of no tenant."""
        return ""

    def label_of(self, row: R) -> str:
        """What the menu of this row is called."""
        return str(row.key)

    def unavailable(self, deed: Deed, row: R | None) -> str | None:
        """Why it makes no sense for this row now."""
        return None

    def refusal(self, deed: Deed, row: R | None) -> str | None:
        """Why it cannot be done now, in one line; None when it can."""
        if deed.of_row and row is None:
            return "there is no row under the cursor"
        if deed.name and self.registrar is None:
            return NO_FILE
        tenant = self.tenant_of(row) if deed.of_row else ""
        refused = self.registrar.refusal(deed.name, tenant) if deed.name and self.registrar is not None else None
        return refused or self.unavailable(deed, row)

    def compose(self) -> ComposeResult:
        yield self.notice
        yield self.split

    def on_mount(self) -> None:
        if self.registrar is not None:
            self._unsubscribe = self.registrar.subscribe(lambda _config: self.changed())

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def show(self, fleet: Fleet, scope: Scope) -> None:
        super().show(fleet, scope)
        self.table.say_when_empty(f"no {self.NOUN} is configured" + ("" if scope == Scope() else " here"))
        said = NO_FILE if self.registrar is None else closed_line(getattr(self.registrar, "vault", None))
        self.notice.say(said, Tone.MUTED)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """The tree knows the fleet, and nothing of what is configured."""
        event.stop()
        event.prevent_default()
        if event.table is self.table:
            self.post_message(Selected(None))
            self.refresh_bindings()
            if self.split.is_open:
                self._paint()
                self.lookout.soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "deed":
            (number,) = parameters
            assert isinstance(number, int)  # noqa: S101  a binding names the number of a deed
            return number < len(self.DEEDS) and self.refusal(self.DEEDS[number], self.row) is None
        if action in ("mark", "mark_all", "mark_to", "web"):
            # Deeds are of one row, and none of it stands in PVE's GUI.
            return False
        return True if action == "act" else super().check_action(action, parameters)

    def entries(self) -> Iterator[Entry]:
        """For the palette: what can be done to the row, as far as no key of its own does it."""
        from proxtui.kit.finder import Entry

        row = self.row
        bound = {binding.action for cls in type(self).__mro__ for binding in cls.__dict__.get("BINDINGS", ())}
        for number, deed in enumerate(self.DEEDS):
            if f"deed({number})" not in bound and self.refusal(deed, row) is None:
                name = self.label_of(row) if deed.of_row and row is not None else self.NOUN
                yield Entry("do", f"{deed.label} {name}", "", words=deed.summary, run=partial(self.begin, deed))

    async def action_deed(self, number: int) -> None:
        self.begin(self.DEEDS[number])

    async def action_act(self) -> None:
        """Show what can be done, and why some of it cannot."""
        from proxtui.kit.setup_menu import SetupMenu, entries_of

        row = self.row
        title = self.label_of(row) if row is not None else f"{self.NOUN}s"
        menu = SetupMenu(title, entries_of([(deed, self.refusal(deed, row)) for deed in self.DEEDS]))
        await menu.open(self.app)

        async def answered() -> None:
            choice = await menu.answer()
            menu.leave()
            if choice is not None:
                deed = next(one for one in self.DEEDS if one.do == choice.entry.operation.name)
                await self._done(deed, row)

        self.run_worker(answered(), name="setup", group="setup")

    def begin(self, deed: Deed) -> None:
        """Do it, or say why not."""
        row = self.row
        refused = self.refusal(deed, row)
        if refused is not None:
            self.tell_user(refused, bad=True)
        else:
            _worker: Worker[None] = self.run_worker(self._done(deed, row), name="setup", group="setup")

    async def _done(self, deed: Deed, row: R | None) -> None:
        try:
            await getattr(self, deed.do)(row)
        except ProxtuiError as error:
            self.tell_user(str(error), bad=True)

    # What deeds are made of.

    def tell_user(self, text: str, *, bad: bool = False) -> None:
        """A line in the corner for a while."""
        tell_user(self.app, text, bad=bad)

    async def fill(self, title: str, model: Any, send: Send, prepared: Prepared | None = None) -> None:
        """Ask for parameters until they are saved or given up; ``send`` gives what is said then."""
        await fill_form(self.app, title, model, send, prepared)

    async def confirmed(self, question: Question) -> bool:
        """Whether somebody said yes."""
        from proxtui.kit.setup_menu import SetupQuestion

        dialog = SetupQuestion(question)
        answer = await dialog.ask(self.app)
        dialog.leave()
        return answer is not None


def closed_line(vault: OpenVault | None) -> str:
    """``1 tenant is closed to your key``; empty when none is."""
    tenants = 0 if vault is None else sum(name.startswith("t_") for name in vault.hidden)
    if not tenants:
        return ""
    return f"{tenants} tenant{' is' if tenants == 1 else 's are'} closed to your key"


async def show_lines(app: App[Any], title: str, lines: Sequence[str]) -> None:
    """Show some lines until somebody closes them."""
    from proxtui.kit.setup_menu import Lines

    dialog = Lines(title, lines)
    await dialog.ask(app)
    dialog.leave()


def tell_user(app: App[Any], text: str, *, bad: bool = False) -> None:
    """A line in the corner for a while."""
    app.notify(clean(text), severity="error" if bad else "information", markup=False, timeout=8)


async def fill_form(app: App[Any], title: str, model: Any, send: Send, prepared: Prepared | None = None) -> None:
    """Ask for parameters until they are saved or given up; what is wrong stands at its field."""
    from proxtui.kit.form import Filled
    from proxtui.kit.setup_menu import SetupForm

    form = SetupForm(title, model, prepared)
    try:
        await form.open(app)
        while isinstance(filled := await form.answer(), Filled):
            form.busy("saving ...")
            try:
                said = await send(filled.params)
            except InvalidInput as error:
                form.refuse({error.field: error.rule})
            except ProxtuiError as error:
                form.refuse({"": str(error)})
            else:
                tell_user(app, said)
                return
    finally:
        form.leave()
