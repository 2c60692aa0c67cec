"""A change rehearsed: the tools run as ever, what they would send is written down, and nothing is sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from proxtui.pve.asking import Asker
from proxtui.pve.paths import Params, checked, encoded

if TYPE_CHECKING:
    from proxtui.pve.uploads import Upload

HIDDEN = "********"
_ASKS_ELSEWHERE = "/query-url-metadata"
"""A URL may count who asks, or hold a key that is good for once."""
_MADE_UP = "UPID:{node}:00000000:00000000:00000000:rehearsal:0:nobody@pve:"


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request as it would have gone out."""

    method: str
    path: str
    """As in ``/nodes/pve1/qemu/100/config``."""
    params: dict[str, Any] = field(repr=False)
    """Query of a DELETE, form of the others; names as PVE spells them."""

    def without(self, secrets: Collection[str]) -> PlannedRequest:
        """The same, with ``********`` for the values that nobody may see."""
        shown = {key: HIDDEN if str(value) in secrets else value for key, value in self.params.items()}
        return replace(self, params=shown)

    def __str__(self) -> str:
        shown = " ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.method} {self.path}" + (f" {shown}" if shown else "")


class Rehearsal:
    """Stands where a client stands. Reads go through to ``client``; writes end in ``requests``.

    Every write is answered by a UPID that no task has: whoever rehearses does not wait for it. The one read that makes
    a node ask somebody else is answered by nothing: what it would find is not known then.
    """

    def __init__(self, client: Asker) -> None:
        self._client = client
        self.requests: list[PlannedRequest] = []

    async def get(self, path: str, *, params: Params | None = None) -> Any:
        """Really asked, unless the node would ask elsewhere."""
        if path.endswith(_ASKS_ELSEWHERE):
            return {}
        return await self._client.get(path, params=params)

    async def read(self, path: str, *, params: Params | None = None) -> bytes:
        """Really asked."""
        return await self._client.read(path, params=params)

    async def post(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109 - as the client that it stands for
    ) -> Any:
        """Written down."""
        return self._planned("POST", path, {**(params or {}), **(data or {})})

    async def put(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> Any:
        """Written down."""
        return self._planned("PUT", path, {**(params or {}), **(data or {})})

    async def delete(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """Written down."""
        return self._planned("DELETE", path, dict(params or {}))

    async def upload(self, path: str, upload: Upload, *, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """Written down; the file is not read."""
        return self._planned("POST", path, {**upload.fields, "filename": upload.filename})

    def _planned(self, method: str, path: str, params: dict[str, Any]) -> str:
        where = checked(path)
        encoded(params)  # what could not be sent is refused here too
        given = {key: value for key, value in params.items() if value is not None}
        self.requests.append(PlannedRequest(method, where, given))
        node = where.split("/")[2] if where.startswith("/nodes/") else "cluster"
        return _MADE_UP.format(node=node)
