"""What of the last poll survives the next one: the old object wherever nothing changed. Pure, and quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress, filterfalse
from operator import attrgetter, ne
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import msgspec

from proxtui.core.model import GuestKey, ServerRef
from proxtui.pve.models import Guest

K = TypeVar("K")
V = TypeVar("V")
_NAME = attrgetter("name")


def kept(
    old: Mapping[K, V], rows: Sequence[V], key_of: Callable[[V], K], identity: Callable[[V], object]
) -> Mapping[K, V]:
    """The new rows, with the old object wherever it is equal; the old mapping itself when all are.

    Rows of one type with the same ``identity`` have the same key, and equal rows have too; ``identity`` is the
    cheaper one. Of rows with the same key the last one counts.
    """
    if len(rows) == len(old):
        # PVE sorts its answer, so most often nothing has moved: then nothing needs a key of its own or a look-up.
        differs = list(map(ne, old.values(), rows))
        now = list(compress(rows, differs))
        if not now:
            return old
        before = list(compress(old.values(), differs))
        if list(map(type, before)) == list(map(type, now)) and list(map(identity, before)) == list(map(identity, now)):
            new = _copy(old)
            new.update(zip(compress(old, differs), now, strict=True))
            return MappingProxyType(new)
    return _looked_up(old, rows, key_of)


def _copy(mapping: Mapping[K, V]) -> dict[K, V]:
    # Asked of the mapping behind the proxy, which copies itself whole instead of putting in key after key.
    return MappingProxyType(mapping).copy()


def _looked_up(old: Mapping[K, V], rows: Sequence[V], key_of: Callable[[V], K]) -> Mapping[K, V]:
    new: dict[K, V] = {}
    same = 0
    for row in rows:
        key = key_of(row)
        known = old.get(key)
        if known is not None and known == row:
            new[key] = known
            same += 1
        else:
            new[key] = row
    return old if same == len(rows) == len(new) == len(old) else MappingProxyType(new)


class Recalled(NamedTuple):
    """Guests of one poll, and which of them carry a name that only we remember."""

    guests: Sequence[Guest]
    since: Mapping[GuestKey, float]
    """When PVE last told the name of a guest that it does not name any more."""


def recall_names(
    ref: ServerRef,
    rows: Sequence[Guest],
    known: Mapping[GuestKey, Guest],
    since: Mapping[GuestKey, float],
    last_poll: float | None,
) -> Recalled:
    """Give guests that PVE has stopped to name the name that they had.

    Five minutes after a node was last heard of, PVE knows of its guests only who they are. ``known`` and ``since`` are
    what the poll before left, at ``last_poll``. A guest that we never saw with a name stays without one.
    """
    # Nearly all have one, and this is asked of every guest at every poll.
    if last_poll is None or not any(row.status == "unknown" for row in filterfalse(_NAME, rows)):
        return Recalled(rows, _NOBODY)
    nameless = [at for at, row in enumerate(rows) if row.name is None and row.status == "unknown"]
    named = list(rows)
    recalled: dict[GuestKey, float] = {}
    for at in nameless:
        row = rows[at]
        key = GuestKey(*ref, row.type, row.vmid)
        before = known.get(key)
        if before is not None and before.name is not None:
            named[at] = msgspec.structs.replace(row, name=before.name)
            recalled[key] = since.get(key, last_poll)
    return Recalled(named, since if recalled == since else MappingProxyType(recalled))


_NOBODY: Mapping[GuestKey, float] = MappingProxyType({})
