"""One row of any section: what it is about, and the values that columns and filters read. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from proxtui.core.model import GuestKey, Key, ServerRef, Snapshot
from proxtui.core.rows import UNKNOWN, Scalar, Tone

T = TypeVar("T")
NO_FIELDS: Mapping[str, Scalar] = MappingProxyType({})


class Line(NamedTuple):
    """Something that is said above the table."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A thing of one server."""

    key: tuple[str, ...]
    """Section, tenant, server, and what tells it from the others."""
    ref: ServerRef
    item: T
    words: tuple[str | None, ...] = ()
    """What plain filter words search in, beside the names of tenant and server."""
    fields: Mapping[str, Scalar] = field(default_factory=lambda: NO_FIELDS)
    """What filter terms read, beside ``tenant`` and ``server``."""
    target: Key | None = None
    """What enter opens."""
    muted: bool = False

    @property
    def haystack(self) -> str:
        return " ".join(word for word in (*self.words, self.ref.server, self.ref.tenant) if word).lower()

    def field(self, name: str) -> Scalar:
        """The value behind a filter term; None when unknown, or when such rows have no such value."""
        known: dict[str, Scalar] = {"tenant": self.ref.tenant, "server": self.ref.server}
        return known.get(name, self.fields.get(name))


def guest_key(snapshot: Snapshot, vmid: int | None) -> GuestKey | None:
    """The guest with this ID, when the poll knows it: a VMID is one guest in a cluster."""
    keys = (GuestKey(*snapshot.ref, kind, vmid) for kind in ("qemu", "lxc")) if vmid is not None else ()
    return next((key for key in keys if key in snapshot.guests), None)


def guest_name(snapshot: Snapshot, vmid: int | None) -> str | None:
    """Its name; None when unknown."""
    key = guest_key(snapshot, vmid)
    return None if key is None else snapshot.guests[key].name


def moment(seconds: int | None) -> str:
    """A time of this machine's zone: ``2026-11-22 02:30``; ``–`` when unknown."""
    return UNKNOWN if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def second(seconds: int | None) -> str:
    """The same to the second, without the year: ``11-22 02:30:05``."""
    return UNKNOWN if seconds is None else time.strftime("%m-%d %H:%M:%S", time.localtime(seconds))
