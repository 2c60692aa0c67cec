"""What is asked about tasks: the lists of all servers, and one task with its log while somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.core.asking import Problem, attempt, problem_lines, reason
from proxtui.core.model import Fleet, Scope, ServerRef, SourceState
from proxtui.core.survey import Survey
from proxtui.errors import NotFoundError, ProxtuiError
from proxtui.pve.sight import lacks_for_tasks

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.listing import Listing
    from proxtui.pve.models import Task, TaskLog
    from proxtui.pve.tasks import TaskTools

MOST_LINES = 2_000
"""Of a log; of a longer one the last."""
OWN_ONLY = "only our own tasks are told (missing privilege Sys.Audit on /)"

Lines = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """One task and its log, as far as it could be read."""

    server: ServerRef
    upid: str
    task: Task | None = None
    lines: Lines = ()
    """The last ``MOST_LINES`` of the log: numbers from 1, and text."""
    has_log: bool = False
    """True once the log was read; before that no lines mean nothing."""
    problems: tuple[str, ...] = ()
    unknown: bool = False
    """True when the node says that it has no such task."""
    failure: ProxtuiError | None = None
    """Why the status could not be read."""
    complete: bool = False
    """True when the task had ended before its log was read: there is nothing more to come."""

    @property
    def left_out(self) -> int:
        """Lines at the beginning of the log that are not here."""
        return self.lines[0][0] - 1 if self.lines else 0


class ToldTasks(NamedTuple):
    """What a server tells a command about its tasks."""

    tasks: Listing[Task]
    limits: tuple[str, ...] = ()
    """Why there may be more."""


async def tasks_and_limits(client: ProxmoxClient) -> ToldTasks:
    """``GET /cluster/tasks`` and ``/access/permissions``: a list of our own tasks would look complete."""
    from proxtui.pve.access import AccessTools

    tasks = await _tasks(client)
    permissions = await attempt("rights", AccessTools(client).permissions(), [])
    own_only = permissions is not None and lacks_for_tasks(permissions) is not None
    return ToldTasks(tasks, (OWN_ONLY,) if own_only else ())


class TaskService:
    """Reads through the connections of the servers."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.survey: Survey[Listing[Task]] = Survey(_tasks, self._client_of, runtime.clock)
        self._under_way: set[ServerRef] = set()

    def due(self, fleet: Fleet, scope: Scope) -> list[ServerRef]:
        """The servers to ask now: in scope, answering, and not being asked already.

        One that is silent is left to the poller, which knows when to try again.
        """
        return [ref for ref in _answering(fleet, scope) if ref not in self._under_way]

    def is_missing(self, fleet: Fleet, scope: Scope) -> bool:
        """Whether a server that answers has not yet told its tasks."""
        return any(ref not in self.survey.findings for ref in _answering(fleet, scope))

    def refresh(self, refs: Collection[ServerRef], told: Callable[[], None] | None = None) -> Coroutine[Any, Any, None]:
        """``GET /cluster/tasks`` of these servers. ``told`` is called after each answer; what failed is a finding."""
        # Noted before the first step is made, so that nobody asks twice.
        self._under_way.update(refs)
        return self._refresh(refs, told)

    def limits(self, fleet: Fleet, scope: Scope) -> list[str]:
        """Where the list has only our own tasks, for it would look complete."""
        refs = [snapshot.ref for snapshot in fleet.snapshots if scope.covers_server(snapshot.ref)]
        return [f"{ref.tenant} / {ref.server}: {OWN_ONLY}" for ref in refs if self._sees_own_only(ref)]

    async def follow(self, server: ServerRef, upid: str, previous: TaskDetail | None = None) -> TaskDetail:
        """Status and log of a task; after ``previous`` only what is new, and nothing once it has ended.

        GET ``/nodes/N/tasks/UPID/status`` and ``log``. Never raises a ``ProxtuiError``: see ``problems``.
        """
        from proxtui.pve.tasks import TaskTools

        same = previous is not None and (previous.server, previous.upid) == (server, upid)
        known = previous if same and previous is not None else TaskDetail(server, upid)
        if known.complete:
            return known
        tools = TaskTools(self._client_of(server))
        problems: list[Problem] = []
        # The status first: what a log says after its task has ended is all that it ever will.
        failure: ProxtuiError | None = None
        task: Task | None = None
        try:
            task = await tools.get_task_status(upid)
        except ProxtuiError as error:
            failure = error
            problems.append(Problem("status", reason(error)))
        if isinstance(failure, NotFoundError):
            return replace(known, problems=tuple(problem_lines(problems)), unknown=True, failure=failure)
        lines = await attempt("log", _read_log(tools, upid, known.lines), problems)
        return replace(
            known,
            task=task or known.task,
            lines=known.lines if lines is None else lines,
            has_log=known.has_log or lines is not None,
            problems=tuple(problem_lines(problems)),
            unknown=False,
            failure=failure,
            complete=task is not None and not task.running and lines is not None,
        )

    async def _refresh(self, refs: Collection[ServerRef], told: Callable[[], None] | None) -> None:
        try:
            await self.survey.refresh(refs, told)
        finally:
            self._under_way.difference_update(refs)

    def _client_of(self, ref: ServerRef) -> ProxmoxClient:
        return self.runtime.connection(ref).client

    def _sees_own_only(self, ref: ServerRef) -> bool:
        finding, permissions = self.survey.findings.get(ref), self.runtime.connection(ref).permissions
        answered = finding is not None and finding.value is not None
        return answered and permissions is not None and lacks_for_tasks(permissions) is not None


def _answering(fleet: Fleet, scope: Scope) -> list[ServerRef]:
    fresh = (snapshot.ref for snapshot in fleet.snapshots if snapshot.state is SourceState.FRESH)
    return [ref for ref in fresh if scope.covers_server(ref)]


async def _tasks(client: ProxmoxClient) -> Listing[Task]:
    from proxtui.pve.cluster import ClusterTools

    return await ClusterTools(client).tasks()


async def _read_log(tools: TaskTools, upid: str, known: Lines) -> Lines:
    """The known lines with what came after them, at most ``MOST_LINES``."""
    # The last line is read again: it may not have been written to its end.
    start = known[-1][0] - 1 if known else 0
    piece = await tools.get_task_log(upid, start, MOST_LINES)
    if piece.total is not None and piece.total > start + MOST_LINES:
        piece = await tools.get_task_log(upid, piece.total - MOST_LINES, MOST_LINES)
    return merged(known, piece)


def merged(known: Lines, piece: TaskLog) -> Lines:
    """Lines known before and a newer piece, without a hole between them; what both have is taken from the piece."""
    if not piece.lines:
        return known
    first = piece.lines[0][0]
    before = tuple(line for line in known if line[0] < first)
    if before and before[-1][0] < first - 1:
        before = ()
    return (before + piece.lines)[-MOST_LINES:]
