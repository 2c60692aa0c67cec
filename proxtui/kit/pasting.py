"""What is pasted is text: nothing in it presses a key, and no control character of it gets into a field."""

from __future__ import annotations

import unicodedata

BEGIN, END = "\x1b[200~", "\x1b[201~"
"""What the terminal puts around a paste (bracketed paste)."""


class Pastes:
    """Between the terminal and Textual's parser, which would press the keys that a paste holds as escape sequences."""

    def __init__(self) -> None:
        self._is_inside = False
        self._before = ""
        """The end of what came before: a bracket may come in two pieces."""

    def harmless(self, typed: str) -> str:
        """The next piece of what the terminal sends, without controls between the brackets of a paste."""
        found, rest = "", typed
        while rest:
            passed, rest = self._inside(rest) if self._is_inside else self._outside(rest)
            found += passed
        return found

    def _outside(self, text: str) -> tuple[str, str]:
        """What goes on to the parser, and what is left: keys are never held back."""
        known = self._before + text
        at = known.find(BEGIN)
        if at < 0:
            self._before = known[1 - len(BEGIN) :]
            return text, ""
        self._is_inside, self._before = True, ""
        end = at + len(BEGIN)
        return text[: len(text) - len(known) + end], known[end:]

    def _inside(self, text: str) -> tuple[str, str]:
        """What could be the beginning of the end is held back until the rest of it comes."""
        pasted, end, rest = (self._before + text).partition(END)
        self._before = ""
        if end:
            self._is_inside = False
            return printable(pasted) + END, rest
        held = next((n for n in range(len(END) - 1, 0, -1) if pasted.endswith(END[:n])), 0)
        if held:
            pasted, self._before = pasted[:-held], END[:held]
        return printable(pasted), ""


def printable(text: str) -> str:
    """The text without control characters; ends of lines and tabs stay."""
    return "".join(sign for sign in text if sign in "\r\n\t" or unicodedata.category(sign) != "Cc")
