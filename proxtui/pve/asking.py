"""What the tools need of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from proxtui.pve.paths import Params

if TYPE_CHECKING:
    from proxtui.pve.uploads import Upload


class Asker(Protocol):
    """``ProxmoxClient`` is one; so is anything that answers these two."""

    async def get(self, path: str, *, params: Params | None = None) -> Any:
        """``data`` of the answer, decoded and sanitised."""

    async def read(self, path: str, *, params: Params | None = None) -> bytes:
        """The whole body of the answer as it came."""


class Changer(Asker, Protocol):
    """What the tools that change something need: ``ProxmoxClient`` is one, and so is a rehearsal that sends nothing."""

    async def post(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109 - milliseconds, as everywhere in the library
    ) -> Any:
        """``data`` of the answer: mostly a UPID."""

    async def put(
        self,
        path: str,
        data: Params | None = None,
        *,
        params: Params | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> Any:
        """``data`` of the answer: mostly None."""

    async def delete(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """``data`` of the answer."""


class Uploader(Changer, Protocol):
    """What sends files, too: ``ProxmoxClient``, and a rehearsal."""

    async def upload(self, path: str, upload: Upload, *, timeout: int | None = None) -> Any:  # noqa: ASYNC109
        """``data`` of the answer: a UPID."""
