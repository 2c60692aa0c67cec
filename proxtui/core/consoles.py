"""Consoles that are open: allowed, recorded, counted, and ended with the program or its lock."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal

from proxtui.core.actor import Actor
from proxtui.core.catalogue import Catalogue
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.journal import AuditEntry, Journal, Phase, Result
from proxtui.core.model import ServerRef
from proxtui.core.op_id import new_op_id
from proxtui.core.operation import Operation, Target
from proxtui.core.owning import to_its_end
from proxtui.core.policy import Policy
from proxtui.core.write_lock import WriteLock
from proxtui.errors import (
    ApiError,
    AuditUnavailable,
    ConsoleError,
    InvalidInput,
    ProxtuiError,
    ReadOnlyError,
    RoleRefused,
)
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.pve.client import ProxmoxClient

log = logging.getLogger(__name__)

ConsoleUse = Literal["vnc", "term", "ssh", "spice", "peek", "sendkeys"]

OPENED: Final = "console.open"
CLOSED: Final = "console.close"
LOOK: Final = 1.0
"""Seconds between two looks whether the lock is still open."""
GRACE: Final = 3.0
"""Seconds that all consoles together may take to end."""
LONGEST_REASON: Final = 200

_Guest = tuple[ServerRef, str, str]


@dataclass(slots=True, eq=False)
class ConsoleSession:
    """One console, from the moment at which it was allowed and recorded."""

    op_id: str
    use: ConsoleUse
    target: Target
    client: ProxmoxClient
    """Of the endpoint in use when it was opened: ticket and socket both go there."""
    guest_lock: asyncio.Lock
    """One for each guest, to be held from the ticket to the end of the login: a VM has one password for its screen."""
    started: float
    """Seconds since the epoch."""
    sent: int = 0
    """Bytes to the console."""
    received: int = 0
    """Bytes of the console."""
    message: str = ""
    """How it ended, where that is worth a word: ``PVE closed an idle console``. Whoever runs it may set it."""
    upid: str = ""
    """Of its task in PVE, once that is known."""
    _lock: WriteLock | None = field(default=None, repr=False)
    _bound: asyncio.Timeout | None = field(default=None, repr=False)
    _over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _why: str = ""

    def on_bytes(self, sent: int, received: int) -> None:
        """So many more went to the console and came from it."""
        self.sent += sent
        self.received += received

    def touched(self) -> None:
        """Somebody typed or moved the mouse in it: the write lock does not close for want of a key."""
        if self._lock is not None:
            self._lock.touched()

    def end(self, why: str) -> None:
        """Make the block that holds it end with ``ConsoleError``; nothing where it is about to end anyway."""
        if self._bound is not None and not self._why:
            self._why = why
            self._bound.reschedule(asyncio.get_running_loop().time())


class ConsoleDesk:
    """Opens every console of this process. Who holds one holds it in ``async with``; it ends with that block."""

    def __init__(
        self,
        connections: Mapping[ServerRef, Connection],
        catalogue: Catalogue,
        policy: Policy,
        lock: WriteLock,
        journal: Journal,
        actor: Actor,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._catalogue = catalogue
        self._policy = policy
        self._lock = lock
        self._journal = journal
        self._actor = actor
        self._clock = clock
        self._sessions: dict[ConsoleSession, None] = {}
        self._guest_locks: defaultdict[_Guest, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._watch: asyncio.Task[None] | None = None
        self._is_closing = False

    @property
    def sessions(self) -> tuple[ConsoleSession, ...]:
        """Those that are open, the oldest first."""
        return tuple(self._sessions)

    def operation(self, use: ConsoleUse) -> Operation:
        """Its declaration: ``consoles.vnc``. ``InvalidInput`` where no room declares it."""
        found = self._catalogue.consoles().get(f"consoles.{use}")
        if found is None:
            raise InvalidInput("console", use, "there is no such console")
        return found

    def refusal(self, use: ConsoleUse, target: Target) -> ReadOnlyError | None:
        """Why this person may not open it now; None when they may."""
        operation = self.operation(use)
        if (why := self._policy.refusal(operation, target.ref)) is not None:
            return RoleRefused(f"{why}; nothing was sent")
        if (why := self._lock.locked(target.ref)) is not None:
            return ReadOnlyError(f"{why}; {operation.of(target)} is refused, nothing was sent")
        return None

    @asynccontextmanager
    async def open(self, use: ConsoleUse, target: Target, reason: str = "") -> AsyncIterator[ConsoleSession]:
        """Allow and record a console, hold it, and record its end with its duration and bytes.

        ``RoleRefused``, ``ReadOnlyError``, ``AuditUnavailable`` and ``InvalidInput`` mean that nothing was sent.
        ``ConsoleError`` is raised in the block when the program or the lock ends it. Enter and leave in one task.
        """
        operation = self._checked(use, target)
        session = self._new(use, target)
        entry = self._entry(session, reason)
        if (refused := self.refusal(use, target)) is not None:
            await self._deny(entry, refused)
            raise refused
        await self._intend(entry, session, operation)
        noted = _Noted()
        try:
            with noted:
                async with self._held(session):
                    yield session
        finally:
            self._sessions.pop(session, None)
            # Also where the task is being cancelled: the record is written before that goes on.
            await to_its_end(self._close(entry, session, noted.error))
            session._over.set()

    def end_all(self, why: str) -> None:
        """Make every console end, at the next turn of the loop."""
        for session in self.sessions:
            session.end(why)

    async def aclose(self, why: str = "the program ended") -> None:
        """Open nothing more, end all, and wait until their ends are recorded."""
        self._is_closing = True
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        sessions = self.sessions
        self.end_all(why)
        try:
            async with asyncio.timeout(GRACE):
                for session in sessions:
                    await session._over.wait()
        except TimeoutError:
            log.error("consoles that did not end: %s", [one.target.label for one in self.sessions])

    def _checked(self, use: ConsoleUse, target: Target) -> Operation:
        operation = self.operation(use)
        if self._is_closing:
            raise ReadOnlyError(f"{operation.of(target)}: the program is about to end, nothing was sent")
        if target.ref not in self._connections:
            raise InvalidInput("server", target.ref.server, "there is none of that name")
        if target.kind not in operation.kinds:
            raise InvalidInput("target", target.label, f"{operation.label} is not for a {target.kind.value}")
        return operation

    def _new(self, use: ConsoleUse, target: Target) -> ConsoleSession:
        now = self._clock.time()
        return ConsoleSession(
            new_op_id(now),
            use,
            target,
            self._connections[target.ref].client,
            self._guest_locks[target.ref, target.kind, target.id],
            now,
            _lock=self._lock,
        )

    async def _intend(self, entry: AuditEntry, session: ConsoleSession, operation: Operation) -> None:
        try:
            await to_its_end(self._journal.append(entry))
        except asyncio.CancelledError:
            # It may be on disk, and must not look like a console that somebody had.
            session.message = "broken off before anything was sent"
            await to_its_end(self._close(entry, session, None))
            raise
        except AuditUnavailable as lost:
            raise AuditUnavailable(f"{lost}; {operation.label}: nothing was sent", why=lost.why) from lost

    @asynccontextmanager
    async def _held(self, session: ConsoleSession) -> AsyncIterator[None]:
        if self._is_closing:
            raise ReadOnlyError("the program is about to end, nothing was sent")
        self._sessions[session] = None
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_lock(), name="consoles")
        try:
            async with asyncio.timeout(None) as session._bound:
                yield
        except TimeoutError as error:
            if not session._why:
                raise
            raise ConsoleError(f"the console was ended: {session._why}") from error
        finally:
            session._bound = None

    async def _watch_lock(self) -> None:
        """A console must not outlive the permission to change something."""
        while self._sessions:
            for session in self.sessions:
                if (why := self._lock.locked(session.target.ref)) is not None:
                    session.end(why)
            await self._clock.sleep(LOOK)

    async def _deny(self, entry: AuditEntry, error: ReadOnlyError) -> None:
        denied = replace(entry, phase=Phase.SINGLE, result=Result.DENIED, message=clean(str(error)))
        try:
            await self._journal.append(denied)
        except AuditUnavailable as lost:
            log.error("a refused console is not in the audit: %s", lost)

    async def _close(self, entry: AuditEntry, session: ConsoleSession, error: BaseException | None) -> None:
        message = session.message or (clean(str(error)) if isinstance(error, ProxtuiError) else "")
        done = replace(
            entry,
            event=CLOSED,
            phase=Phase.OUTCOME,
            result=_result(session, error),
            message=message,
            status=error.status if isinstance(error, ApiError) else 0,
            upid=session.upid,
            params={**entry.params, "sent": str(session.sent), "received": str(session.received)},
            duration_ms=round((self._clock.time() - session.started) * 1000),
        )
        try:
            await self._journal.append(done)
        except AuditUnavailable as lost:
            log.error("%s (%s) is not whole in the audit: %s", CLOSED, entry.op_id, lost)

    def _entry(self, session: ConsoleSession, reason: str) -> AuditEntry:
        target, config = session.target, session.client.config
        ref = target.ref
        return AuditEntry(
            event=OPENED,
            phase=Phase.INTENT,
            actor=replace(self._actor, role=self._policy.role(ref.tenant)),
            op_id=session.op_id,
            tenant=ref.tenant,
            server=ref.server,
            endpoint=config.endpoint,
            identity=config.full_token_id or config.userid,
            target_kind=target.kind,
            target_id=clean(target.id),
            target_name=clean(target.name),
            target_node=clean(target.node),
            params={"use": session.use},
            reason=clean(reason).strip()[:LONGEST_REASON] or clean(self._lock.reason(ref)),
        )


class _Noted:
    """``with``: keeps what the block ended with, and lets it go on."""

    error: BaseException | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.error = error


def _result(session: ConsoleSession, error: BaseException | None) -> Result:
    if error is None or session._why or not isinstance(error, Exception):
        # Whoever ends one, by a key or with the program, had it.
        return Result.OK
    return Result.DENIED if isinstance(error, ReadOnlyError) else Result.FAILED
