"""What the gate calls to change a storage and what lies on it. Its node is the target's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.pve.storage import StorageTools

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.pve.asking import Changer
    from proxtui.pve.params.storage import DownloadUrlParams, PruneParams, UploadParams, VolumeParams
    from proxtui.pve.upid import Upid


async def upload(client: Changer, target: Target, params: UploadParams) -> Upid:
    """All bytes, then the task that puts the file in its place."""
    from proxtui.core.progress import tell

    return await StorageTools(client).upload(target.node, target.id, params, on_progress=tell)


async def download_url(client: Changer, target: Target, params: DownloadUrlParams) -> Upid:
    """The node is asked what it finds there: it says why it cannot, where a task would only fail."""
    tools = StorageTools(client)
    await tools.query_url_metadata(target.node, params.url, params.verify_certificates)
    return await tools.download_url(target.node, target.id, params)


async def prune(client: Changer, target: Target, params: PruneParams) -> Upid:
    """What ``prune_preview`` marks."""
    return await StorageTools(client).prune(target.node, target.id, params)


async def update(client: Changer, target: Target, params: VolumeParams) -> None:
    """Done at once."""
    tools = StorageTools(client)
    await tools.update_storage_content(target.node, _storage(target), target.id, params.notes, params.protected)


async def delete(client: Changer, target: Target, _params: None) -> Upid | None:
    """A task, as long as nobody says how long PVE is to wait for it."""
    return await StorageTools(client).delete_storage_content(target.node, _storage(target), target.id)


def _storage(target: Target) -> str:
    return target.id.partition(":")[0]
