"""The ASCII twin of every sign, border, block and letter, in the same number of cells."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, get_character_cell_size, set_cell_size

_BOX = {
    **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺╼╾▔▁⎯", "-"),
    **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻▏▎▍▌▐▕▊▉", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╭╮╯╰┝┞┟┠┡┢┥┦┧┨┩┪┭┮┯┰┱┲┵┶┷┸┹┺┽┾┿╀╁╂╃╄╅╆╇╈╉╊", "+"),
    **dict.fromkeys("▂▃▄", "_"),
    **dict.fromkeys("▅▆▇█▓▒▀▖▗▘▙▚▛▜▝▞▟■▪", "#"),
    "░": ".",
}
_TWINS: Final = {
    **_BOX,
    "●": "R",
    "○": "-",
    "◐": "P",
    "◆": "*",
    "◇": "!",
    "◌": "~",
    "✗": "x",
    "⊘": "X",
    "…": "~",
    "▸": ">",
    "▶": ">",
    "▾": "v",
    "▲": "^",
    "▼": "v",
    "–": "-",
    "—": "-",
    "·": ".",
    "•": "*",
    "«": '"',
    "»": '"',
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↵": "<",
    "×": "x",
    "✓": "v",
    "\u00a0": " ",
}

_LEVELS: Final = " .:|#"
_DOTS_OF_ROW = (0x80 | 0x40, 0x20 | 0x04, 0x10 | 0x02, 0x08 | 0x01)


def _ascii_of_braille(character: str) -> str:
    """The height of the highest dot as one of ``.:|#``: areas stay areas."""
    dots = ord(character) - 0x2800
    height = max((row for row, mask in enumerate(_DOTS_OF_ROW, start=1) if dots & mask), default=0)
    return _LEVELS[height]


@lru_cache(maxsize=4096)
def _ascii_of(character: str) -> str:
    """As many ASCII characters as the character has cells."""
    if "\u2800" <= character <= "\u28ff":
        return _ascii_of_braille(character)
    if character in _TWINS:
        return _TWINS[character]
    cells = get_character_cell_size(character)
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain and len(plain) == cells else "?" * cells


def to_ascii(text: str) -> str:
    """The text in ASCII, in exactly as many cells."""
    if text.isascii():
        return text
    plain = "".join(character if character.isascii() else _ascii_of(character) for character in text)
    return set_cell_size(plain, cell_len(text))
