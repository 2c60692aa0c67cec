"""What the reading tools need of a client."""

from __future__ import annotations

from typing import Any, Protocol

from proxtui.pve.paths import Params


class Asker(Protocol):
    """``ProxmoxClient`` is one; so is anything that answers these two."""

    async def get(self, path: str, *, params: Params | None = None) -> Any:
        """``data`` of the answer, decoded and sanitised."""

    async def read(self, path: str, *, params: Params | None = None) -> bytes:
        """The whole body of the answer as it came."""
