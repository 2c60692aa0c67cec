"""``p`` and the menu: a console is opened and not run, and what keeps it from opening is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxtui.core.operation import Target
from proxtui.errors import ReadOnlyError
from proxtui.features.consoles.operations import CONSOLES
from proxtui.kit.menu import ActionMenu

from .test_changing import Stage, stage

PEEK = next(one for one in CONSOLES if one.name == "consoles.peek")
opened: list[str] = []


async def note(app: Any, runtime: Any, target: Target) -> None:
    """Stands for the room that opens it."""
    opened.append(target.label)


async def refuse(app: Any, runtime: Any, target: Target) -> None:
    raise ReadOnlyError("locked")


def offer(acting: Stage, opens: str) -> None:
    operation = replace(PEEK, opened_by=f"tests.kit.test_opening_consoles:{opens}", unavailable=lambda _thing: None)
    acting.app.live.runtime.catalogue.consoles = lambda: {operation.name: operation}  # type: ignore[method-assign]
    opened.clear()


@pytest.mark.parametrize("keys", [("p",), ("m", "slash", *"look at", "enter", "enter")], ids=["key", "menu"])
async def test_the_key_and_the_menu_open_it_and_the_gate_sees_nothing(keys: tuple[str, ...]) -> None:
    async with stage() as acting:
        offer(acting, "note")
        await acting.press(*keys)
        await acting.until(lambda: opened)
        assert opened == ["VM 100 web on pve1"]
        assert acting.sent == []


async def none_there(runtime: Any, target: Target) -> str | None:
    """Stands for the room that asks the server."""
    return f"{target.id} has no serial port"


async def one_there(runtime: Any, target: Target) -> str | None:
    """The same, of what has one."""
    return None


@pytest.mark.parametrize(("asked", "is_there"), [("none_there", False), ("one_there", True)])
async def test_what_only_the_server_knows_is_told_in_the_menu(asked: str, is_there: bool) -> None:
    async with stage() as acting:
        operation = replace(
            PEEK,
            opened_by="tests.kit.test_opening_consoles:note",
            asked_by=f"tests.kit.test_opening_consoles:{asked}",
            unavailable=lambda _thing: None,
        )
        acting.app.live.runtime.catalogue.consoles = lambda: {operation.name: operation}  # type: ignore[method-assign]
        opened.clear()
        await acting.press("m")
        menu = await acting.at(ActionMenu)
        under = menu._table.rows.cursor_key
        await acting.until(lambda: all(worker.is_finished for worker in acting.app.workers if worker.group == "menu"))
        entry = next(one for one in menu.entries if one.operation is operation)
        assert (bool(entry.targets), entry.why) == (is_there, "" if is_there else "100 has no serial port")
        assert menu._table.rows.cursor_key == under, "the cursor stays"
        await acting.press("p")
        if is_there:
            await acting.until(lambda: opened)
        else:
            assert menu._notice.text == "Look at screen: 100 has no serial port"
            assert opened == []


async def test_what_a_guest_or_a_lock_has_against_it_is_told() -> None:
    async with stage() as acting:
        offer(acting, "refuse")
        await acting.press("p")
        await acting.until(lambda: acting.told)
        assert acting.told == ["Look at screen VM 100 web on pve1: locked"]
        operation = replace(PEEK, unavailable=lambda _thing: "does not run")
        acting.app.live.runtime.catalogue.consoles = lambda: {operation.name: operation}  # type: ignore[method-assign]
        await acting.press("p")
        await acting.until(lambda: len(acting.told) == 2)
        assert "does not run" in acting.told[-1]
