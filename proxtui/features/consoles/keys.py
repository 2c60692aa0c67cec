"""Keys pressed at a VM through the API, by the names that QEMU gives them. Pure but for the sending."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from proxtui.errors import InvalidInput

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleDesk
    from proxtui.core.operation import Target

CHORDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("d", "Ctrl-Alt-Del", "ctrl-alt-delete"),
    *((str(number), f"Ctrl-Alt-F{number}", f"ctrl-alt-f{number}") for number in range(1, 7)),
    ("e", "Esc", "esc"),
    ("r", "Enter", "ret"),
)
"""Letter in the menu, what people call it, what QEMU calls it."""
LONGEST_TEXT: Final = 500
PAUSE: Final = 0.02
"""Seconds between two keys: a guest that is slow to read its keyboard loses none."""
_PLAIN: Final = {
    " ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal", ",": "comma", ".": "dot", "/": "slash",
    "\\": "backslash", ";": "semicolon", "'": "apostrophe", "`": "grave_accent", "[": "bracket_left",
    "]": "bracket_right",
}  # fmt: skip
_SHIFTED: Final = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))


def keys_of(text: str) -> list[str]:
    """The keys that write a text on an American keyboard. ``InvalidInput`` for what it has no key for."""
    if len(text) > LONGEST_TEXT:
        raise InvalidInput("text", f"{len(text)} characters", f"at most {LONGEST_TEXT}, one call each")
    return [_key_of(sign) for sign in text]


def _key_of(sign: str) -> str:
    base = _SHIFTED.get(sign, sign.lower() if sign.isascii() else "")
    name = _PLAIN.get(base) or (base if base.isascii() and base.isalnum() else "")
    if not name:
        raise InvalidInput("text", sign, "an American keyboard has no key for it")
    return name if base == sign else f"shift-{name}"


async def send_keys(desk: ConsoleDesk, target: Target, keys: Sequence[str], reason: str = "") -> None:
    """Press keys, one after the other: ``PUT /nodes/{node}/qemu/{vmid}/sendkey`` each. The audit keeps that it was
    done and not which. Raises what ``ConsoleDesk.open`` and the calls raise.
    """
    from proxtui.pve.vms import VMTools

    async with desk.open("sendkeys", target, reason) as session:
        tools = VMTools(session.client)
        for number, key in enumerate(keys):
            if number:
                await asyncio.sleep(PAUSE)
            session.message = f"{number} of {len(keys)} keys"
            await tools.send_key(target.node, target.vmid, key)
            session.on_bytes(len(key), 0)
        session.message = f"{len(keys)} keys"
