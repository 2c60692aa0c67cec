"""What the values of the configuration have in common: strict names, and checks that tell in one line what is wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import Field, fields
from typing import Any, ClassVar

LONGEST_TITLE = 80
LONGEST_TEXT = 400
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}|[a-z_]{3,30}")
MAIL = re.compile(r"[^\s@\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,189}")
LINK = re.compile(r"https?://[\x21-\x7e]{3,400}")
SLUG_RULE = "1 to 40 lower case letters, digits, - or _, and no sign in front"
COLOUR_RULE = "#rrggbb or the name of a colour"
MAIL_RULE = "an address such as ops@example.com"
LINK_RULE = "an address that starts with https://"


def refuse_no_slug(what: str, text: str) -> None:
    """ValueError unless it is a slug."""
    if not SLUG.fullmatch(text):
        raise ValueError(f"{what}: needs {SLUG_RULE}")


def refuse_outside(what: str, value: float, least: float, most: float) -> None:
    """ValueError when a number is too small or too large."""
    if not least <= value <= most:
        raise ValueError(f"{what}: {value:g} is not from {least:g} to {most:g}")


def refuse_twins(what: str, names: Iterable[str]) -> None:
    """ValueError when a name is there twice."""
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{what} {name} is there {count} times")


def title(what: str, text: str) -> str:
    """Without blanks around it; ValueError when it is empty or too long."""
    stripped = text.strip()
    if not 1 <= len(stripped) <= LONGEST_TITLE:
        raise ValueError(f"{what}: needs 1 to {LONGEST_TITLE} characters")
    return stripped


def check_looks(description: str, colours: dict[str, str | None], logo: str | None, mail: str | None) -> None:
    """What people see of a tenant."""
    if len(description) > LONGEST_TEXT:
        raise ValueError(f"description: is longer than {LONGEST_TEXT} characters")
    for name, said in colours.items():
        if said is not None and not COLOUR.fullmatch(said):
            raise ValueError(f"{name}: needs {COLOUR_RULE}")
    if logo is not None and not LINK.fullmatch(logo):
        raise ValueError(f"logo_url: needs {LINK_RULE}")
    if mail is not None and not MAIL.fullmatch(mail):
        raise ValueError(f"notification_email: needs {MAIL_RULE}")


class Value:
    """Strict about names when it is read from a file: a mistyped key is an error, never silently ignored.

    Compared and shown by its fields here, for all kinds at once: making that for each of them would delay every start.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "hide_input_in_errors": True}

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other) and self._held() == other._held() if isinstance(other, Value) else NotImplemented
        )

    def __hash__(self) -> int:
        return hash(self._held())

    def __repr__(self) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in _fields(type(self)) if one.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _held(self) -> tuple[Any, ...]:
        return tuple(getattr(self, one.name) for one in _fields(type(self)) if one.compare)

    def _keep(self, name: str, value: object) -> None:
        """Keep a field in its usual spelling; only while the value is being made."""
        object.__setattr__(self, name, value)


def _fields(kind: Any) -> tuple[Field[Any], ...]:
    return fields(kind)
