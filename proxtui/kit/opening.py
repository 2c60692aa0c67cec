"""Opening a console from a view: asked of the rules as a change is, opened by its room, never given to the gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core.feature import load
from proxtui.core.operation import Operation, Target
from proxtui.errors import ProxtuiError

if TYPE_CHECKING:
    from proxtui.kit.changing import Changing
    from proxtui.kit.menu import ActionMenu
    from proxtui.kit.view import LiveView


def start_console(changing: Changing, operation: Operation, target: Target) -> None:
    """Open it; it is in front until somebody closes it. What keeps it from opening is told."""
    changing.app.run_worker(_open(changing, operation, target), name=operation.name, group="consoles")


async def find_out(changing: Changing, menu: ActionMenu) -> None:
    """Tell in an open menu which consoles there are none of. What cannot be asked now is told when it is opened."""
    for entry in [one for one in menu.entries if one.operation.asked_by and one.targets]:
        why = await load(entry.operation.asked_by)(changing.runtime, entry.targets[0])
        if why is not None:
            menu.refuse(entry.operation.name, why)


async def open_console(changing: Changing, view: LiveView, rows: Sequence[Any], use: str) -> None:
    """Open this console (``peek``) of the one row that is meant, or tell why it cannot be now."""
    offers = changing.offers(view, rows)
    operation: Operation = changing.runtime.catalogue.consoles()[f"consoles.{use}"]
    if len(offers.subjects) != 1:
        changing.tell(f"{operation.label}: one at a time", "warning")
        return
    target = offers.subjects[0].target
    if (why := offers.refusal(operation, target)) is not None:
        changing.tell(f"{operation.label}: {why.removeprefix(f'{operation.label}: ')}", "warning")
    else:
        await _open(changing, operation, target)


async def _open(changing: Changing, operation: Operation, target: Target) -> None:
    try:
        await load(operation.opened_by)(changing.app, changing.runtime, target)
    except ProxtuiError as error:
        changing.tell(f"{operation.of(target)}: {error}", "error")
