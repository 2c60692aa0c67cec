"""One change from the question whether it may be made to its recorded outcome. The only caller of ``Operation.run``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.following import Follower
from proxtui.core.model import ServerRef
from proxtui.core.operation import Told
from proxtui.core.policy import Policy
from proxtui.core.progress import heard_by
from proxtui.core.readings import Readings
from proxtui.core.recheck import Recheck
from proxtui.core.record import Recorder, secrets_of, without_secrets
from proxtui.core.run import Run, RunState
from proxtui.core.write_lock import WriteLock
from proxtui.errors import (
    ApiError,
    AuditUnavailable,
    OutcomeUnknown,
    ProxtuiError,
    ReadOnlyError,
    RoleRefused,
    TargetChanged,
    TaskFailed,
    UnexpectedAnswer,
)
from proxtui.pve.sanitize import clean
from proxtui.pve.witness import Witness

if TYPE_CHECKING:
    from proxtui.pve.models import Task
    from proxtui.pve.upid import Upid

log = logging.getLogger(__name__)

HANDED_ON = "HA was told, and does it in its own time"
TAIL = 10
"""Lines of the log of a task that did not end well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a change needs on its way."""

    connections: Mapping[ServerRef, Connection]
    policy: Policy
    lock: WriteLock
    recorder: Recorder
    recheck: Recheck
    follower: Follower
    readings: Readings
    clock: Clock
    nudge: Callable[[ServerRef], None]
    """Poll this server soon."""


class Changing:
    """Carries changes out. ``tell`` hears of every step of every one."""

    def __init__(self, parts: Parts, tell: Callable[[Run], None]) -> None:
        self._parts = parts
        self._tell = tell

    async def carry_out(self, run: Run, *, no_older_than: float = 0.0) -> None:
        """The whole way; everything that comes of it stands in ``run``. Cancelled, it still records what is known.

        A look at the guest that is ``no_older_than`` so many seconds is good enough.
        """
        run.started = self._parts.clock.time()
        if (refusal := self._refusal(run)) is not None:
            await self._refuse(run, refusal)
        elif run.dry_run:
            await self._rehearse(run)
        elif await self._intend(run):
            await self._make(run, no_older_than)
            if not run.has_ended:
                await self.follow(run)

    async def follow(self, run: Run) -> None:
        """From the answer of PVE to the end of its task."""
        assert run.upid is not None  # noqa: S101 - only a change with a task runs on
        parts = self._parts
        parts.readings.watch(run)
        task = await parts.follower.end_of(run.target.ref, run.upid, lambda since: self._doubt(run, since))
        if task is None:
            self._mark(run, RunState.UNKNOWN, "the node knows no such task any more: look how it ended")
        else:
            run.log_tail = () if task.outcome == "OK" else await self._tail(run)
            self._judge(run, task)
        await self._close(run)

    async def leave(self, runs: Iterable[Run]) -> None:
        """Nobody will follow their tasks any more: the audit says so, and leaves the end open for the next start."""
        lost: AuditUnavailable | None = None
        for run in runs:
            # What another process began is on disk as running already: each start would add a row for it.
            if run.state is not RunState.RUNNING or not run.is_ours:
                continue
            if lost is None:
                try:
                    await self._parts.recorder.sent(run, "still running at exit")
                except AuditUnavailable as error:
                    # Asking a stuck audit again for each of two hundred would take half an hour.
                    lost = error
            if lost is not None:
                self._unrecorded(run, lost)

    def _refusal(self, run: Run) -> ReadOnlyError | None:
        ref = run.target.ref
        if (why := self._parts.policy.refusal(run.operation, ref)) is not None:
            return RoleRefused(f"{why}; nothing was sent")
        if run.dry_run or (why := self._parts.lock.locked(ref)) is None:
            return None
        return ReadOnlyError(f"{why}; {run.operation.of(run.target)} is refused, nothing was sent")

    async def _refuse(self, run: Run, error: ReadOnlyError) -> None:
        try:
            await self._parts.recorder.refused(run, str(error))
        except AuditUnavailable as lost:
            run.unrecorded = str(lost)
        self._mark(run, RunState.DENIED, str(error), error)

    async def _intend(self, run: Run) -> bool:
        """The intent on disk; False when it cannot be written, for then nothing is sent."""
        run.reason = run.reason or self._parts.lock.reason(run.target.ref)
        is_known = False
        try:
            await self._parts.recorder.intent(run)
            is_known = True
        except AuditUnavailable as lost:
            is_known = True
            error = AuditUnavailable(f"{lost}; nothing was sent", why=lost.why)
            self._mark(run, RunState.DENIED, str(error), error)
            return False
        finally:
            if not is_known:
                # Cancelled: the intent may be on disk, and must not look like something that was perhaps sent.
                self._mark_broken_off(run, was_sent=False)
                await self._close(run)
        self._mark(run, RunState.INTENT)
        return True

    async def _make(self, run: Run, no_older_than: float) -> None:
        """Look again, then send. Ends with the change running, or ended and recorded."""
        witness: Witness | None = None
        is_known = False
        try:
            await self._look_again(run, no_older_than)
            witness = self._witness(run)
            with heard_by(partial(self._sent, run)):
                answer = await run.operation.run(witness, run.target, run.params)
            is_known = True
            _take(run, answer)
        except ProxtuiError as error:
            is_known = True
            end = _doubted(error) if witness is not None and witness.accepted else error
            self._mark(run, _state_of(end), clean(str(end)), end)
        finally:
            if not is_known:
                # Cancelled, or a bug of ours: the record is still written before this goes on to end.
                self._mark_broken_off(run, was_sent=witness is not None)
                await self._close(run)
        if run.has_ended:
            await self._close(run)
        elif run.upid is None:
            self._mark(run, RunState.OK)
            await self._close(run)
        else:
            await self._note(run)
            self._mark(run, RunState.RUNNING)

    async def _look_again(self, run: Run, no_older_than: float) -> None:
        """By the endpoint that will get the change: it may fail, and another take its place, while it is asked."""
        connection, asked = self._parts.connections[run.target.ref], None
        while asked is not connection.active:
            asked = connection.active
            await self._parts.recheck(run.target, no_older_than=no_older_than)

    def _witness(self, run: Run) -> Witness:
        witness = Witness(self._parts.connections[run.target.ref].client)
        run.sent = witness.sent
        return witness

    def _mark_broken_off(self, run: Run, *, was_sent: bool) -> None:
        if was_sent:
            error = OutcomeUnknown("it was broken off on its way, and may have happened: look before you repeat it")
            self._mark(run, RunState.UNKNOWN, str(error), error)
        else:
            self._mark(run, RunState.DENIED, "broken off before anything was sent")

    async def _note(self, run: Run) -> None:
        """The UPID on disk. A change that was sent is followed also when that fails."""
        try:
            await self._parts.recorder.sent(run)
        except AuditUnavailable as error:
            self._unrecorded(run, error)

    async def _close(self, run: Run) -> None:
        try:
            await self._parts.recorder.outcome(run)
        except AuditUnavailable as error:
            self._unrecorded(run, error)
        if run.state is not RunState.DENIED:
            self._parts.readings.watch(run)
        self._parts.nudge(run.target.ref)

    async def _rehearse(self, run: Run) -> None:
        from proxtui.pve.rehearsal import Rehearsal

        rehearsal = Rehearsal(self._parts.connections[run.target.ref].client)
        try:
            await self._parts.recheck(run.target)
            await run.operation.run(rehearsal, run.target, run.params)
        except ProxtuiError as error:
            # What a change makes of a made-up answer says nothing of what it sends.
            if not rehearsal.requests:
                self._mark(run, _state_of(error), clean(str(error)), error)
                return
        hidden = secrets_of(run.params)
        run.requests = tuple(request.without(hidden) for request in rehearsal.requests)
        try:
            await self._parts.recorder.rehearsed(run)
        except AuditUnavailable as error:
            # Nothing was changed by it, so nothing has to be refused.
            self._unrecorded(run, error)
        self._mark(run, RunState.PLANNED, "nothing was sent")

    def _judge(self, run: Run, task: Task) -> None:
        said = clean(task.exitstatus or "")
        if task.outcome == "OK":
            self._mark(run, RunState.OK, HANDED_ON if run.is_handed_on else "")
        elif task.outcome == "WARNINGS":
            self._mark(run, RunState.WARNINGS, said)
        else:
            said = said or "the task ended without a status"
            self._mark(run, RunState.FAILED, said, TaskFailed(said))

    async def _tail(self, run: Run) -> tuple[str, ...]:
        """The last lines of the task's log; empty when nobody gives them."""
        from proxtui.pve.tasks import TaskTools

        assert run.upid is not None  # noqa: S101
        tools = TaskTools(self._parts.connections[run.target.ref].client)
        try:
            piece = await tools.get_task_log(run.upid, limit=500)
            if piece.total is not None and piece.total > 500:
                piece = await tools.get_task_log(run.upid, start=piece.total - TAIL, limit=TAIL)
        except ProxtuiError as error:
            log.info("no log of %s: %s", run.upid, error)
            return ()
        return tuple(without_secrets(run.params, text) for _number, text in piece.lines[-TAIL:])

    def _sent(self, run: Run, done: int, total: int) -> None:
        percent = done * 100 // total if total else 100
        if percent != run.percent:
            run.percent = percent
            self._tell(run)

    def _doubt(self, run: Run, since: float | None) -> None:
        run.unknown_since = since
        self._tell(run)

    def _unrecorded(self, run: Run, error: AuditUnavailable) -> None:
        log.error("%s (%s) is not whole in the audit: %s", run.operation.name, run.op_id, error)
        run.unrecorded = str(error)
        self._tell(run)

    def _mark(self, run: Run, state: RunState, message: str = "", error: ProxtuiError | None = None) -> None:
        run.mark(state, without_secrets(run.params, message), error)
        if run.has_ended:
            run.ended = self._parts.clock.time()
        self._tell(run)


def _take(run: Run, answer: Upid | Told | None) -> None:
    """What PVE answered. ``TaskFailed`` when it is over, and not well."""
    if not isinstance(answer, Told):
        run.upid = answer
        return
    run.output = answer.text
    if answer.failure:
        raise TaskFailed(answer.failure)


def _doubted(error: ProxtuiError) -> ProxtuiError:
    """What an error after an accepted change means: that it was not understood, or no more heard of, is no failure."""
    # HA says no in a good answer.
    said_no = isinstance(error, ApiError) and error.status == 200 and not isinstance(error, UnexpectedAnswer)
    if said_no or isinstance(error, TaskFailed | OutcomeUnknown):
        return error
    return OutcomeUnknown(f"{error}; it was accepted: look before you repeat it")


def _state_of(error: ProxtuiError) -> RunState:
    if isinstance(error, OutcomeUnknown):
        return RunState.UNKNOWN
    if isinstance(error, TargetChanged | ReadOnlyError):
        return RunState.DENIED
    return RunState.FAILED
