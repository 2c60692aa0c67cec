"""What a viewer sees: pictures of one byte a pixel with a palette, and text in cells."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from proxtui.pve.rfb.pixels import Palette
from proxtui.sim.consoles.font import GLYPHS, HEIGHT, UNKNOWN

VGA: Final[Palette] = tuple(
    ((170 if n & 4 else 0) + high, (170 if n & 2 else 0) + high, (170 if n & 1 else 0) + high)
    for high in (0, 85)
    for n in range(8)
)
"""The sixteen colours of text modes."""
COLUMNS, ROWS = 80, 25
CELL_WIDTH, CELL_HEIGHT = 9, HEIGHT


class Picture:
    """``width`` x ``height`` pixels, each the number of a colour in ``palette``."""

    def __init__(self, width: int, height: int, palette: Palette = VGA) -> None:
        self.width = width
        self.height = height
        self.palette = palette
        self.pixels = bytearray(width * height)
        self.rolled = 0
        """By how many lines the picture went up so far; a viewer that knows CopyRect is told so."""

    def fill(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        """Paint a rectangle; what lies outside of the picture is left away."""
        left, right = max(0, x), min(self.width, x + width)
        if right <= left:
            return
        line = bytes([colour]) * (right - left)
        for row in range(max(0, y), min(self.height, y + height)):
            start = row * self.width
            self.pixels[start + left : start + right] = line

    def text(self, x: int, y: int, text: str, colour: int, ground: int) -> None:
        """Write a line of cells of 9x16 dots from the upper left corner on."""
        for place, letter in enumerate(text):
            left = x + place * CELL_WIDTH
            if left + CELL_WIDTH > self.width or y + CELL_HEIGHT > self.height:
                return
            for row, line in enumerate(_cell(letter, colour, ground)):
                start = (y + row) * self.width + left
                self.pixels[start : start + CELL_WIDTH] = line


@lru_cache(maxsize=1024)
def _cell(letter: str, colour: int, ground: int) -> tuple[bytes, ...]:
    glyph = GLYPHS.get(letter, UNKNOWN)
    # The ninth column of a text mode is empty.
    return tuple(bytes([colour if bits >> (7 - n) & 1 else ground for n in range(8)] + [ground]) for bits in glyph)


class TextScreen(Picture):
    """A text mode of 80x25 cells: 720x400 dots. Understands what a plain terminal needs, and drops the rest."""

    def __init__(self, colour: int = 7, ground: int = 0) -> None:
        super().__init__(COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT)
        self.colour, self.ground = colour, ground
        self.cells = [" " * COLUMNS] * ROWS
        self.column = self.row = 0
        self._escape = ""
        self.clear()

    def clear(self) -> None:
        """Empty the screen and go to its upper left corner."""
        self.cells = [" " * COLUMNS] * ROWS
        self.fill(0, 0, self.width, self.height, self.ground)
        self.column = self.row = 0

    def write(self, text: str) -> None:
        """Write at the cursor; line ends, backspaces, ``ESC[H`` and ``ESC[J`` do what they do everywhere."""
        for letter in text:
            if self._escape or letter == "\x1b":
                self._control(letter)
            elif letter == "\r":
                self.column = 0
            elif letter == "\n":
                self._down()
            elif letter == "\b":
                self.column = max(0, self.column - 1)
            elif letter >= " ":
                self._put(letter)

    def cursor(self, shown: bool) -> None:
        """Draw the cursor, an underline of two dots, or take it away."""
        colour = self.colour if shown else self.ground
        if not shown:
            self._draw(self.row, self.column, self.cells[self.row][self.column])
        else:
            self.fill(self.column * CELL_WIDTH, self.row * CELL_HEIGHT + 13, CELL_WIDTH - 1, 2, colour)

    def _put(self, letter: str) -> None:
        line = self.cells[self.row]
        self.cells[self.row] = line[: self.column] + letter + line[self.column + 1 :]
        self._draw(self.row, self.column, letter)
        self.column += 1
        if self.column == COLUMNS:
            self.column = 0
            self._down()

    def _draw(self, row: int, column: int, letter: str) -> None:
        self.text(column * CELL_WIDTH, row * CELL_HEIGHT, letter, self.colour, self.ground)

    def _down(self) -> None:
        if self.row < ROWS - 1:
            self.row += 1
            return
        self.cells = [*self.cells[1:], " " * COLUMNS]
        line = self.width * CELL_HEIGHT
        self.pixels[:] = self.pixels[line:] + bytes([self.ground]) * line
        self.rolled += CELL_HEIGHT

    def _control(self, letter: str) -> None:
        """Collect an escape sequence; act at its end."""
        self._escape += letter
        if len(self._escape) == 2 and letter != "[":
            self._escape = ""
        elif len(self._escape) > 2 and "@" <= letter <= "~":
            sequence, self._escape = self._escape[2:], ""
            if sequence in ("J", "2J"):
                self.clear()
            elif sequence == "H":
                self.column = self.row = 0
