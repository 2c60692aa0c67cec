"""What is wrong now, one line each, the worst first, each with the place where more is said about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

from proxtui.core import text
from proxtui.core.ages import age_text, asked_for, coarse_age, is_old
from proxtui.core.model import Fleet, GuestKey, Key, NodeKey, Scope, ServerRef, Snapshot, SourceState, StorageKey
from proxtui.core.rows import Column, Scalar, Tone
from proxtui.core.survey import Finding
from proxtui.features.overview.locks import locker
from proxtui.features.overview.service import Knowledge
from proxtui.pve.models import ProxmoxStorage, Task

STORAGE_WARN, STORAGE_BAD = 0.85, 0.95
MEMORY_WARN = 0.90
LOCKED_TOO_LONG = 3600
A_DAY = 86_400
OF_THE_POLL = ("nodes", "storages", "locks")
"""What a poll tells; quorum and tasks are asked for beside it."""


class Weight(IntEnum):
    """How bad it is."""

    BAD = 1
    WARNING = 2
    NOTE = 3
    """Nothing is known to be wrong: something could not be looked at, or is worth a look."""


@dataclass(frozen=True, slots=True)
class Place:
    """A view of another room, narrowed to one server."""

    view: str
    scope: Scope
    row: tuple[str, ...] = ()
    """The key of the row to stand on there."""


Target: TypeAlias = Key | Place


@dataclass(frozen=True, slots=True)
class WrongRow:
    """One thing that is wrong."""

    key: tuple[str, ...]
    weight: Weight
    ref: ServerRef
    what: str
    """``node pve3``, ``storage nfs``, ``task vzdump 101``."""
    why: str
    target: Target
    """What enter opens."""
    since: int | None = None
    """Seconds, coarse; None when nobody knows."""
    muted: bool = False

    @property
    def haystack(self) -> str:
        return f"{self.what} {self.why} {self.ref.server} {self.ref.tenant}".lower()

    def field(self, name: str) -> Scalar:
        """The value behind a filter term: ``tenant:``, ``server:``, ``node:``, ``type:``, ``status:``."""
        known: dict[str, Scalar] = {"tenant": self.ref.tenant, "server": self.ref.server, "name": self.what}
        known |= {"type": self.key[0], "status": self.weight.name.lower()}
        if isinstance(self.target, NodeKey | StorageKey):
            known["node"] = self.target.node
        return known.get(name)


@dataclass(frozen=True, slots=True)
class _Case:
    """One server while it is looked at."""

    snapshot: Snapshot
    scope: Scope
    known: Knowledge
    now: float
    """Monotonic."""
    today: float
    """Seconds since the epoch."""

    @property
    def ref(self) -> ServerRef:
        return self.snapshot.ref

    @property
    def old(self) -> bool:
        return is_old(self.snapshot.state)

    def place(self, view: str) -> Place:
        return Place(view, Scope(*self.ref))

    def here(self, node: str) -> bool:
        return self.scope.covers_node(self.ref, node)


def wrong_rows(fleet: Fleet, scope: Scope, known: Mapping[ServerRef, Knowledge], today: float) -> list[WrongRow]:
    """Everything wrong in scope. ``today`` is the wall clock in seconds since the epoch."""
    rows: list[WrongRow] = []
    for snapshot in fleet.snapshots:
        if scope.covers_server(snapshot.ref):
            case = _Case(snapshot, scope, known.get(snapshot.ref, Knowledge()), fleet.now, today)
            # What is known of a server that does not answer is old: what is said is that nobody knows.
            looks = (_server, _ways, _untold) if snapshot.state is SourceState.DOWN else _LOOKS
            rows.extend(row for look in looks for row in look(case))
    return sorted(rows, key=lambda row: row.weight)


def _server(case: _Case) -> Iterator[WrongRow]:
    state, snapshot = case.snapshot.state, case.snapshot
    if state in (SourceState.FRESH, SourceState.WAITING):
        return
    says = {
        SourceState.DOWN: (Weight.BAD, "down"),
        SourceState.STALE: (Weight.WARNING, "stale"),
        SourceState.FORBIDDEN: (Weight.WARNING, "login refused"),
    }
    weight, word = says[state]
    why = f"{word}: {snapshot.error or 'no new answer'}"
    # What never answered has no age; how long it has been asked says how long that is so.
    age = coarse_age(snapshot, case.now) if snapshot.taken_at is not None else asked_for(snapshot, case.now)
    yield WrongRow(("server", *case.ref), weight, case.ref, f"server {case.ref.server}", why, case.place("nodes"), age)


def _ways(case: _Case) -> Iterator[WrongRow]:
    """What the server works without: an endpoint that is refused, a certificate that has expired."""
    for number, trouble in enumerate(case.snapshot.troubles):
        weight = Weight.BAD if trouble.is_bad else Weight.WARNING
        key = ("way", *case.ref, str(number))
        yield WrongRow(key, weight, case.ref, f"server {case.ref.server}", trouble.line, case.place("nodes"))


def _quorum(case: _Case) -> Iterator[WrongRow]:
    finding = case.known.status
    status = finding.value if finding else None
    if status is None or status.quorate is not False:
        return
    online = [member.name for member in status.nodes if member.online]
    why = f"no quorum: {len(online)} of {len(status.nodes)} nodes online, nothing can be changed or started"
    yield WrongRow(
        ("quorum", *case.ref),
        Weight.BAD,
        case.ref,
        f"cluster {status.name or case.ref.server}",
        why,
        case.place("cluster"),
        muted=case.old,
    )


def _nodes(case: _Case) -> Iterator[WrongRow]:
    for key, node in sorted(case.snapshot.nodes.items()):
        if not case.here(key.node):
            continue
        share = text.share(node.mem, node.maxmem)
        if node.status == "offline":
            lost = sum(guest.node == key.node for guest in case.snapshot.guests.values())
            why = f"offline; {lost} guests live on it" if lost else "offline"
            yield _about(case, "node", key, Weight.BAD, f"node {key.node}", why)
        elif node.status != "online":
            yield _about(case, "node", key, Weight.NOTE, f"node {key.node}", f"state {node.status}")
        elif share is not None and share >= MEMORY_WARN:
            why = f"memory {text.percent(share)} of {text.size(node.maxmem)}"
            yield _about(case, "memory", key, Weight.WARNING, f"node {key.node}", why)


def _storages(case: _Case) -> Iterator[WrongRow]:
    shared: set[str] = set()
    for key, storage in sorted(case.snapshot.storages.items()):
        share = text.share(storage.used, storage.total)
        if share is None or share < STORAGE_WARN or not case.here(key.node) or key.storage in shared:
            continue
        if storage.shared:
            shared.add(key.storage)
        weight = Weight.BAD if share >= STORAGE_BAD else Weight.WARNING
        yield _about(case, "storage", key, weight, f"storage {key.storage}", _full(storage, share))


def _full(storage: ProxmoxStorage, share: float) -> str:
    where = "shared" if storage.shared else f"on {storage.node}"
    return f"{text.percent(share)} of {text.size(storage.total)} used, {where}"


def _locks(case: _Case) -> Iterator[WrongRow]:
    finding = case.known.tasks
    tasks = list(finding.value) if finding is not None and finding.value is not None else []
    # Few of thousands are locked: only these are put in order.
    locked = {key: guest for key, guest in case.snapshot.guests.items() if guest.lock and case.here(guest.node)}
    for key, guest in sorted(locked.items()):
        taken = locker(guest, tasks)
        since = None if taken is None else max(0, int(case.today - taken.since))
        long = since is not None and since > LOCKED_TOO_LONG
        if taken is not None and taken.running and not long:
            continue
        why = f"locked ({guest.lock})"
        if taken is not None:
            why += f", task runs for {text.duration(since)}" if taken.running else ", but its task has ended"
        name = f"{'VM' if key.kind == 'qemu' else 'CT'} {key.vmid} {guest.name or ''}".rstrip()
        weight = Weight.WARNING if long else Weight.NOTE
        yield _about(case, "lock", key, weight, name, why, since)


def _tasks(case: _Case) -> Iterator[WrongRow]:
    finding = case.known.tasks
    for task in finding.value or () if finding is not None else ():
        ended = task.endtime or task.starttime
        if task.outcome != "error" or ended is None or not case.here(task.node):
            continue
        age = case.today - ended
        if age <= A_DAY:
            yield WrongRow(
                ("task", *case.ref, str(task.upid)),
                Weight.WARNING,
                case.ref,
                f"task {task.type} {task.id}".rstrip(),
                f"failed on {task.node}: {_reason(task)}",
                Place("tasks", Scope(*case.ref), (*case.ref, str(task.upid))),
                _minutes(age),
                muted=case.old,
            )


def _reason(task: Task) -> str:
    return task.exitstatus or "ended without a status"


def _untold(case: _Case) -> Iterator[WrongRow]:
    """What nobody knows of a server that does not answer: nothing is claimed to be well there."""
    snapshot, parts = case.snapshot, list(OF_THE_POLL)
    if snapshot.state is SourceState.FRESH:
        return
    if snapshot.taken_at is not None and snapshot.state is not SourceState.DOWN:
        # The last rows are shown, greyed.
        parts.clear()
    for what, finding in (("quorum", case.known.status), ("failed tasks", case.known.tasks)):
        if snapshot.state is SourceState.DOWN or finding is None:
            parts.append(what)
    if not parts:
        return
    age = coarse_age(snapshot, case.now)
    when = "never read" if snapshot.taken_at is None or age is None else f"last read {age_text(age)} ago"
    if snapshot.state is SourceState.WAITING:
        when = "waiting for the first answer"
    elif len(parts) < len(OF_THE_POLL):
        when = "not read"
    yield WrongRow(
        ("unknown", *case.ref),
        Weight.NOTE,
        case.ref,
        f"server {case.ref.server}",
        f"unknown: {', '.join(parts)} ({when})",
        case.place("nodes"),
    )


def _unseen(case: _Case) -> Iterator[WrongRow]:
    """What could not be looked at. It is no fault of the server."""
    sight = case.known.sight
    gaps: list[tuple[str, str, bool]] = [
        ("guests", "not seen: missing privilege VM.Audit", not sight.guests),
        ("storages", "not seen: missing privilege Datastore.Audit", not sight.storages),
        ("tasks", "only our own are seen: missing privilege Sys.Audit on /", not sight.every_task),
    ]
    for what, finding in (("quorum", case.known.status), ("tasks", case.known.tasks)):
        gaps.append((what, f"not read: {finding.problem if finding else ''}", _is_gap(finding)))
    for what, why, missing in gaps:
        if missing:
            key = ("unseen", *case.ref, what, why)
            yield WrongRow(key, Weight.NOTE, case.ref, what, why, case.place("cluster"))


def _is_gap(finding: Finding[Any] | None) -> bool:
    return finding is not None and finding.problem is not None


_LOOKS: tuple[Callable[[_Case], Iterator[WrongRow]], ...] = (
    _server,
    _ways,
    _quorum,
    _nodes,
    _storages,
    _locks,
    _tasks,
    _unseen,
    _untold,
)


def _about(
    case: _Case,
    kind: str,
    key: GuestKey | NodeKey | StorageKey,
    weight: Weight,
    what: str,
    why: str,
    since: int | None = None,
) -> WrongRow:
    name = (kind, *(str(part) for part in key))
    age = None if since is None else _minutes(since)
    return WrongRow(name, weight, case.ref, what, why, key, age, muted=case.old)


def _minutes(seconds: float) -> int:
    """Whole minutes, then whole hours: what is shown need not change every second."""
    step = 60 if seconds < 3600 else 3600
    return int(max(0.0, seconds) // step * step)


_TONES = {Weight.BAD: Tone.BAD, Weight.WARNING: Tone.WARN, Weight.NOTE: Tone.MUTED}
_WORDS = {Weight.BAD: "bad", Weight.WARNING: "warning", Weight.NOTE: "note"}


COLUMNS: tuple[Column[WrongRow], ...] = (
    Column(
        "weight", "Level", lambda r: int(r.weight), lambda r: _WORDS[r.weight], 7, 1, tone=lambda r: _TONES[r.weight]
    ),
    Column("what", "Wrong now", lambda r: r.what, lambda r: r.what, 20, 1),
    Column("why", "Why", lambda r: r.why, lambda r: r.why, 30, 1, grow=True),
    Column(
        "server",
        "Server",
        lambda r: r.ref.server,
        lambda r: r.ref.server,
        8,
        4,
        tone=lambda r: Tone.MUTED,
        is_name=True,
    ),
    Column(
        "tenant",
        "Tenant",
        lambda r: r.ref.tenant,
        lambda r: r.ref.tenant,
        8,
        5,
        tone=lambda r: Tone.MUTED,
        is_name=True,
    ),
    Column(
        "since",
        "Since",
        lambda r: r.since,
        lambda r: "" if r.since is None else age_text(r.since),
        5,
        3,
        align="right",
        tone=lambda r: Tone.MUTED,
    ),
)


def counted(rows: list[WrongRow]) -> str:
    """``2 bad, 5 warnings``; empty when there is neither."""
    bad = sum(row.weight is Weight.BAD for row in rows)
    warnings = sum(row.weight is Weight.WARNING for row in rows)
    parts = [f"{bad} bad"] if bad else []
    return ", ".join([*parts, f"{warnings} warning{'' if warnings == 1 else 's'}"] if warnings else parts)


def nothing(refs: Collection[ServerRef], *, asking: bool) -> str:
    """What stands where nothing is wrong. ``asking``: quorum or tasks of one of these servers are not read yet."""
    if not refs:
        return "no server is looked at"
    return "nothing wrong so far: quorum and tasks are not read yet" if asking else "all is well"
