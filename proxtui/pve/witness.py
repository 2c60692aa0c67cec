"""A client that notes which changes went out: method and kind of path, never a value."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from proxtui.pve.asking import Uploader
from proxtui.pve.paths import Params

if TYPE_CHECKING:
    from proxtui.pve.uploads import Upload

_NAMES = {
    "nodes": "node",
    "qemu": "vmid",
    "lxc": "vmid",
    "snapshot": "snapname",
    "storage": "storage",
    "content": "volume",
    "services": "service",
    "tasks": "upid",
    "pools": "poolid",
    "users": "userid",
    "token": "tokenid",
    "backup": "id",
}
"""What follows a word of a path, as PVE's schema names it."""
_NAMES_OF_HA = {"resources": "sid", "groups": "group", "rules": "rule"}


def template_of(path: str) -> str:
    """``/nodes/pve1/qemu/100/config`` is ``/nodes/{node}/qemu/{vmid}/config``."""
    shown: list[str] = []
    for part in path.strip("/").split("/"):
        before = shown[-1] if shown else ""
        name = _NAMES_OF_HA.get(before) if "ha" in shown else _NAMES.get(before)
        shown.append(f"{{{name}}}" if name else part)
    return "/" + "/".join(shown)


class Witness:
    """Stands where ``client`` stands and sends everything on through it. ``sent`` is what changed something."""

    def __init__(self, client: Uploader) -> None:
        self._client = client
        self.sent: list[tuple[str, str]] = []
        """Method and template of the path, noted just before it goes out."""
        self.accepted = False
        """True once PVE took one of them."""

    async def get(self, path: str, *, params: Params | None = None) -> Any:
        """Not noted: it changes nothing."""
        return await self._client.get(path, params=params)

    async def read(self, path: str, *, params: Params | None = None) -> bytes:
        """Not noted."""
        return await self._client.read(path, params=params)

    async def post(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109 - as the client that it stands for
    ) -> Any:
        """Noted, then sent."""
        return await self._noted("POST", path, self._client.post(path, data, params=params, timeout=timeout))

    async def put(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> Any:
        """Noted, then sent."""
        return await self._noted("PUT", path, self._client.put(path, data, params=params, timeout=timeout))

    async def delete(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """Noted, then sent."""
        return await self._noted("DELETE", path, self._client.delete(path, params=params, timeout=timeout))

    async def upload(self, path: str, upload: Upload, *, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """Noted, then sent."""
        return await self._noted("POST", path, self._client.upload(path, upload, timeout=timeout))

    async def _noted(self, method: str, path: str, sending: Coroutine[Any, Any, Any]) -> Any:
        self.sent.append((method, template_of(path)))
        answer = await sending
        self.accepted = True
        return answer
