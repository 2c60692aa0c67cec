"""What was typed before, to be brought back with up and down. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

KEPT = 200


class History:
    """Lines, oldest first; a draft that was not sent is not lost while one looks around."""

    def __init__(self, lines: Iterable[str] = (), tell: Callable[[str], None] | None = None) -> None:
        """``lines`` were typed earlier; ``tell`` is called with each new one."""
        self._lines = list(lines)[-KEPT:]
        self._tell = tell
        self._at = len(self._lines)
        self._draft = ""

    def add(self, line: str) -> None:
        """Remember a line as the newest; a repeated one once."""
        if line in self._lines:
            self._lines.remove(line)
        self._lines.append(line)
        del self._lines[:-KEPT]
        self.rewind()
        if self._tell is not None:
            self._tell(line)

    def rewind(self) -> None:
        """Begin at the newest again."""
        self._at, self._draft = len(self._lines), ""

    def older(self, shown: str) -> str:
        """The line before; ``shown`` is what stands in the field."""
        if self._at == len(self._lines):
            self._draft = shown
        if self._at == 0:
            return shown
        self._at -= 1
        return self._lines[self._at]

    def newer(self, shown: str) -> str:
        """The line after, at the end what was typed and not sent."""
        if self._at >= len(self._lines):
            return shown
        self._at += 1
        return self._draft if self._at == len(self._lines) else self._lines[self._at]
