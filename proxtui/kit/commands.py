"""The words after ``:``: which there are, what is meant by a part of one, how a line goes on. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from proxtui.errors import UsageError

Obey = Callable[[str], Awaitable[None]]
MAX_LINE = 500
OFFERED = 50
"""Completions that are offered at the most."""


def _nothing() -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Command:
    """One word and what it does."""

    name: str
    meaning: str
    obey: Obey
    """Gets the rest of the line, stripped. Raises UsageError with one line when it makes no sense."""
    argument: str = ""
    """What follows the word, for people: ``TENANT[/SERVER]``; empty when nothing may."""
    aliases: tuple[str, ...] = ()
    choices: Callable[[], Sequence[str]] = _nothing
    """What the argument may be, for completion."""

    more: bool = False
    """Whether something may follow that need not be told of: the section of a view."""

    @property
    def usage(self) -> str:
        """``:scope TENANT[/SERVER]``."""
        return f":{self.name} {self.argument}".rstrip()


class Commands:
    """All of them."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.all = tuple(commands)
        self._known: dict[str, Command] = {}
        for command in self.all:
            for word in (command.name, *command.aliases):
                self._known.setdefault(word, command)

    def find(self, word: str) -> Command:
        """The command with this name, this alias, or the only one that begins so. UsageError names the nearest."""
        wanted = word.lower()
        if wanted in self._known:
            return self._known[wanted]
        meant = [command for command in self.all if command.name.startswith(wanted)]
        if len(meant) == 1:
            return meant[0]
        if meant:
            names = ", ".join(f":{command.name}" for command in meant)
            raise UsageError(printable(f":{word} could be {names}"))
        near = difflib.get_close_matches(wanted, self._known, n=1, cutoff=0.5)
        hint = f"; nearest is :{near[0]}" if near else "; tab shows what there is"
        raise UsageError(printable(f"there is no command :{word}{hint}"))

    async def run(self, line: str) -> None:
        """Obey a line. UsageError says in one line what is wrong with it."""
        word, _, rest = line.strip().removeprefix(":").partition(" ")
        if not word:
            return
        command = self.find(word)
        rest = rest.strip()
        if rest and not (command.argument or command.more):
            raise UsageError(printable(f":{command.name} takes nothing after it"))
        await command.obey(rest)

    def complete(self, line: str) -> list[str]:
        """Whole lines that begin as this one does; names that only contain the last part come after them."""
        word, blank, rest = line.lstrip().partition(" ")
        if not blank:
            return [self._offer(command) for command in self.all if command.name.startswith(word.lower())]
        command = self._known.get(word.lower())
        if command is None:
            return []
        wanted = rest.strip().lower()
        begin: list[str] = []
        within: list[str] = []
        for choice in command.choices():
            at = choice.lower().find(wanted)
            if at == 0:
                begin.append(choice)
            elif at > 0 and len(within) < OFFERED:
                within.append(choice)
            if len(begin) >= OFFERED:
                break
        return [f"{word} {choice}" for choice in (begin + within)[:OFFERED]]

    @staticmethod
    def _offer(command: Command) -> str:
        return f"{command.name} " if command.argument else command.name


def whole_words(words: Sequence[str], room: int) -> str:
    """As many of them as fit into so many cells, and how many more there are; none is cut in the middle."""
    for shown in range(len(words), 0, -1):
        rest = [f"+{len(words) - shown} more"] if shown < len(words) else []
        line = "  ".join([*words[:shown], *rest])
        if cell_len(line) <= room:
            return line
    return words[0] if words else ""


def common_start(lines: Sequence[str]) -> str:
    """What all of them begin with."""
    low, high = min(lines), max(lines)
    return low[: next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))]


def printable(line: str) -> str:
    """What was typed is shown again: control characters must not come out as such."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)
