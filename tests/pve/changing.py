"""A client that writes down what it is asked to change, and answers as it was told."""

# ruff: noqa: ASYNC109  the calls of a client have a time limit

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proxtui.pve.paths import Params, checked, encoded

from .fakes import FakeClient

UPID = "UPID:pve1:000016AB:00025862:6B0225E2:qmconfig:100:admin@pve!full:"
DIGEST = "5fa0e0dcb1a0f9b1e39cf8f12c1a4fd40e13d311"


@dataclass(frozen=True)
class Sent:
    """One request that would change something."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)


class Recorder(FakeClient):
    """Reads come from ``answers``; changes are kept in ``sent``, each answered by the next of ``replies`` or a UPID."""

    def __init__(self, answers: Mapping[str, Any] | None = None, replies: list[Any] | None = None) -> None:
        super().__init__(answers or {})
        self.sent: list[Sent] = []
        self.replies = list(replies or [])

    async def post(
        self, path: str, data: Params | None = None, *, params: Params | None = None, timeout: int | None = None
    ) -> Any:
        return self._sent("POST", path, data)

    async def put(
        self, path: str, data: Params | None = None, *, params: Params | None = None, timeout: int | None = None
    ) -> Any:
        return self._sent("PUT", path, data)

    async def delete(self, path: str, *, params: Params | None = None, timeout: int | None = None) -> Any:
        return self._sent("DELETE", path, params)

    @property
    def count(self) -> int:
        """Requests of any kind."""
        return len(self.asked) + len(self.sent)

    def _sent(self, method: str, path: str, form: Params | None) -> Any:
        encoded(form)  # what could not be sent fails here too
        given = {key: value for key, value in (form or {}).items() if value is not None}
        self.sent.append(Sent(method, checked(path), given))
        reply = self.replies.pop(0) if self.replies else UPID
        if isinstance(reply, Exception):
            raise reply
        return reply


def guest(kind: str = "qemu", vmid: int = 100, node: str = "pve1", **config: Any) -> dict[str, Any]:
    """The answer to reading a guest's configuration."""
    return {f"/nodes/{node}/{kind}/{vmid}/config": {"data": {"digest": DIGEST, **config}}}
