"""Settings as rows of a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxtui.core.rows import Column, Scalar, Tone


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting."""

    key: str
    value: Any
    is_said: bool
    """Whether it stands in the file."""
    meaning: str

    @property
    def muted(self) -> bool:
        """What nobody changed steps back."""
        return not self.is_said

    @property
    def haystack(self) -> str:
        return f"{self.key} {self.text} {self.meaning}".lower()

    @property
    def text(self) -> str:
        """The value for people; nothing where nothing is named."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, Mapping):
            return ", ".join(f"{name}={key}" for name, key in self.value.items())
        if isinstance(self.value, list | tuple):
            return ", ".join(map(str, self.value))
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)

    def field(self, name: str) -> Scalar:
        return {"name": self.key, "status": "set" if self.is_said else "default"}.get(name)


def rows_of(values: Mapping[str, Any], said: frozenset[str], meanings: Mapping[str, str]) -> list[SettingRow]:
    """All settings, in their order."""
    return [SettingRow(name, value, name in said, meanings.get(name, "")) for name, value in values.items()]


COLUMNS: Sequence[Column[SettingRow]] = (
    Column("name", "Setting", lambda row: row.key, lambda row: row.key, 20, priority=1),
    Column("value", "Value", lambda row: row.text, lambda row: row.text, 16, priority=1),
    Column(
        "source", "From", lambda row: "file" if row.is_said else "default",
        lambda row: "file" if row.is_said else "default", 7, priority=3,
        tone=lambda row: Tone.ACCENT if row.is_said else Tone.MUTED,
    ),
    Column("meaning", "Meaning", lambda row: row.meaning, lambda row: row.meaning, 20, priority=4, grow=True),
)  # fmt: skip
