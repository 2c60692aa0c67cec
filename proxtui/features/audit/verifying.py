"""Walking the whole chain, in constant memory: every row that is not what was written is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from proxtui.core.db import Database
from proxtui.errors import AuditUnavailable, StoreUnavailable
from proxtui.features.audit.anchors import AnchorFile
from proxtui.features.audit.chain import GENESIS, Head, Record, mac_of, searched
from proxtui.features.audit.keys import KeySource, name_of
from proxtui.features.audit.noting import WHERE
from proxtui.features.audit.segments import BEGUN, KEY, PRUNED, pruned_by
from proxtui.features.audit.service import PAGE
from proxtui.features.audit.tables import audit, of_chain

_NOWHERE = Head()
MOST_PROBLEMS = 100
MOST_GAPS = 10_000
"""Missing pieces that are remembered until it is known what was deleted on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written."""

    seq: int
    """The row where it shows."""
    what: str


@dataclass(slots=True)
class Verdict:
    """What was found. ``whole`` when it is what was written."""

    rows: int = 0
    first: int = 0
    head: Head = field(default_factory=Head)
    anchor: int | None = None
    """The last row that the anchor knows; None when no anchor could be used."""
    noted: int | None = None
    """The last row that the configuration knows; None when it knows none."""
    begun: int = 0
    """The row with which somebody began anew on purpose; 0 where nobody did."""
    problems: list[Problem] = field(default_factory=list)
    unjudged: int = 0
    """Rows under a key that is not here: of a configuration that nobody opened."""
    more: int = 0
    """Problems beyond those that are named."""
    broken_off: bool = False
    """True when nobody wanted to know any more: then it says nothing."""

    @property
    def whole(self) -> bool:
        return not (self.problems or self.broken_off or self.unjudged)

    @property
    def summary(self) -> str:
        """One line."""
        if self.broken_off:
            return "the audit was not checked to its end"
        if self.problems:
            count = len(self.problems) + self.more
            more = f", and {count - 1} more" if count > 1 else ""
            return f"the audit is not what was written: {self.problems[0].what}{more}"
        if self.unjudged:
            left = f"{self.unjudged} of {self.rows} rows"
            return f"{left} cannot be judged without the key of config.toml; the others are what was written"
        if not self.rows:
            return "the audit has no rows"
        begun = f"; begun anew with row {self.begun}" if self.begun else ""
        return f"the audit is whole: rows {self.first} to {self.head.seq}; {self._known_end}{begun}"

    @property
    def _known_end(self) -> str:
        said = "no end is noted here" if self.anchor is None else f"the anchor knows row {self.anchor}"
        return said if self.noted is None else f"{said}, {WHERE} row {self.noted}"

    def note(self, seq: int, what: str) -> None:
        """Add a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(seq, what))
        else:
            self.more += 1


def verify(
    db: Database,
    keys: KeySource,
    noted: Iterable[Head] = (),
    go_on: Callable[[], bool] = lambda: True,
    *,
    in_vault: Head = _NOWHERE,
) -> Verdict:
    """Check every row, the anchor, and the ends that somebody ``noted`` elsewhere. It blocks.

    ``in_vault`` is the end that the configuration knows. ``go_on`` is asked now and then; False breaks it off. What is
    added or pruned meanwhile is no problem.
    Raises AuditUnavailable when there is no key to check with.
    """
    verdict = Verdict()
    ends = [(head, "an end that was noted elsewhere") for head in noted]
    if in_vault.seq:
        verdict.noted = in_vault.seq
        ends.append((in_vault, WHERE))
    keys.current()
    for layer in (keys, keys.below):
        if layer is None or not (layer is keys or layer.exists()):
            continue
        if layer.is_roaming and not AnchorFile(layer.anchor).exists():
            # Rows of another machine, to whom this one has added none.
            continue
        try:
            head = AnchorFile(layer.anchor).read(*layer.known)
            verdict.anchor = max(head.seq, verdict.anchor or 0)
            ends.append((head, "the anchor"))
        except AuditUnavailable as error:
            verdict.note(0, f"{error}: a tail that was cut cannot be found")
    walk = _Walk(keys, verdict, {head.seq: head.mac for head, _ in ends}, in_vault.seq)
    try:
        for record in _rows(db, go_on):
            walk.step(record)
    except StoreUnavailable as error:
        if error.why != "damaged":
            raise
        verdict.note(verdict.head.seq, f"after row {verdict.head.seq} the file cannot be read: {error}")
    verdict.broken_off = not go_on()
    if not verdict.broken_off:
        walk.judge(ends)
    return verdict


def _rows(db: Database, go_on: Callable[[], bool]) -> Iterator[Record]:
    last = -(2**62)
    while go_on():
        page = select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(PAGE)
        rows = db.look(lambda connection, page=page: connection.execute(page.where(of_chain(connection))).all())  # type: ignore[misc]
        for row in rows:
            yield Record(**row._mapping)
        if not rows:
            return
        last = rows[-1].seq


