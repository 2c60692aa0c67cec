"""What became of changes whose process died under them: found by UPID, or by what their task must look like."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

from proxtui.core.catalogue import Catalogue
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.consoles import OPENED
from proxtui.core.journal import AuditEntry
from proxtui.core.model import ServerRef
from proxtui.core.op_id import made_at
from proxtui.core.operation import GUESTS, Kind, Operation, Risk, Target
from proxtui.core.record import Recorder
from proxtui.core.run import Run, RunState
from proxtui.errors import NetworkError, NotFoundError, OutcomeUnknown, ProxtuiError
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.pve.models import Task

EARLY, LATE = 60, 180
"""Seconds around the intent in which its task must have started: clocks differ, and a request may have waited."""
_BY_VERB = {
    "start": ("qmstart", "vzstart"),
    "stop": ("qmstop", "vzstop"),
    "shutdown": ("qmshutdown", "vzshutdown"),
    "reboot": ("qmreboot", "vzreboot"),
    "reset": ("qmreset",),
    "suspend": ("qmpause", "vzsuspend"),
    "hibernate": ("qmsuspend",),
    "resume": ("qmresume", "vzresume"),
    "create": ("qmcreate", "vzcreate"),
    "restore": ("qmrestore", "vzrestore"),
    "delete": ("qmdestroy", "vzdestroy"),
    "clone": ("qmclone", "vzclone"),
    "migrate": ("qmigrate", "vzmigrate", "hamigrate"),
    "snapshot": ("qmsnapshot", "vzsnapshot"),
    "rollback": ("qmrollback", "vzrollback"),
    "template": ("qmtemplate", "vztemplate"),
    "backup": ("vzdump",),
    "config": ("qmconfig",),
    "resize": ("resize",),
}


class Reconciler:
    """Asks the servers. What it finds is recorded; where a server does not answer it is left for the next start."""

    def __init__(
        self,
        connections: Mapping[ServerRef, Connection],
        recorder: Recorder,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._recorder = recorder
        self._catalogue = catalogue
        self._clock = clock

    async def runs(self, entries: Sequence[AuditEntry]) -> AsyncIterator[Run]:
        """A run for each entry: ended and recorded, or running, or unknown for as long as its server is silent."""
        silent: set[ServerRef] = set()
        for entry in entries:
            run = self._run_of(entry)
            ref = run.target.ref
            if ref not in self._connections:
                await self._end(entry, run, RunState.UNKNOWN, "its server is not configured any more")
            elif entry.event == OPENED:
                await self._end(entry, run, RunState.WARNINGS, "it ended with proxtui, and nobody recorded how")
            elif ref in silent:
                run.mark(RunState.UNKNOWN, "not known yet: the server does not answer")
            else:
                try:
                    await self._find(entry, run)
                except NetworkError as error:
                    silent.add(ref)
                    run.mark(RunState.UNKNOWN, f"not known yet: {error}", error)
            yield run

    def _run_of(self, entry: AuditEntry) -> Run:
        operation = self._catalogue.all().get(entry.event) or _retired(entry)
        ref = ServerRef(entry.tenant, entry.server)
        target = Target(ref, _kind_of(entry), entry.target_id, entry.target_name, entry.target_node)
        run = Run(entry.op_id, operation, target, dict(entry.params), reason=entry.reason)
        run.started = made_at(entry.op_id) or 0.0
        run.sent = ((entry.method, entry.path),) if entry.method else ()
        run.is_ours = False
        return run

    async def _find(self, entry: AuditEntry, run: Run) -> None:
        from proxtui.pve.tasks import TaskTools
        from proxtui.pve.upid import Upid

        try:
            if entry.upid:
                run.upid = Upid(entry.upid)
                task = await TaskTools(self._connections[run.target.ref].client).get_task_status(run.upid)
            else:
                candidates = await self._candidates(entry, run)
                if len(candidates) != 1:
                    await self._end(entry, run, RunState.UNKNOWN, _none_or_many(candidates))
                    return
                task = candidates[0]
                run.upid = task.upid
        except NotFoundError:
            await self._end(entry, run, RunState.UNKNOWN, "the node knows no such task any more")
        except NetworkError:
            raise
        except ProxtuiError as error:
            # A refusal, or a dead node: another start may know more.
            run.mark(RunState.UNKNOWN, f"not known yet: {clean(str(error))}", error)
        else:
            await self._judge(entry, run, task)

    async def _candidates(self, entry: AuditEntry, run: Run) -> list[Task]:
        """``GET /nodes/{node}/tasks``: those that this change must have started, by type, guest, user and time."""
        from proxtui.pve.nodes import NodeTools
        from proxtui.pve.tasks import TaskQuery

        target = run.target
        node = target.id if target.kind is Kind.NODE else target.node
        types = run.operation.tasks or _BY_VERB.get(run.operation.verb, ())
        if not (node and types and run.started):
            return []
        query = TaskQuery(
            source="all",
            vmid=target.vmid if target.kind in GUESTS else None,
            since=int(run.started) - EARLY,
            until=int(run.started) + LATE,
        )
        listing = await NodeTools(self._connections[target.ref].client).get_node_tasks(node, 500, query)
        user = entry.identity.partition("!")[0]
        # A start a minute earlier, which is told already, must not pass for the one that was perhaps never sent.
        others = await self._recorder.upids_since(run.started - 2 * EARLY)
        return [task for task in listing if task.type in types and task.user == user and task.upid not in others]

    async def _judge(self, entry: AuditEntry, run: Run, task: Task) -> None:
        if task.running:
            run.mark(RunState.RUNNING, "found again at the start")
            return
        states = {"OK": RunState.OK, "WARNINGS": RunState.WARNINGS}
        said = clean(task.exitstatus or "ended without a status")
        await self._end(entry, run, states.get(task.outcome, RunState.FAILED), f"found at the next start: {said}")

    async def _end(self, entry: AuditEntry, run: Run, state: RunState, message: str) -> None:
        error = OutcomeUnknown(message) if state is RunState.UNKNOWN else None
        run.mark(state, message, error)
        run.ended = self._clock.time()
        await self._recorder.closed(entry, run)


def _none_or_many(candidates: Sequence[Task]) -> str:
    if candidates:
        return f"{len(candidates)} tasks may be it: look which of them it was"
    return "no task of it was found: perhaps it was never sent, look before you repeat it"


def _kind_of(entry: AuditEntry) -> Kind:
    """What it was made to; the cluster as a whole where a newer version wrote a kind that is not known here."""
    return Kind(entry.target_kind) if entry.target_kind in set(Kind) else Kind.SERVER


def _retired(entry: AuditEntry) -> Operation:
    """Stands for an operation that this version does not have any more."""
    from proxtui.config.models import Role

    return Operation(
        name=entry.event,
        label=entry.event,
        summary="",
        kinds=frozenset(Kind),
        risk=Risk.DESTROYS,
        role=Role.ADMIN,
        privileges=(),
        run_by="",
    )
