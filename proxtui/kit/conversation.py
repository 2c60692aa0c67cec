"""From a chosen action to its parameters and its confirmation; escape leads one step back, with everything kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from proxtui.core.operation import GUESTS, Operation, Risk, Target
from proxtui.errors import ProxtuiError
from proxtui.kit.confirm import Confirm, Confirmed
from proxtui.kit.dialog import Dialog
from proxtui.kit.menu import ActionMenu
from proxtui.kit.prepared import Prepared
from proxtui.kit.questions import question_of, where

if TYPE_CHECKING:
    from textual.app import App

    from proxtui.kit.changing import Changing
    from proxtui.kit.form import ParamsForm

Prepare = Callable[[Operation, Sequence[Target]], Awaitable[Prepared]]


class Conversation:
    """One press of ``m``, or one operation that was asked for by name."""

    def __init__(self, changing: Changing, prepare: Prepare) -> None:
        self._changing = changing
        self._app: App[None] = changing.app
        self._prepare = prepare

    async def from_menu(self, menu: ActionMenu) -> None:
        """Until something is done, or nothing is wanted. The menu is on the screen already."""
        try:
            while (choice := await menu.answer()) is not None:
                entry = choice.entry
                if await self.about(entry.operation, entry.targets, rehearse=choice.rehearse, say=menu.say):
                    return
                menu.again()
        finally:
            menu.leave()

    async def about(
        self, operation: Operation, targets: Sequence[Target], *, rehearse: bool, say: Callable[[str], None]
    ) -> bool:
        """Ask what has to be asked, and do it; False when somebody went back. ``say`` tells why it cannot be."""
        if operation.opened_by:
            from proxtui.kit.opening import start_console

            start_console(self._changing, operation, targets[0])
            return True
        try:
            prepared = await self._prepare(operation, targets)
        except ProxtuiError as error:
            say(str(error))
            return False
        if prepared.refusal:
            say(f"{operation.label}: {prepared.refusal}")
            return False
        model = operation.params_model()
        if model is None:
            return await self._decide(operation, targets, None, prepared, rehearse, None)
        from proxtui.kit.form import Filled, ParamsForm
        from proxtui.kit.form_model import asked_of, text_of

        kind = targets[0].kind.value if targets[0].kind in GUESTS else ""
        if not asked_of(model, kind, prepared.fixed):
            # All of it is known from where the cursor is; the question says what the target does not.
            known = [(one.label, text_of(prepared.fixed[one.name])) for one in asked_of(model, kind)]
            told = [f"{label}: {value}" for label, value in known if value and value not in targets[0].label.split()]
            prepared = replace(prepared, notes=(*told, *prepared.notes))
            return await self._decide(operation, targets, model(**prepared.fixed), prepared, rehearse, None)
        title = operation.of(targets[0]) if len(targets) == 1 else f"{operation.label} {len(targets)} things"
        form = ParamsForm(title, model, prepared, kind=kind)
        try:
            filled = await form.ask(self._app)
            while isinstance(filled, Filled):
                is_rehearsal = rehearse or filled.rehearse
                params = filled.params if prepared.settle is None else prepared.settle(filled.params)
                if await self._decide(operation, targets, params, prepared, is_rehearsal, form):
                    return True
                filled = await form.answer()
            return False
        finally:
            form.leave()

    async def _decide(
        self,
        operation: Operation,
        targets: Sequence[Target],
        params: Any,
        prepared: Prepared,
        rehearse: bool,
        form: ParamsForm | None,
    ) -> bool:
        """Confirm and send. A form waits for the server's answer and shows what it has against the parameters."""
        if rehearse:
            await self._changing.rehearse(operation, targets, params)
            if form is not None:
                form.again()
            return False
        try:
            seen = () if prepared.look is None else await prepared.look(params)
            # What the look before the form has said already is not said twice.
            notes = tuple(dict.fromkeys((*prepared.notes, *seen)))
            dialog = self._question(operation, targets, params, replace(prepared, notes=notes))
        except ProxtuiError as error:
            dialog = str(error)
        if isinstance(dialog, str):
            if form is not None:
                form.again()
                form.say(dialog)
            return False
        answer = Confirmed() if dialog is None else await self._answered(dialog, operation, targets, params)
        if answer is None:
            if form is not None:
                form.again()
            return False
        if form is None or len(targets) > 1:
            self._changing.send(operation, targets, params, answer.reason)
            return True
        return await self._sent_from(form, operation, targets[0], params, answer.reason)

    async def _answered(
        self, dialog: Dialog[Confirmed], operation: Operation, targets: Sequence[Target], params: Any
    ) -> Confirmed | None:
        try:
            answer = await dialog.ask(self._app)
            while answer is not None and answer.rehearse:
                await self._changing.rehearse(operation, targets, params)
                answer = await dialog.ask(self._app)
            return answer
        finally:
            dialog.leave()

    async def _sent_from(
        self, form: ParamsForm, operation: Operation, target: Target, params: Any, reason: str
    ) -> bool:
        from proxtui.kit.form import Refused

        def take(problems: Mapping[str, str]) -> bool:
            if form.has_left:
                return False
            form.give(Refused(problems))
            return True

        form.busy("sending ... esc leaves it going on")
        self._changing.send(operation, [target], params, reason, answered=take)
        answer = await form.answer()
        if isinstance(answer, Refused) and answer.problems:
            form.refuse(answer.problems)
            return False
        return True

    def _question(
        self, operation: Operation, targets: Sequence[Target], params: Any, prepared: Prepared
    ) -> Dialog[Confirmed] | str | None:
        """The dialog that asks; None when nothing needs to be asked; a line when there is nothing to do."""
        risk = self._changing.risk(operation, targets)
        if prepared.current is not None and params is not None and len(targets) == 1 and risk is not Risk.DESTROYS:
            from proxtui.kit.diff_view import DiffView, differences

            secrets = type(params).secrets() if hasattr(params, "secrets") else ()
            found = differences(prepared.current, params.form(), secrets)
            if not found:
                return "nothing would change"
            return DiffView(operation.of(targets[0]), where(targets[0]), found)
        question = question_of(operation, targets, risk, prepared.notes)
        return None if question is None else Confirm(question)