class _Walk:
    """What has to be remembered between two rows."""

    def __init__(self, keys: KeySource, verdict: Verdict, ends: dict[int, str], in_vault: int) -> None:
        self._keys = keys
        self._in_vault = in_vault
        self._verdict = verdict
        self._seen: dict[int, str | None] = dict.fromkeys(ends)
        self._before = Head()
        self._pruned = Head()
        self._told: set[str] = set()
        """Names of keys that the chain itself tells of."""
        self._gaps: list[tuple[int, Head]] = []
        """The first row that is missing, and the last one as the row after it knows it."""

    def step(self, record: Record) -> None:
        """One row further."""
        verdict, at = self._verdict, record.seq
        if not verdict.rows:
            self._before = Head(at - 1, record.prev)
            verdict.first = at
        if at != self._before.seq + 1 and len(self._gaps) < MOST_GAPS:
            self._gaps.append((self._before.seq + 1, Head(at - 1, record.prev)))
        elif record.prev != self._before.mac:
            verdict.note(at, f"row {at} does not follow row {at - 1}: one of the two was replaced")
        unjudged = verdict.unjudged
        wrong = self._forged(record) or self._undue(record)
        if wrong:
            verdict.note(at, wrong)
        elif record.event in (PRUNED, BEGUN):
            self._excuse(record, is_judged=verdict.unjudged == unjudged)
        if at in self._seen:
            self._seen[at] = record.mac
        verdict.rows += 1
        verdict.head = self._before = record.head
        if verdict.rows == 1:
            self._start = Head(at - 1, record.prev)

    def _forged(self, record: Record) -> str:
        try:
            body = json.loads(record.body)
            key = self._keys.find(body["key"])
            columns = searched(body)
            if record.event == KEY:
                self._told.add(str(body["params"]["key"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"row {record.seq} was altered: its text cannot be read"
        if key is None and body["key"] in self._told:
            self._verdict.unjudged += 1
            return ""
        if key is None:
            return f"row {record.seq} was written with another key"
        # The row is bound to its own number and to the code before it.
        mac = mac_of(key, Head(record.seq - 1, record.prev), record.ts, record.phase, record.body)
        if mac != record.mac:
            return f"row {record.seq} was altered, moved or put in"
        differing = [name for name, value in columns.items() if getattr(record, name) != value]
        return f"row {record.seq} was altered: {', '.join(differing)}" if differing else ""

    def _undue(self, record: Record) -> str:
        """Why a row that excuses missing ones does not: who only has the account has the key file, too."""
        if record.event not in (PRUNED, BEGUN) or not (self._told or record.seq > self._in_vault > 0):
            return ""
        due = {name_of(key) for key in self._keys.known} if self._keys.takes_over else self._told
        if json.loads(record.body)["key"] in due:
            return ""
        return f"row {record.seq} says that rows are gone, and was written without the key of {WHERE}"

    def _excuse(self, record: Record, *, is_judged: bool) -> None:
        """What this row says is gone may be. After a new beginning nothing of before is judged any more."""
        found = pruned_by(record.body)
        if found.seq >= self._pruned.seq:
            self._pruned = found
        if record.event == BEGUN and is_judged:
            verdict = self._verdict
            verdict.problems.clear()
            self._gaps.clear()
            verdict.more = verdict.unjudged = 0
            verdict.begun = verdict.first = record.seq
            self._start = self._pruned

    def judge(self, ends: Iterable[tuple[Head, str]]) -> None:
        """Both ends of what was read."""
        verdict, last = self._verdict, self._verdict.head.seq
        if verdict.rows:
            self._judge_start()
        for first, end in self._gaps:
            self._judge_gap(first, end)
        verdict.problems.sort(key=lambda one: one.seq)
        for head, what in ends:
            if head.seq > last:
                verdict.note(last, f"after row {last} {_missing(last + 1, head.seq)} missing: {what} knows them")
            elif self._seen.get(head.seq) not in (None, head.mac):
                verdict.note(head.seq, f"row {head.seq} is another than {what} knows: the file was replaced")

    def _judge_gap(self, first: int, end: Head) -> None:
        # Somebody may prune while this is read: then rows go that were still there when it began.
        if end.seq > self._pruned.seq:
            self._verdict.note(end.seq + 1, f"before row {end.seq + 1} {_missing(first, end.seq)} missing")
        elif end.seq == self._pruned.seq and end.mac != self._pruned.mac:
            self._verdict.note(end.seq + 1, f"row {end.seq + 1} does not follow what was before it")

    def _judge_start(self) -> None:
        verdict, start = self._verdict, self._start
        if start.seq > self._pruned.seq:
            verdict.note(verdict.first, f"before row {verdict.first} {_missing(1, start.seq)} missing")
        known = {0: GENESIS, self._pruned.seq: self._pruned.mac if self._pruned.seq else GENESIS}
        if start.seq in known and known[start.seq] != start.mac:
            verdict.note(verdict.first, f"row {verdict.first} does not follow what was before it")


def _missing(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"
