"""Storages and what lies on them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of, objects, rows_of
from proxtui.pve.listing import Listing, node_sources
from proxtui.pve.models import ProxmoxStorage, StorageContent
from proxtui.pve.paths import path
from proxtui.pve.readers import storage_status_of
from proxtui.pve.resources import PATH, decode_resources
from proxtui.pve.rrd import RrdSeries, read_rrd
from proxtui.pve.storage_changes import StorageChanges
from proxtui.pve.validators import InputValidator, check_choice, is_identifier

CONTENT_TYPES = ("images", "rootdir", "vztmpl", "backup", "iso", "snippets", "import")
PIECE = 500
"""Volumes that are read at once: some ten milliseconds."""
_VOLID = re.compile(r"[A-Za-z][A-Za-z0-9._-]*:.+")


class StorageTools(StorageChanges):
    """Reads and changes storages. Arguments are checked before anything is sent (``InvalidInput``)."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def list_storage(self) -> Listing[ProxmoxStorage]:
        """Every storage as each node sees it, by one ``GET /cluster/resources``: a shared one has a row per node.

        ``avail`` and ``enabled`` are not told there; ``list_node_storage`` knows them.
        """
        inventory = decode_resources(await self._client.read(PATH))
        named = (storage.node for storage in inventory.storages if storage.node is not None)
        return Listing(inventory.storages, node_sources(inventory.nodes, named), inventory.invalid)

    async def list_node_storage(self, node: str) -> Listing[ProxmoxStorage]:
        """``GET /nodes/{node}/storage``: the storages of one node, asked for now."""
        where = path("nodes", InputValidator.check_node_name(node), "storage")
        items = rows_of(await self._client.get(where), where)
        kept = [
            storage_status_of(row, node, storage)
            for row in objects(items)
            if row is not None and (storage := row.storage()) is not None
        ]
        return Listing(tuple(kept), invalid=len(items) - len(kept))

    async def get_storage_status(self, node: str, storage: str) -> ProxmoxStorage:
        """``GET /nodes/{node}/storage/{storage}/status``."""
        where = _path(node, storage, "status")
        return storage_status_of(Row(object_of(await self._client.get(where), where)), node, storage)

    async def list_storage_content(
        self, node: str, storage: str, content: str | None = None
    ) -> Listing[StorageContent]:
        """``GET /nodes/{node}/storage/{storage}/content``, by name; ``content`` asks for one type only.

        Without Datastore.Allocate disks and backups are left out silently: no rows do not mean that there are none.
        """
        where = _path(node, storage, "content")
        params = None if content is None else {"content": check_choice(content, "content", CONTENT_TYPES)}
        return await _content_in_pieces(rows_of(await self._client.get(where, params=params), where))

    async def get_storage_rrd(self, node: str, storage: str, timeframe: str = "hour", cf: str = "AVERAGE") -> RrdSeries:
        """``GET /nodes/{node}/storage/{storage}/rrddata``."""
        return await read_rrd(self._client, _path(node, storage), timeframe, cf)


async def _content_in_pieces(items: list[Any]) -> Listing[StorageContent]:
    """The same as ``content_of``, but a backup storage has thousands of volumes: others get their turn in between."""
    found: list[StorageContent | None] = []
    for start in range(0, len(items), PIECE):
        found += _volumes(items[start : start + PIECE])
        await asyncio.sleep(0)
    return _listed(found)


def content_of(items: list[Any]) -> Listing[StorageContent]:
    """Volumes, sorted by their names."""
    return _listed(_volumes(items))


def _volumes(items: list[Any]) -> list[StorageContent | None]:
    return [_volume(row) if row is not None else None for row in objects(items)]


def _listed(found: list[StorageContent | None]) -> Listing[StorageContent]:
    kept = sorted((volume for volume in found if volume is not None), key=lambda volume: volume.volid)
    return Listing(tuple(kept), invalid=len(found) - len(kept))


def _volume(row: Row) -> StorageContent | None:
    volid = row.text("volid")
    # It names what is deleted or restored later: one that had to be cleaned is another one.
    if volid is None or not is_identifier(volid) or not _VOLID.fullmatch(volid):
        return None
    return StorageContent(
        volid=volid,
        content=row.text("content"),
        format=row.text("format"),
        size=row.integer("size"),
        used=row.integer("used"),
        ctime=row.integer("ctime"),
        vmid=row.vmid(),
        parent=row.text("parent"),
        subtype=row.text("subtype"),
        notes=row.prose("notes"),
        protected=row.flag("protected"),
        # A fingerprint, or 1.
        encrypted=row.has("encrypted") or None,
        verified=row.part("verification").text("state"),
    )


def _path(node: str, storage: str, *rest: str) -> str:
    checked = InputValidator.check_node_name(node), InputValidator.check_storage_name(storage)
    return path("nodes", checked[0], "storage", checked[1], *rest)
