"""What the dashboard remembers between two starts: how views look, saved views, what was typed. Headless."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxtui.core.state_file import StateFile

KEPT_LINES = 200
LONGEST_LINE = 500
_NEVER_KEPT = r"(?i)passw|secret|token|passphrase|credential|api.?key|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""Words beside which a secret may stand, and what the secret of a token looks like."""

Place = tuple[str, ...]


class Memory:
    """A tree of plain values in memory, and the file it is kept in, if there is one.

    Changes are written by ``save`` alone, each by itself into what the file holds by then: two dashboards that
    remember different things do not lose each other's.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Reads the file, if there is any: a few kilobytes. Never raises for what lies there."""
        self._file: StateFile | None = None
        self._data: dict[str, Any] = {}
        self._values: dict[Place, Any] = {}
        self._lines: dict[tuple[str, str], None] = {}
        self._said: list[str] = []
        self._told: set[str] = set()
        self._saving = asyncio.Lock()
        if file is not None:
            from proxtui.core.state_file import StateFile

            self._file = StateFile(file)
            self._load(self._file)

    @property
    def is_kept(self) -> bool:
        """Whether anything outlives this session."""
        return self._file is not None

    @property
    def is_dirty(self) -> bool:
        """Whether something waits to be written."""
        return self._file is not None and bool(self._values or self._lines)

    def get(self, *place: str) -> Any:
        """The value at this place, or None. What it is must be checked: people edit files."""
        found: Any = self._data
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def put(self, value: Any, *place: str) -> None:
        """Remember a value of JSON; None forgets it."""
        if self.get(*place) != value:
            _set(self._data, place, value)
            self._values[place] = value

    def lines(self, name: str) -> list[str]:
        """What was typed, oldest first."""
        found = self.get(name)
        lines = found if isinstance(found, list) else []
        return [line for line in lines if isinstance(line, str) and _may_be_kept(line)][-KEPT_LINES:]

    def add_line(self, name: str, line: str) -> None:
        """Remember a typed line as the newest. One that may hold a secret is not taken."""
        if _may_be_kept(line):
            _add(self._data, name, line)
            self._lines.pop((name, line), None)
            self._lines[name, line] = None

    def news(self) -> str:
        """One line for the person about the file, or nothing; each is told once."""
        while self._said:
            line = self._said.pop(0)
            if line not in self._told:
                self._told.add(line)
                return line
        return ""

    async def save(self) -> None:
        """Write what has changed, off the event loop. A failure becomes ``news`` and is tried again with the next."""
        async with self._saving:
            if self._file is None or not self.is_dirty:
                return
            values, lines = self._values, self._lines
            self._values, self._lines = {}, {}
            merged = await asyncio.to_thread(self._file.merge, lambda data: _apply(data, values, lines))
            if merged.said:
                self._said.append(merged.said)
            if merged.closed:
                self._file = None
            elif merged.data is None:
                self._values = {**values, **self._values}
                self._lines = dict(list({**lines, **self._lines}.items())[-2 * KEPT_LINES :])
            else:
                # What another dashboard saved is known here too; what changed meanwhile stays.
                self._data = merged.data
                _apply(self._data, self._values, self._lines)

    def _load(self, file: StateFile) -> None:
        reading = file.read()
        self._data = reading.data
        if reading.closed:
            self._said.append(reading.closed)
            self._file = None
        elif reading.broken:
            aside = "it will be moved aside when there is something to remember"
            self._said.append(f"{file.path} cannot be used, {reading.broken}: {aside}")


def _may_be_kept(line: str) -> bool:
    return 0 < len(line) <= LONGEST_LINE and line.isprintable() and not re.search(_NEVER_KEPT, line)


def _apply(data: dict[str, Any], values: Mapping[Place, Any], lines: Iterable[tuple[str, str]]) -> None:
    for place, value in values.items():
        _set(data, place, value)
    for name, line in lines:
        _add(data, name, line)


def _set(data: dict[str, Any], place: Place, value: Any) -> None:
    *above, last = place
    for name in above:
        inner = data.get(name)
        if not isinstance(inner, dict):
            inner = data[name] = {}
        data = inner
    if value is None:
        data.pop(last, None)
    else:
        data[last] = value


def _add(data: dict[str, Any], name: str, line: str) -> None:
    known = data.get(name)
    lines = [one for one in known if isinstance(one, str) and one != line] if isinstance(known, list) else []
    data[name] = [*lines, line][-KEPT_LINES:]
