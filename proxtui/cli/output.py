"""What the command line prints: aligned tables for people, JSON for programs. Nothing in it can steer a terminal."""

from __future__ import annotations

import csv
import json
import os
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TextIO, cast

import click

from proxtui.core.cells import csv_cell, plain_number
from proxtui.core.filters import FIELDS, Filter, parse
from proxtui.core.rows import UNKNOWN, Column, R, Tone
from proxtui.core.verbs import Details, TableOptions
from proxtui.errors import UsageError
from proxtui.kit.ordering import sorted_rows
from proxtui.pve.sanitize import clean

STYLES: Mapping[Tone, dict[str, Any]] = {
    Tone.PLAIN: {},
    Tone.MUTED: {"dim": True},
    Tone.ACCENT: {"fg": "cyan"},
    Tone.GOOD: {"fg": "green"},
    Tone.WARN: {"fg": "yellow"},
    Tone.BAD: {"fg": "red", "bold": True},
}
GAP = "  "
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
ASCII = str.maketrans({UNKNOWN: "-", "…": "~", "·": ".", "▸": ">"})


class Output:
    """Where data goes, and how it looks there."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        self._ascii = ascii_only
        self._end = "\n"

    @property
    def colour(self) -> bool:
        """Only for a person at a terminal that knows colours, who did not say NO_COLOR."""
        return self.can_repaint and not os.environ.get("NO_COLOR")

    @property
    def can_repaint(self) -> bool:
        """Whether stdout is a terminal that can be painted over."""
        return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    @contextmanager
    def repainting(self) -> Iterator[None]:
        """What is written meanwhile stands at the top of the terminal, over what was there; long lines are cut."""
        self._end = CLEAR_LINE + "\n"
        try:
            sys.stdout.write(f"{HOME}{NO_WRAP}")
            yield
        finally:
            self._end = "\n"
            # At once: ctrl+c may end us here, and the terminal must not stay without line breaks.
            sys.stdout.write(f"{WRAP}{CLEAR_BELOW}")
            sys.stdout.flush()

    def json(self, value: object, *, in_one_line: bool = False) -> None:
        """Everything outside ASCII leaves as an escape: no terminal obeys it, no locale breaks it."""
        indent = 2 if sys.stdout.isatty() and not in_one_line else None
        self._write(json.dumps(value, allow_nan=False, default=str, indent=indent))

    def table(self, columns: Sequence[Column[R]], rows: Sequence[R]) -> None:
        """A heading and one line a row; columns as wide as their widest cell."""
        cells = [[column.title for column in columns]]
        cells += [[self._plain(column.text(row)) for column in columns] for row in rows]
        widths = [max(width(line[at]) for line in cells) for at in range(len(columns))]
        self._write(self._line(columns, cells[0], widths, [{"bold": True}] * len(columns)))
        for row, line in zip(rows, cells[1:], strict=True):
            muted = Tone.MUTED if row.muted else None
            styles = [STYLES[muted or column.tone(row)] for column in columns]
            self._write(self._line(columns, line, widths, styles))

    def csv(self, columns: Sequence[Column[R]], rows: Sequence[R]) -> None:
        """A line of keys and one line a row, as RFC 4180 says; raw values, unknown is empty."""
        writer = csv.writer(sys.stdout, lineterminator="\r\n")
        writer.writerow([column.key for column in columns])
        writer.writerows([csv_cell(column.value(row)) for column in columns] for row in rows)

    def details(self, details: Details) -> None:
        """Sections with a heading; labels and values in two columns, further lines of a value under its first."""
        for at, (title, lines) in enumerate(details.sections):
            if at:
                self._write("")
            self._write(self._styled(self._plain(title), {"bold": True}))
            labels = [self._plain(label) for label, _ in lines]
            widest = max(map(width, labels), default=0)
            for label, (_, text) in zip(labels, lines, strict=True):
                first, *more = clean(text, multiline=True).split("\n")
                self._write(f"{GAP}{label}{' ' * (widest - width(label))}{GAP}{self._plain(first)}".rstrip())
                for line in more:
                    self._write(f"{GAP}{' ' * widest}{GAP}{self._plain(line)}".rstrip())

    def text(self, line: str, tone: Tone = Tone.PLAIN) -> None:
        """One line of data."""
        self._write(self._styled(self._plain(line), STYLES[tone]))

    def _line(
        self,
        columns: Sequence[Column[R]],
        cells: Sequence[str],
        widths: Sequence[int],
        styles: Sequence[dict[str, Any]],
    ) -> str:
        parts = []
        for at, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            blank = " " * (widths[at] - width(cell))
            shown = self._styled(cell, styles[at])
            last = at == len(columns) - 1
            parts.append(blank + shown if column.align == "right" else shown + ("" if last else blank))
        return GAP.join(parts).rstrip()

    def _styled(self, text: str, style: Mapping[str, Any]) -> str:
        return click.style(text, **style) if style and text and self.colour else text

    def _plain(self, text: str) -> str:
        cleaned = clean(text)
        return cleaned.translate(ASCII) if self._ascii else cleaned

    def _write(self, line: str) -> None:
        sys.stdout.write(line + self._end)


def width(text: str) -> int:
    """Terminal cells that ``text`` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def narrate(message: str, *, stream: TextIO | None = None) -> None:
    """One line on stderr, with our name before it."""
    for line in clean(message, multiline=True).splitlines() or [""]:
        (stream or sys.stderr).write(f"proxtui: {line}\n")


