"""Foreign text on its way to the terminal: nothing that a terminal obeys, nothing that Textual parses."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from proxtui.kit.ascii import to_ascii

_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_UNPAINTABLE = _OBEYED | {"Co", "Cn"}


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


@lru_cache(maxsize=4096)
def _painted(character: str) -> str:
    """The character, or nothing when terminals and we may disagree on what it does or how wide it is."""
    if unicodedata.category(character) in _UNPAINTABLE or _is_variation_selector(character):
        return ""
    return " " if unicodedata.category(character) == "Zs" else character


def visible(text: str) -> str:
    """The text without control, format, private and unassigned characters; what is left has a sure width."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_painted, text))


def plain(text: str) -> Content:
    """Foreign text for a widget: shown letter by letter, never parsed as markup."""
    return Content(visible(text))


@lru_cache(maxsize=4096)
def _harmless(character: str) -> str:
    if unicodedata.category(character) in _OBEYED:
        return " " * get_character_cell_size(character)
    return character


def harmless(text: str) -> str:
    """The text in the same number of cells without anything that a terminal obeys."""
    if text.isprintable():
        return text
    return set_cell_size("".join(map(_harmless, text)), cell_len(text))


class SafeFilter(LineFilter):
    """The net under every widget: deletes control and format characters from what is about to be written.

    Not the main defence (``pve`` cleans what it decodes); it catches what a new widget or a file name brings in.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(text.isprintable() for text, _, control in segments if not control):
            return segments
        return [
            segment if segment.control else Segment(harmless(segment.text), segment.style, None) for segment in segments
        ]


class AsciiFilter(LineFilter):
    """Everything in ASCII, cell by cell: for ``--ascii`` and terminals whose font knows nothing else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(text.isascii() for text, _, control in segments if not control):
            return segments
        return [
            segment if segment.control else Segment(to_ascii(segment.text), segment.style, None) for segment in segments
        ]
