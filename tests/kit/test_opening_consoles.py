"""``p`` and the menu: a console is opened and not run, and what keeps it from opening is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxtui.core.operation import Target
from proxtui.errors import ReadOnlyError
from proxtui.features.consoles.operations import CONSOLES

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
