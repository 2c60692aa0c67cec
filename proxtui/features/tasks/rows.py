"""Tasks as table rows: from what the servers answered to what the screen and ``tasks list`` show. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from proxtui.core import text
from proxtui.core.ages import is_old
from proxtui.core.model import Fleet, GuestKey, NodeKey, Scope, ServerRef, Snapshot, TaskKey
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.core.survey import Finding
from proxtui.core.task_words import kind_of, words_of
from proxtui.errors import InvalidInput, UsageError
from proxtui.pve.listing import Listing
from proxtui.pve.models import Task
from proxtui.pve.upid import Upid

EVERYWHERE = Scope()
Findings = Mapping[ServerRef, Finding[Listing[Task]]]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task of one server."""

    key: TaskKey
    task: Task
    guest: GuestKey | None
    """The guest it works on, when that is still known."""
    name: str | None
    """Of the guest."""
    duration: float | None
    """Seconds it took, or takes so far; None when PVE does not tell the end."""
    muted: bool
    """True when the server did not answer the last question."""
    now: float
    """Seconds since the epoch when the row was made."""
    haystack: str

    @property
    def place(self) -> GuestKey | NodeKey:
        """What the tree shows of it: its guest, else its node."""
        return self.guest or NodeKey(self.key.tenant, self.key.server, self.task.node)

    @property
    def status(self) -> str:
        """``running``, ``OK``, ``WARNINGS 2`` or ``error``."""
        return outcome_text(self.task)

    @property
    def subject(self) -> str:
        """``100 web1``, or what PVE names; empty when it names nothing."""
        return f"{self.task.id} {self.name or ''}".strip()

    @property
    def user(self) -> str | None:
        """``root@pam``, with ``!token`` when a token started it."""
        return f"{self.task.user}!{self.task.tokenid}" if self.task.user and self.task.tokenid else self.task.user

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        task = self.task
        match name:
            case "type":
                kind = self.guest.kind if self.guest else kind_of(task.type)
                return [task.type, *([kind] if kind else [])]
            case "status":
                return [task.outcome, "failed"] if task.outcome == "error" else task.outcome
            case "id" | "vmid":
                return int(task.id) if task.id.isdecimal() else task.id or None
            case "user":
                # Nobody wants to type the token to find what a user did.
                return [name for name in dict.fromkeys((self.user, task.user)) if name]
            case "name":
                return self.name
            case "node":
                return task.node
            case "tenant":
                return self.key.tenant
            case "server":
                return self.key.server
        return None


def outcome_text(task: Task) -> str:
    """``running``, ``OK``, ``WARNINGS 2`` or ``error``."""
    if task.outcome == "WARNINGS":
        return (task.exitstatus or "").replace(":", "") or "WARNINGS"
    return task.outcome


OUTCOME_TONES = {"running": Tone.ACCENT, "OK": Tone.GOOD, "WARNINGS": Tone.WARN, "error": Tone.BAD}


def outcome_tone(task: Task) -> Tone:
    """How much the outcome should worry."""
    return OUTCOME_TONES[task.outcome]


def task_rows(fleet: Fleet, findings: Findings, now: float, scope: Scope = EVERYWHERE) -> list[TaskRow]:
    """The tasks in scope: running ones first, then the newest. ``now`` is in seconds since the epoch."""
    rows: list[TaskRow] = []
    for snapshot in fleet.snapshots:
        finding = findings.get(snapshot.ref)
        if finding is not None and finding.value is not None and scope.covers_server(snapshot.ref):
            muted = finding.problem is not None or is_old(snapshot.state)
            tasks = (task for task in finding.value if scope.node in (None, task.node))
            rows.extend(_rows_of(snapshot, tasks, now, muted=muted))
    return sorted(rows, key=order)


def row_of(fleet: Fleet, key: TaskKey, task: Task, now: float) -> list[TaskRow]:
    """The row of one task that was asked for by its name; none when its server is not configured."""
    snapshot = fleet.snapshot(ServerRef(key.tenant, key.server))
    return [] if snapshot is None else list(_rows_of(snapshot, iter((task,)), now, muted=False))


def order(row: TaskRow) -> tuple[bool, int, str]:
    """Running first, then the newest."""
    return (not row.task.running, -(row.task.starttime or 0), row.key.upid)


def _rows_of(snapshot: Snapshot, tasks: Iterator[Task], now: float, *, muted: bool) -> Iterator[TaskRow]:
    for task in tasks:
        key = TaskKey(*snapshot.ref, task.upid)
        guest = _guest_of(snapshot, task)
        known = snapshot.guests.get(guest) if guest else None
        name = known.name if known else None
        words = (task.id, name or "", words_of(task.type), task.type, task.node, *snapshot.ref, task.user or "")
        yield TaskRow(key, task, guest, name, _duration(task, now), muted, now, " ".join(words).lower())


