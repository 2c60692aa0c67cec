"""One question to many servers, each answering for itself; an old answer stays, with its age and the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from proxtui.core.asking import reason
from proxtui.errors import PermissionDenied, ProxtuiError

if TYPE_CHECKING:
    from proxtui.core.clock import Clock
    from proxtui.core.model import ServerRef
    from proxtui.pve.client import ProxmoxClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding(Generic[T]):
    """What one server answered last. Without a value nothing was ever answered: unknown, not empty."""

    value: T | None = None
    taken_at: float | None = None
    """``Clock.monotonic`` when ``value`` was asked for."""
    problem: str | None = None
    """Why the last attempt failed, in one line; a missing privilege by its name."""
    forbidden: bool = False
    """True when the problem is a missing privilege: then nothing is wrong with the server."""


class Survey(Generic[T]):
    """Asks every server in view the same question, at most ``at_once`` servers at a time.

    ``client_of`` gives the client of a server's active endpoint (``runtime.connection(ref).client``).
    """

    def __init__(
        self,
        ask: Callable[[ProxmoxClient], Awaitable[T]],
        client_of: Callable[[ServerRef], ProxmoxClient],
        clock: Clock,
        *,
        at_once: int = 8,
    ) -> None:
        self._ask = ask
        self._client_of = client_of
        self._clock = clock
        self._slots = asyncio.Semaphore(at_once)
        self._findings: dict[ServerRef, Finding[T]] = {}

    @property
    def findings(self) -> Mapping[ServerRef, Finding[T]]:
        """The last answer of every server that was asked."""
        return self._findings

    async def refresh(self, refs: Collection[ServerRef], told: Callable[[], None] | None = None) -> None:
        """Ask these servers once more; ``told`` is called after each answer, so that nobody waits for the slowest."""
        async with asyncio.TaskGroup() as group:
            for ref in refs:
                group.create_task(self._refresh(ref, told))

    async def _refresh(self, ref: ServerRef, told: Callable[[], None] | None) -> None:
        async with self._slots:
            began = self._clock.monotonic()
            try:
                self._findings[ref] = Finding(await self._ask(self._client_of(ref)), began)
            except ProxtuiError as error:
                known: Finding[T] = self._findings.get(ref) or Finding()
                forbidden = isinstance(error, PermissionDenied)
                self._findings[ref] = Finding(known.value, known.taken_at, reason(error), forbidden)
        if told is not None:
            told()
