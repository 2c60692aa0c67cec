"""The verb ``keys``: what can be bound to another key, by which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from proxtui.core.rows import Column, Scalar, Tone
from proxtui.core.verbs import CommandLine, Found, TableOptions, table_options

if TYPE_CHECKING:
    from proxtui.kit.keymap import NamedKey


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One action that has a name."""

    named: NamedKey
    muted: bool = False

    @property
    def key(self) -> str:
        return self.named.name

    @property
    def haystack(self) -> str:
        return f"{self.named.name} {self.named.text} {self.keys}".lower()

    @property
    def keys(self) -> str:
        """As people type them: ``. /`` instead of ``full_stop slash``."""
        from textual.keys import format_key

        return " ".join(format_key(key) for key in self.named.keys)

    def field(self, name: str) -> Scalar:
        return self.named.name if name == "name" else None


COLUMNS: Sequence[Column[KeyRow]] = (
    Column("name", "Name", lambda r: r.named.name, lambda r: r.named.name, 16, 1, tone=lambda _: Tone.ACCENT),
    Column("keys", "Keys", lambda r: r.keys, lambda r: r.keys, 12, 1),
    Column("text", "Does", lambda r: r.named.text, lambda r: r.named.text, 24, 2),
    Column("where", "Where", lambda r: list(r.named.places), lambda r: ", ".join(r.named.places), 12, 3),
)


@click.command()
@table_options(lambda: COLUMNS, fields=lambda: ("name",))
@click.pass_obj
def keys(line: CommandLine, /, options: TableOptions) -> None:
    """Names of what a key of the dashboard does; ``settings.keys`` gives them other keys."""

    def read() -> Found[KeyRow]:
        from proxtui.kit.keymap import named_keys
        from proxtui.registry import FEATURES

        return Found([KeyRow(named) for named in named_keys(FEATURES)])

    line.local(COLUMNS, read, options)
