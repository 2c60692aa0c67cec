"""``/cluster/resources``: every guest, node and storage of a cluster in one answer, read fast; leniently where needed.

The poll path: ten thousand guests must cost less than ``json.loads`` of the same body, so the rows are decoded straight
into the models. A body of plain printable ASCII without escapes holds no string that could need cleaning; in any other
every string is looked at. A body in which anything is not as it should be is read again, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from proxtui.pve.fields import Row, answer_of, objects, rows_of, split_words
from proxtui.pve.models import (
    Count,
    Guest,
    Line,
    Number,
    ProxmoxContainer,
    ProxmoxNode,
    ProxmoxStorage,
    ProxmoxVM,
    Text,
)
from proxtui.pve.readers import container_of, is_active, is_paused, node_of, pool_of, storage_of, vm_of
from proxtui.pve.sanitize import clean
from proxtui.pve.validators import InputValidator

PATH = "/cluster/resources"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one answer told. Rows of kinds that we do not show (networks, and what PVE may invent) are left out."""

    guests: tuple[Guest, ...] = ()
    nodes: tuple[ProxmoxNode, ...] = ()
    storages: tuple[ProxmoxStorage, ...] = ()
    """A shared storage has one row for every node."""
    pools: tuple[str, ...] = ()
    invalid: int = 0
    """Rows dropped because they do not say, believably, what they are about."""
    wrong_fields: int = 0
    """Fields of kept rows that made no sense and are None now."""


def decode_resources(body: bytes) -> Inventory:
    """Read the body of ``GET /cluster/resources``. ``UnexpectedAnswer`` when it is not a JSON list under ``data``."""
    try:
        rows = _DECODER.decode(body).data
        # DEL is the one character that printable ASCII and JSON disagree about.
        if not body.isascii() or b"\\" in body or b"\x7f" in body:
            _clean(rows)
        return _assembled(rows)
    except (ValueError, RecursionError, _Unusual):
        # It needs the patience of the other way; if it is not JSON at all, that one says so.
        return decode_leniently(body)


def decode_leniently(body: bytes) -> Inventory:
    """The same, row by row and field by field; about five times slower."""
    return _read(rows_of(answer_of(body, PATH).get("data"), PATH))


class _NodeRow(msgspec.Struct, tag_field="type", tag="node"):
    node: Text
    status: Text = "unknown"
    cpu: Number | None = None
    maxcpu: Number | None = None
    mem: Count | None = None
    maxmem: Count | None = None
    disk: Count | None = None
    maxdisk: Count | None = None
    uptime: Count | None = None
    level: Line | None = None


class _StorageRow(msgspec.Struct, tag_field="type", tag="storage"):
    storage: Text
    node: Text
    plugintype: Text | None = None
    content: Line = ""
    status: Text | None = None
    shared: bool | None = None
    disk: Count | None = None
    maxdisk: Count | None = None


class _PoolRow(msgspec.Struct, tag_field="type", tag="pool"):
    pool: Text


class _SdnRow(msgspec.Struct, tag_field="type", tag="sdn"):
    """8.4's rows of no interest."""


class _NetworkRow(msgspec.Struct, tag_field="type", tag="network"):
    """9.x's rows of no interest."""


class _Answer(msgspec.Struct):
    data: list[ProxmoxVM | ProxmoxContainer | _NodeRow | _StorageRow | _PoolRow | _SdnRow | _NetworkRow]


class _Unusual(Exception):
    """A row that the fast way does not judge."""


_DECODER = msgspec.json.Decoder(_Answer, strict=False)


def _clean(rows: list[Any]) -> None:
    for row in rows:
        for field in row.__struct_fields__:
            value = getattr(row, field)
            # A name that goes into URLs is not repaired by this: its rule refuses what cleaning leaves behind.
            if isinstance(value, str):
                force_setattr(row, field, clean(value))


