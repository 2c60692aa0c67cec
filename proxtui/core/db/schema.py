"""What a database holds, in which version, and how an older version becomes this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, MetaData

T = TypeVar("T")
Work = Callable[[Connection], T]

WRITES = "proxtui_writes"
"""Execution option of a transaction that changes something."""
SCOPE = "proxtui_scope"
"""Execution option: whose rows are meant, where several share one database."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one room. In a shared database it is known by ``name``; an SQLite file holds one schema."""

    what: str
    """In messages: ``the audit``."""
    metadata: MetaData
    version: int
    synchronous: str = "EXTRA"
    """Of SQLite: EXTRA survives a power cut, NORMAL may lose the last rows."""
    name: str = ""
    journal_mode: str = "DELETE"
    """Of SQLite: WAL is faster, and two more files."""
    migrations: Mapping[int, Callable[[Connection], None]] = field(default_factory=dict)
    """By the version that they make of the one before it. Each runs once, in one transaction with those after it."""
    older: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """Of SQLite: temporary views that let who only reads see an older version as this one."""


def scope_of(connection: Connection) -> str | None:
    """Whose rows are meant; None where all are."""
    found: str | None = connection.get_execution_options().get(SCOPE)
    return found


def is_shared(connection: Connection) -> bool:
    """Whether others may have rows in the same tables: so it is on PostgreSQL, and never in an SQLite file."""
    return connection.dialect.name == "postgresql"
