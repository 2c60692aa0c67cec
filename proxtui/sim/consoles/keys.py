"""QEMU's names of keys, as the monitor's ``sendkey`` takes them."""

from __future__ import annotations

from typing import Final

from proxtui.pve.rfb.words import Key

NAMES: Final[dict[str, int]] = {
    "ret": Key.RETURN,
    "kp_enter": Key.RETURN,
    "backspace": Key.BACKSPACE,
    "tab": Key.TAB,
    "esc": Key.ESCAPE,
    "delete": Key.DELETE,
    "left": Key.LEFT,
    "right": Key.RIGHT,
    "up": Key.UP,
    "down": Key.DOWN,
    "ctrl": Key.CONTROL,
    "ctrl_r": Key.CONTROL,
    "alt": Key.ALT,
    "alt_r": Key.ALT,
    "shift": Key.SHIFT,
    "shift_r": Key.SHIFT,
    "spc": ord(" "),
    "minus": ord("-"),
    "equal": ord("="),
    "comma": ord(","),
    "dot": ord("."),
    "slash": ord("/"),
    "backslash": ord("\\"),
    "semicolon": ord(";"),
    "apostrophe": ord("'"),
    "grave_accent": ord("`"),
    "bracket_left": ord("["),
    "bracket_right": ord("]"),
} | {f"f{number}": Key.F1 + number - 1 for number in range(1, 13)}
SHIFTED: Final = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))
"""What a key of an American keyboard writes with shift."""


def keysyms(text: str) -> list[int] | None:
    """The keys of ``ctrl-alt-delete`` in the order in which they go down; None when one has no name."""
    found: list[int] = []
    for name in text.split("-"):
        code = NAMES.get(name) or (ord(name) if len(name) == 1 and name.isascii() and name.isalnum() else None)
        if code is None:
            return None
        letter = chr(code) if code < 0x80 else ""
        if letter and Key.SHIFT in found:
            code = ord(SHIFTED.get(letter, letter.upper()))
        found.append(code)
    return found