def _assembled(rows: list[Any]) -> Inventory:
    guests, others, places = _finished(rows)
    nodes = tuple(_node(row) for row in others if isinstance(row, _NodeRow))
    storages = tuple(_storage(row) for row in others if isinstance(row, _StorageRow))
    pools = tuple(row.pool for row in others if isinstance(row, _PoolRow))
    _demand_good_names(places, nodes, storages)
    return Inventory(tuple(guests), nodes, storages, pools)


def _demand_good_names(
    nodes_of_guests: set[str], nodes: Iterable[ProxmoxNode], storages: Iterable[ProxmoxStorage]
) -> None:
    places = nodes_of_guests | {node.node for node in nodes} | {storage.node or "" for storage in storages}
    if not all(InputValidator.validate_node_name(place) for place in places):
        raise _Unusual
    if not all(InputValidator.validate_storage_name(name) for name in {storage.storage for storage in storages}):
        raise _Unusual


def _finished(rows: list[Any]) -> tuple[list[Guest], list[Any], set[str]]:
    """The guests, ready to be shown, all other rows, and the nodes that guests are on.

    Splits the tags and forgets the 0 that PVE reports as the disk usage of every VM. Nobody else has seen these objects
    yet, so changing them in place breaks no promise, and costs a tenth of a copy. All in one walk, and asking for the
    class itself: with ten thousand guests the memory of the machine is what one waits for.
    """
    guests: list[Guest] = []
    others: list[Any] = []
    places: set[str] = set()
    said: set[str | None] = set()
    split: dict[str, tuple[str, ...]] = {"": ()}
    for row in rows:
        kind = type(row)
        if kind is ProxmoxVM:
            said.add(row.qmpstatus)
            if row.disk == 0:
                force_setattr(row, "disk", None)
        elif kind is not ProxmoxContainer:
            others.append(row)
            continue
        guests.append(row)
        places.add(row.node)
        tags = row.tags
        if tags != ():
            if (words := split.get(tags)) is None:
                words = split[tags] = _words(tags)
            force_setattr(row, "tags", words)
    if any(map(is_paused, said)):
        raise _Unusual
    return guests, others, places


def _words(tags: object) -> tuple[str, ...]:
    if not isinstance(tags, str):
        raise _Unusual
    return split_words(tags)


def _node(row: _NodeRow) -> ProxmoxNode:
    return ProxmoxNode(
        node=row.node,
        status=row.status,
        cpu=row.cpu,
        maxcpu=row.maxcpu,
        mem=row.mem,
        maxmem=row.maxmem,
        disk=row.disk,
        maxdisk=row.maxdisk,
        uptime=row.uptime,
        level=row.level or None,
    )


def _storage(row: _StorageRow) -> ProxmoxStorage:
    return ProxmoxStorage(
        storage=row.storage,
        node=row.node,
        type=row.plugintype,
        content=tuple(sorted(split_words(row.content))),
        status=row.status,
        active=is_active(row.status),
        shared=row.shared,
        used=row.disk,
        total=row.maxdisk,
    )


_READERS: dict[str, Callable[[Row], Any]] = {
    "qemu": vm_of,
    "lxc": container_of,
    "node": node_of,
    "storage": storage_of,
    "pool": pool_of,
}


def _read(items: list[Any]) -> Inventory:
    kept: dict[str, list[Any]] = {kind: [] for kind in _READERS}
    order: list[Guest] = []
    invalid = wrong = 0
    for row in objects(items):
        kind = row.text("type") if row is not None else None
        if row is None or kind is None:
            invalid += 1
            continue
        if kind not in _READERS:
            continue
        thing = _READERS[kind](row)
        if thing is None:
            invalid += 1
            continue
        wrong += row.wrong
        if isinstance(thing, Guest):
            order.append(thing)
        else:
            kept[kind].append(thing)
    return Inventory(tuple(order), tuple(kept["node"]), tuple(kept["storage"]), tuple(kept["pool"]), invalid, wrong)