def _guest_of(snapshot: Snapshot, task: Task) -> GuestKey | None:
    if not task.id.isdecimal():
        return None
    keys = (GuestKey(*snapshot.ref, kind, int(task.id)) for kind in ("qemu", "lxc"))
    return next((key for key in keys if key in snapshot.guests), None)


def _duration(task: Task, now: float) -> float | None:
    if task.starttime is None or not (task.running or task.endtime is not None):
        return None
    # The clocks of a node and of this machine may differ: no task took less than nothing.
    return max(0.0, (now if task.running else task.endtime or 0) - task.starttime)


def moment(seconds: float | None, now: float | None = None) -> str:
    """Local time: ``14:03:10`` of today when ``now`` is told, else with the date."""
    if seconds is None:
        return UNKNOWN
    then = time.localtime(seconds)
    if now is not None and time.localtime(now)[:3] == then[:3]:
        return time.strftime("%H:%M:%S", then)
    return time.strftime("%Y-%m-%d %H:%M:%S" if now is None else "%m-%d %H:%M", then)


def problems(fleet: Fleet, findings: Findings, scope: Scope = EVERYWHERE) -> list[str]:
    """What could not be read in scope: a line for each server. A forbidden one is not said to be down."""
    return [
        f"{ref.tenant} / {ref.server}: tasks not read: {finding.problem}"
        for ref in (snapshot.ref for snapshot in fleet.snapshots)
        if scope.covers_server(ref) and (finding := findings.get(ref)) is not None and finding.problem
    ]


COLUMNS: tuple[Column[TaskRow], ...] = (
    Column("status", "State", lambda r: r.task.outcome, lambda r: r.status, 8, 1, tone=lambda r: outcome_tone(r.task)),
    Column("words", "Task", lambda r: words_of(r.task.type), lambda r: words_of(r.task.type), 11, 1),
    Column("type", "Type", lambda r: r.task.type, lambda r: r.task.type, 8, 8, tone=lambda r: Tone.MUTED),
    Column("id", "Guest or ID", lambda r: r.task.id, lambda r: r.subject or UNKNOWN, 14, 1, grow=True),
    Column("node", "Node", lambda r: r.task.node, lambda r: r.task.node, 9, 3, is_name=True),
    Column("server", "Server", lambda r: r.key.server, lambda r: r.key.server, 8, 6, is_name=True),
    Column("tenant", "Tenant", lambda r: r.key.tenant, lambda r: r.key.tenant, 8, 7, is_name=True),
    Column("user", "User", lambda r: r.user, lambda r: r.user or UNKNOWN, 9, 5),
    Column("starttime", "Started", lambda r: r.task.starttime, lambda r: moment(r.task.starttime), 19, 2),
    Column("duration", "Duration", lambda r: r.duration, lambda r: text.duration(r.duration), 8, 2, align="right"),
    Column("exitstatus", "Exit", lambda r: r.task.exitstatus, lambda r: r.task.exitstatus or UNKNOWN, 10, shown=False),
    Column("endtime", "Ended", lambda r: r.task.endtime, lambda r: moment(r.task.endtime), 19, shown=False),
    Column("name", "Name", lambda r: r.name, lambda r: r.name or UNKNOWN, 8, shown=False),
    Column("upid", "UPID", lambda r: r.key.upid, lambda r: r.key.upid, 20, shown=False),
)
"""Keys as PVE spells them, plus ``words``, ``duration``, ``name``, ``tenant`` and ``server``."""


def named_task(fleet: Fleet, upid: str, now: float) -> list[TaskRow]:
    """A row for each server that may have this task: those with the node that its name tells.

    UsageError when it is no UPID.
    """
    try:
        name = Upid(upid)
    except InvalidInput as error:
        raise UsageError(f"{upid!r} is no UPID (see proxtui tasks list --columns upid)") from error
    user, _, token = name.user.partition("!")
    task = Task(
        upid=name,
        running=False,
        node=name.node,
        type=name.type,
        id=name.id,
        user=user,
        tokenid=token or None,
        starttime=name.starttime,
    )
    rows: list[TaskRow] = []
    for snapshot in fleet.snapshots:
        if NodeKey(*snapshot.ref, name.node) in snapshot.nodes:
            rows.extend(_rows_of(snapshot, iter((task,)), now, muted=False))
    return rows
