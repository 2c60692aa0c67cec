"""What every change to a guest goes through: the path checked, the digest read, the answer understood."""

from __future__ import annotations

from typing import TypeVar

from proxtui.errors import UnexpectedAnswer
from proxtui.pve.fields import JSON
from proxtui.pve.guests import GuestTools
from proxtui.pve.models import Guest
from proxtui.pve.paths import Params
from proxtui.pve.sending import send_change, start_task
from proxtui.pve.upid import Upid

G = TypeVar("G", bound=Guest)


class GuestSender(GuestTools[G]):
    """Sends changes to guests of one kind. The client has to be one that can (``Changer``)."""

    @property
    def _type(self) -> str:
        return self._kind.type

    async def _start(self, method: str, node: str, vmid: int, *rest: str, form: Params | None = None) -> Upid:
        """A change that always is a task."""
        return await start_task(self._client, method, self._path(node, vmid, *rest), form)

    async def _change(self, method: str, node: str, vmid: int, *rest: str, form: Params | None = None) -> Upid | None:
        """A change that may be done at once: None."""
        return await send_change(self._client, method, self._path(node, vmid, *rest), form)

    async def _config_and_digest(self, node: str, vmid: int) -> tuple[dict[str, JSON], str]:
        config = await self._config(node, vmid)
        digest = config.get("digest")
        if not isinstance(digest, str) or not digest:
            where = self._path(node, vmid, "config")
            # Without it a change could undo somebody else's; none is made.
            raise UnexpectedAnswer("the configuration came without a digest", method="GET", path=where)
        return config, digest

    async def _digest(self, node: str, vmid: int, known: str | None) -> str:
        return known if known is not None else (await self._config_and_digest(node, vmid))[1]
