"""What can be changed on a storage: files brought there, volumes described and deleted, old backups removed."""

from __future__ import annotations

from collections.abc import AsyncIterable
from pathlib import Path
from typing import TYPE_CHECKING

from proxtui.errors import InvalidInput
from proxtui.pve import params
from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of
from proxtui.pve.listing import Listing, read_listing
from proxtui.pve.models_storage import PruneMark, UrlMetadata
from proxtui.pve.paths import Scalar, path
from proxtui.pve.sending import changer, send_change, start_task, upid_of, uploader
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator, check_whole

if TYPE_CHECKING:
    from proxtui.pve.uploads import OnProgress


class StorageChanges:
    """The changes of ``StorageTools``."""

    _client: Asker

    async def delete_storage_content(
        self, node: str, storage: str, volid: str, delay: int | None = None
    ) -> Upid | None:
        """``DELETE /nodes/{node}/storage/{storage}/content/{volid}``, for good.

        With ``delay`` (1 to 30 seconds) PVE waits so long, and answers None when it is done by then. Needs
        Datastore.Allocate on ``/storage/{storage}``; for a backup Datastore.AllocateSpace and VM.Backup on the guest.
        """
        form = {"delay": None if delay is None else check_whole(delay, "delay", 1, 30)}
        return await send_change(self._client, "DELETE", _volume(node, storage, volid), form)

    async def update_storage_content(
        self, node: str, storage: str, volid: str, notes: str | None = None, protected: bool | None = None
    ) -> None:
        """``PUT .../content/{volid}``: notes and protection of a backup. What is None stays as it is."""
        form = params.VolumeParams(notes=notes, protected=protected).form()
        await changer(self._client).put(_volume(node, storage, volid), form)

    async def upload(
        self,
        node: str,
        storage: str,
        params: params.UploadParams,
        *,
        pieces: tuple[AsyncIterable[bytes], int] | None = None,
        on_progress: OnProgress | None = None,
        timeout: int | None = None,  # noqa: ASYNC109 - milliseconds, as everywhere in the library
    ) -> Upid:
        """``POST /nodes/{node}/storage/{storage}/upload``: a file of ours, sent piece by piece.

        ``pieces``, instead of ``params.file``: where the bytes come from, and how many there are. ``on_progress`` is
        called with the bytes sent and the size. ``timeout`` is about silence, two minutes when not given. When all is
        sent the task begins, which puts the file in its place; it runs on the node that we talk to. Needs
        Datastore.AllocateTemplate on ``/storage/{storage}``.
        """
        from proxtui.pve.uploads import Upload, size_of

        where, form = _path(node, storage, "upload"), params.form()
        name = str(form.pop("filename"))
        if (pieces is None) == (params.file is None):
            raise InvalidInput("file", params.file or "", "a file, or pieces of bytes: one of the two")
        source: Path | AsyncIterable[bytes]
        if pieces is None:
            source = Path(params.file or "")
            size = size_of(source)
        else:
            source, size = pieces[0], check_whole(pieces[1], "size", 0, 2**62)
        # PVE reads the checksum only when it stands before the file.
        order = [key for key in ("content", "checksum-algorithm", "checksum") if key in form]
        body = Upload({key: str(form[key]) for key in order}, name, source, size, on_progress)
        return upid_of(await uploader(self._client).upload(where, body, timeout=timeout), "POST", where)

    async def download_url(self, node: str, storage: str, params: params.DownloadUrlParams) -> Upid:
        """``POST /nodes/{node}/storage/{storage}/download-url``: the node fetches a file.

        Needs Datastore.AllocateTemplate on ``/storage/{storage}`` and Sys.AccessNetwork on ``/nodes/{node}`` (or
        Sys.Audit and Sys.Modify on ``/``).
        """
        return await start_task(self._client, "POST", _path(node, storage, "download-url"), params.form())

    async def query_url_metadata(self, node: str, url: str, verify_certificates: bool = True) -> UrlMetadata:
        """``GET /nodes/{node}/query-url-metadata``: what the node finds there; needs the same on node or ``/``."""
        where = path("nodes", InputValidator.check_node_name(node), "query-url-metadata")
        query: dict[str, Scalar] = {
            "url": InputValidator.check_url(url),
            "verify-certificates": verify_certificates,
        }
        row = Row(object_of(await self._client.get(where, params=query), where))
        return UrlMetadata(filename=row.text("filename"), size=row.integer("size"), mimetype=row.text("mimetype"))

    async def prune_preview(
        self, node: str, storage: str, params: params.PruneParams | None = None
    ) -> Listing[PruneMark]:
        """``GET /nodes/{node}/storage/{storage}/prunebackups``: what ``prune`` would do now, the newest first.

        Without numbers what the storage is set to; PVE refuses when it is set to nothing. Needs Datastore.Audit or
        Datastore.AllocateSpace on ``/storage/{storage}``.
        """
        where = _path(node, storage, "prunebackups")
        query = params.form() if params is not None else None
        data = await self._client.get(where, params=query)
        return read_listing(data, where, _mark, lambda mark: (-(mark.ctime or 0), mark.volid))

    async def prune(self, node: str, storage: str, params: params.PruneParams | None = None) -> Upid:
        """``DELETE .../prunebackups``: removes what ``prune_preview`` marks, for good.

        Needs Datastore.Allocate on ``/storage/{storage}``; for one guest Datastore.AllocateSpace and VM.Backup.
        """
        form = params.form() if params is not None else None
        return await start_task(self._client, "DELETE", _path(node, storage, "prunebackups"), form)


def _mark(row: Row) -> PruneMark | None:
    volid = row.text("volid")
    if volid is None or not InputValidator.validate_volid(volid):
        return None
    return PruneMark(
        volid=volid, mark=row.text("mark"), vmid=row.vmid(), type=row.text("type"), ctime=row.moment("ctime")
    )


def _volume(node: str, storage: str, volid: str) -> str:
    return _path(node, storage, "content", InputValidator.check_volid(volid, storage=storage))


def _path(node: str, storage: str, *rest: str) -> str:
    checked = InputValidator.check_node_name(node), InputValidator.check_storage_name(storage)
    return path("nodes", checked[0], "storage", checked[1], *rest)