@dataclass(frozen=True, slots=True)
class Selection(Generic[R]):
    """Which rows and columns are wanted, in which order. Made before anything is asked: mistakes cost nothing."""

    columns: Sequence[Column[R]]
    wanted: Filter
    order: Column[R] | None
    descending: bool

    @classmethod
    def of(cls, columns: Sequence[Column[R]], options: TableOptions) -> Selection[R]:
        """Read what ``--columns --filter --sort`` said. UsageError names what is unknown, and what is known."""
        wanted = parse(options.filter)
        refuse_fields(wanted, options.fields)
        return cls(
            columns=columns_of(columns, options.columns)
            if options.columns is not None
            else [column for column in columns if column.shown or options.as_json or options.as_csv],
            wanted=wanted,
            order=None
            if options.sort is None
            else column_of(columns, options.sort.strip().removeprefix("-"), "--sort"),
            descending=(options.sort or "").strip().startswith("-"),
        )

    def rows(self, rows: Sequence[R]) -> list[R]:
        """The wanted rows in the wanted order."""
        found = [row for row in rows if self.wanted.matches(row)]
        return cast("list[R]", sorted_rows(found, self.order, descending=self.descending))


def refuse_fields(wanted: Filter, known: Collection[str] | None) -> None:
    """Raise UsageError when a term names what these rows do not have: it would find nothing, and not say why."""
    strangers = [] if known is None else [name for name in wanted.fields if name not in known]
    if strangers:
        shown = ", ".join(name for name in FIELDS if name in (known or ()))
        raise UsageError(f"--filter: this list has no field {strangers[0]}; its fields are {shown}")


def columns_of(columns: Sequence[Column[R]], keys: str) -> list[Column[R]]:
    """The columns that ``--columns`` names. UsageError when it names none, one twice, or one that is not there."""
    asked = [key.strip() for key in keys.split(",") if key.strip()]
    found = [column_of(columns, key, "--columns") for key in asked or [""]]
    for at, column in enumerate(found):
        if column in found[:at]:
            raise UsageError(f"--columns: {column.key} is there twice")
    return found


def column_of(columns: Sequence[Column[R]], key: str, option: str) -> Column[R]:
    """The column called ``key``. UsageError lists the known ones."""
    for column in columns:
        if column.key == key.strip().lower():
            return column
    known = ", ".join(column.key for column in columns)
    what = f"there is no column {key[:40]!r}" if key.strip() else "it names no column"
    raise UsageError(f"{option}: {what}; columns are {known}")


def json_rows(columns: Iterable[Column[R]], rows: Iterable[R]) -> list[dict[str, Any]]:
    """Rows by column key, always with ``tenant`` and ``server``; unknown is null."""
    wanted = list(columns)
    return [
        {"tenant": row.field("tenant"), "server": row.field("server")}
        | {column.key: plain_number(column.value(row)) for column in wanted}
        for row in rows
    ]
