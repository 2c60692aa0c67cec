"""People as rows of a table, and as objects for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.features.users.service import Person


class UserRow(Struct, frozen=True):
    """One person."""

    person: Person

    @property
    def key(self) -> str:
        return self.person.name

    @property
    def muted(self) -> bool:
        """Who cannot come in, or is no user, steps back."""
        return self.person.user is None or self.person.slot is None

    @property
    def haystack(self) -> str:
        return f"{self.person.name} {self.system_role} {self.roles} {self.person.key}".lower()

    @property
    def system_role(self) -> str:
        """``admin``, ``user``, or empty for a key that is of no user."""
        return self.person.user.system_role if self.person.user else ""

    @property
    def roles(self) -> str:
        """``acme=operator beta=viewer``."""
        user = self.person.user
        return " ".join(f"{slug}={role.value}" for slug, role in user.roles.items()) if user else ""

    @property
    def opens(self) -> str:
        """What their key opens, as far as it is of all tenants."""
        return {"admin": "everything", "monitor": "all, to look", "none": "their tenants"}[self.person.every]

    def field(self, name: str) -> Scalar:
        known: Mapping[str, Scalar] = {"name": self.person.name, "user": self.person.name, "type": self.system_role}
        return known.get(name)


def rows_of(people: Iterable[Person]) -> list[UserRow]:
    """One row each."""
    return [UserRow(person) for person in people]


def as_json(person: Person) -> dict[str, Any]:
    """A person for programs; nothing of their key but its kind."""
    user = person.user
    return {
        "id": person.name,
        "systemRole": user.system_role if user else None,
        "roles": {slug: role.value for slug, role in user.roles.items()} if user else {},
        "key": person.key or None,
        "keyOpens": person.every,
        "isMe": person.is_me,
    }


COLUMNS: Sequence[Column[UserRow]] = (
    Column(
        "name", "Name", lambda row: row.person.name,
        lambda row: f"{row.person.name} (you)" if row.person.is_me else row.person.name, 14, priority=1,
    ),
    Column(
        "system_role", "System", lambda row: row.system_role, lambda row: row.system_role or "no user", 7, priority=2,
        tone=lambda row: Tone.ACCENT if row.system_role == "admin" else Tone.PLAIN,
    ),
    Column("roles", "Roles", lambda row: row.roles, lambda row: row.roles or UNKNOWN, 20, priority=3, grow=True),
    Column(
        "key", "Key", lambda row: row.person.key or None, lambda row: row.person.key or "none", 10, priority=2,
        tone=lambda row: Tone.PLAIN if row.person.key else Tone.WARN,
    ),
    Column(
        "every", "Opens", lambda row: row.person.every if row.person.key else None,
        lambda row: row.opens if row.person.key else UNKNOWN, 13, priority=4,
    ),
)  # fmt: skip
