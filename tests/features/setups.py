"""The app over a real vault: what is configured is changed as it would be by an operator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.app import App

from proxtui.config.keyed import keyed
from proxtui.config.vault.opened import OpenVault
from proxtui.core.actor import read_actor
from proxtui.core.registrar import Registrar
from proxtui.kit.confirm import Confirm
from proxtui.kit.form import ParamsForm
from proxtui.kit.form_fields import Line
from tests.config.vaults import fill, new_vault, seat_in
from tests.core.gating import MemoryJournal

from .fleets import two_tenants
from .screens import LARGE, Stage, stage, text_of


class Setup:
    """Somebody who changes the configuration."""

    def __init__(self, acting: Stage, registrar: Registrar) -> None:
        self.acting, self.registrar = acting, registrar

    @property
    def app(self) -> App[Any]:
        return self.acting.app

    @property
    def table(self) -> str:
        return text_of(self.acting.table)

    async def choose(self, letter: str) -> None:
        """Do what this letter of the menu means."""
        await self.acting.press("m")
        await self.acting.until(lambda: type(self.app.screen).__name__ == "SetupMenu")
        await self.acting.press(letter)

    async def form(self) -> ParamsForm:
        await self.acting.until(lambda: isinstance(self.app.screen, ParamsForm) and not self.app.screen.waiting)
        screen = self.app.screen
        assert isinstance(screen, ParamsForm)
        return screen

    async def fill(self, **texts: str) -> ParamsForm:
        """Write into the form and send it."""
        form = await self.form()
        for line in form.query(Line):
            if line.asked.name in texts:
                line.field.put(texts[line.asked.name])
        await self.acting.press("ctrl+s")
        return form

    async def confirm(self, typed: str = "") -> Confirm:
        """Say yes to the question that comes, by its name where it asks for one."""
        await self.acting.until(lambda: isinstance(self.app.screen, Confirm))
        question = self.app.screen
        assert isinstance(question, Confirm)
        question._ears.deaf = 0.0
        question._ears.open(float("-inf"))
        if typed:
            question.query_one("#name").value = typed  # type: ignore[attr-defined]
            await self.acting.press("enter")
        else:
            await self.acting.press("y")
        return question

    def problems(self, form: ParamsForm) -> dict[str, str]:
        return {line.asked.name: line.problem for line in form.query(Line) if line.problem}

    async def until_said(self, words: str) -> None:
        await self.acting.until(lambda: any(words in one.message for one in self.app._notifications))


@asynccontextmanager
async def setup(
    folder: Path, key: str, *, size: tuple[int, int] = LARGE, vault: OpenVault | None = None, **more: Any
) -> AsyncIterator[Setup]:
    """The view behind this key over acme and beta, whose key ``anna`` has; ``more`` is for the registrar.

    ``fleet`` is what the servers answer with; without one there are others.
    """
    fleet = more.pop("fleet", None) or two_tenants()
    vault = vault or fill(new_vault(seat_in(folder)))
    actor = read_actor({}, opened_by=vault.slot.label)
    registrar = Registrar(vault, MemoryJournal(), actor, more.pop("environ", {}), now=lambda: 1_000.0, **more)
    async with stage(fleet, size, config=keyed(vault, {}), registrar=registrar) as acting:
        await acting.press(key)
        await acting.until(lambda: acting.front is not None and acting.front.HELP_NAME in KEYS[key])
        yield Setup(acting, registrar)


KEYS = {"7": "servers", "8": "tenants", "9": "users"}
