"""The consoles, declared as changes are: for the menu, the palette, the help and the rules of the configuration.

They are opened and not run, so the gate never sees them: ``ConsoleDesk`` allows and records them.
"""

from __future__ import annotations

from typing import Any

from proxtui.config.models import Role
from proxtui.core.operation import GUESTS, Kind, Operation, Risk

SEATS = GUESTS | {Kind.NODE}
"""What has a console."""


def running(thing: Any) -> str | None:
    """A guest has to run (a paused one shows its picture), a node to be there."""
    if getattr(thing, "template", False):
        return "is a template"
    if thing.status in ("stopped", "offline"):
        return "is offline" if thing.status == "offline" else "does not run"
    return None


def _console(
    use: str,
    label: str,
    summary: str,
    kinds: frozenset[Kind],
    *,
    key: str = "",
    privileges: tuple[str, ...] = ("VM.Console",),
    opened_by: str = "",
    asked_by: str = "",
) -> Operation:
    return Operation(
        name=f"consoles.{use}",
        label=label,
        summary=summary,
        kinds=kinds,
        risk=Risk.SAFE,
        role=Role.OPERATOR,
        privileges=privileges,
        run_by="",
        key=key,
        unavailable=running,
        opened_by=opened_by,
        asked_by=asked_by,
    )


# Their letters in the menu are those that open them from the table.
# PVE asks for the one at /vms/ID, for the other at /nodes/NODE.
_EITHER = ("VM.Console|Sys.Console",)

CONSOLES: tuple[Operation, ...] = (
    _console(
        "vnc",
        "Open screen",
        "Open its screen in a viewer of its own.",
        SEATS,
        key="v",
        privileges=_EITHER,
        opened_by="proxtui.features.consoles.screen:open_viewer",
    ),
    _console(
        "term",
        "Open terminal",
        "Leave for its terminal, and come back.",
        SEATS,
        key="c",
        privileges=_EITHER,
        opened_by="proxtui.features.terminals.screen:open_terminal",
        asked_by="proxtui.features.terminals.service:why_none",
    ),
    _console(
        "ssh",
        "Open SSH shell",
        "Leave for a shell on it by SSH, and come back.",
        SEATS,
        key="S",
        privileges=(),
        opened_by="proxtui.features.terminals.screen:open_shell",
    ),
    _console(
        "spice",
        "Open SPICE",
        "Open its SPICE display in remote-viewer.",
        frozenset({Kind.QEMU}),
        opened_by="proxtui.features.terminals.screen:open_spice",
    ),
    _console(
        "peek",
        "Look at screen",
        "Show its screen here, without a viewer.",
        frozenset({Kind.QEMU}),
        key="p",
        opened_by="proxtui.features.peek.screen:open_peek",
    ),
    _console(
        "sendkeys",
        "Send keys",
        "Send Ctrl-Alt-Del and the like, or a line of text.",
        frozenset({Kind.QEMU}),
        key="k",
        opened_by="proxtui.features.consoles.screen:open_keys",
    ),
)
