"""The one way in which anything is changed: recorded first, allowed, checked again, sent once, followed to its end."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Container, Coroutine, Iterable, Sequence
from typing import Any

from proxtui.core.changing import Changing, Parts
from proxtui.core.journal import Journal
from proxtui.core.model import ServerRef
from proxtui.core.op_id import new_op_id
from proxtui.core.operation import GUESTS, Operation, Target
from proxtui.core.owning import ReportedBug, report_bug
from proxtui.core.reconciling import Reconciler
from proxtui.core.record import checked
from proxtui.core.run import Batch, Run, RunState
from proxtui.errors import InvalidInput, ReadOnlyError
from proxtui.pve.sanitize import clean

AT_ONCE = 4
"""Changes of a batch that are on their way to one server at the same time."""
UNDER_WAY = 8
"""Changes of a batch that a server works on at the same time, from the request to the end of the task."""
SEEN_LATELY = 5.0
"""Seconds: in a batch one look at a node serves all of its guests for so long."""
KEPT = 500
"""Ended changes that the panel can still show."""
LONGEST_REASON = 200
GRACE = 5.0
"""Seconds for the last records, after what was broken off."""

Listener = Callable[[Run], None]


class Gate:
    """Owns every change from its submission to its outcome: neither a closed screen nor a cancelled caller ends one."""

    def __init__(self, parts: Parts, journal: Journal, reconciler: Reconciler) -> None:
        self._parts = parts
        self._journal = journal
        self._reconciler = reconciler
        self._changing = Changing(parts, self._tell)
        self._running: dict[Run, asyncio.Task[None] | None] = {}
        self._ended: deque[Run] = deque(maxlen=KEPT)
        self._batches: dict[Batch, asyncio.Task[None]] = {}
        self._lanes: defaultdict[ServerRef, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._works: defaultdict[ServerRef, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(UNDER_WAY))
        self._listeners: dict[object, Listener] = {}
        self._is_closing = False

    async def submit(
        self, operation: Operation, target: Target, params: Any = None, *, reason: str = "", dry_run: bool = False
    ) -> Run:
        """Make one change. Returns once PVE answered, with a run whose task may go on: ``await run.wait()``.

        ``InvalidInput``, ``RoleRefused``, ``ReadOnlyError``, ``AuditUnavailable`` and ``TargetChanged`` mean that
        nothing was sent. What PVE said, and an answer that was lost, stand in the run (``state``, ``error``).
        """
        run = self._new(operation, target, checked(operation, params), reason, dry_run)
        story = self._start(run, 0.0)
        await run.answered()
        if story.done() and not story.cancelled():
            story.result()
        if run.state is RunState.DENIED and run.error is not None:
            raise run.error
        return run

    async def submit_all(
        self,
        operation: Operation,
        targets: Iterable[Target],
        params: Any = None,
        *,
        reason: str = "",
        dry_run: bool = False,
    ) -> Batch:
        """Make the same change to many. Returns at once: ``await batch.wait()``, or watch its runs.

        Few are on their way to one server at a time, and few of their tasks run there: the others wait here. What is
        refused for one target stands in its run and stops no other; ``InvalidInput`` when the parameters or a target
        cannot be meant at all.
        """
        model = checked(operation, params)
        runs = tuple(self._new(operation, target, model, reason, dry_run) for target in dict.fromkeys(targets))
        batch = Batch(runs)
        self._running.update(dict.fromkeys(runs))
        task = asyncio.create_task(self._send_all(batch), name=f"{operation.name} of {len(runs)}")
        self._batches[batch] = task
        task.add_done_callback(lambda _task: self._batches.pop(batch, None))
        task.add_done_callback(report_bug)
        return batch

    def running(self) -> tuple[Run, ...]:
        """What has not ended, the oldest first."""
        return tuple(self._running)

    def is_busy(self, ref: ServerRef) -> bool:
        """True while more than what ends just now is on its way to a server."""
        return sum(run.target.ref == ref for run in self._running) > 1

    def recent(self) -> tuple[Run, ...]:
        """What ended since the start, the newest first."""
        return tuple(reversed(self._ended))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every run that moves on, until the returned function is called."""
        ticket = object()
        self._listeners[ticket] = listener

        def unsubscribe() -> None:
            self._listeners.pop(ticket, None)

        return unsubscribe

    async def reconcile(self, only: Container[ServerRef] | None = None) -> tuple[Run, ...]:
        """Find out what became of changes whose process is gone, and record it; those that still run are followed.

        ``only`` those on these servers, where not all that are configured are at hand. ``AuditUnavailable`` when the
        audit cannot be read or written.
        """
        found = []
        left = await self._journal.unfinished()
        if only is not None:
            left = [entry for entry in left if ServerRef(entry.tenant, entry.server) in only]
        async for run in self._reconciler.runs(left):
            found.append(run)
            if run.state is RunState.RUNNING:
                self._own(run, self._changing.follow(run))
            else:
                self._ended.append(run)
                run.release()
            self._tell(run)
        return tuple(found)

    async def drain(self, seconds: float = 10.0) -> tuple[Run, ...]:
        """Take nothing more, and end what is under way: who waits for an answer gets ``seconds`` to receive it.

        What was not sent yet is not sent. A task that runs on goes on without us, and is recorded as such:
        ``reconcile`` finds it at the next start. Gives what had not ended, and what ended as unknown meanwhile.
        """
        self._is_closing = True
        for batch in self._batches:
            batch.stop()
        left = self.running()
        self._break_off(RunState.QUEUED)
        await _answered([run for run in left if run.in_flight], seconds)
        self._break_off(RunState.INTENT)
        await self._changing.leave(left)
        self._break_off(RunState.RUNNING)
        stories = [story for story in (*self._running.values(), *self._batches.values()) if story is not None]
        if stories:
            _, late = await asyncio.wait(stories, timeout=GRACE)
            for story in late:
                story.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        return tuple(run for run in left if run.state in (RunState.RUNNING, RunState.UNKNOWN))

    async def aclose(self) -> None:
        """Drain, and stop looking."""
        await self.drain()
        await self._parts.follower.aclose()
        await self._parts.readings.aclose()

    def _break_off(self, *states: RunState) -> None:
        for run, story in list(self._running.items()):
            if story is not None and run.state in states:
                story.cancel()

    def _new(self, operation: Operation, target: Target, params: Any, reason: str, dry_run: bool) -> Run:
        if self._is_closing:
            raise ReadOnlyError(f"{operation.of(target)}: the program is about to end, nothing was sent")
        if target.ref not in self._parts.connections:
            raise InvalidInput("server", target.ref.server, "there is none of that name")
        if target.kind not in operation.kinds:
            raise InvalidInput("target", target.label, f"{operation.label} is not for a {target.kind.value}")
        if target.kind in GUESTS and not target.node and not operation.creates:
            raise InvalidInput("target", target.label, "its node is not known")
        return Run(
            new_op_id(self._parts.clock.time()),
            operation,
            target,
            params,
            reason=clean(reason).strip()[:LONGEST_REASON],
            dry_run=dry_run or self._parts.policy.dry_run(target.ref),
        )

    def _start(self, run: Run, no_older_than: float) -> asyncio.Task[None]:
        return self._own(run, self._changing.carry_out(run, no_older_than=no_older_than))

    def _own(self, run: Run, way: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        story = asyncio.create_task(way, name=f"{run.operation.name} {run.target.id}")
        self._running[run] = story
        # As a callback: a task that is cancelled before its first step runs no line of its own.
        story.add_done_callback(lambda _story: self._over(run))
        story.add_done_callback(report_bug)
        return story

    def _over(self, run: Run) -> None:
        if run.state is RunState.QUEUED:
            run.mark(RunState.DENIED, "broken off before anything was sent")
        self._running.pop(run, None)
        self._ended.append(run)
        run.release()
        self._tell(run)

    async def _send_all(self, batch: Batch) -> None:
        async with asyncio.TaskGroup() as group:
            for run in batch.runs:
                group.create_task(self._send_one(batch, run))

    async def _send_one(self, batch: Batch, run: Run) -> None:
        async with self._works[run.target.ref]:
            async with self._lanes[run.target.ref]:
                if not batch.stopped:
                    self._start(run, SEEN_LATELY)
                    await run.answered()
            if run.state is not RunState.QUEUED:
                # Its task still burdens the server: the next one waits for its end.
                await run.wait()
                return
        run.mark(RunState.DENIED, "stopped before it was sent")
        self._running.pop(run, None)
        run.release()
        self._tell(run)

    def _tell(self, run: Run) -> None:
        for listener in list(self._listeners.values()):
            # Whoever only looks on must not be able to keep a change from being recorded and followed.
            with ReportedBug("who listens to changes"):
                listener(run)


async def _answered(runs: Sequence[Run], seconds: float) -> None:
    """Wait for their answers, at most so long."""
    waits = [asyncio.ensure_future(run.answered()) for run in runs]
    if not waits:
        return
    try:
        await asyncio.wait(waits, timeout=seconds)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
