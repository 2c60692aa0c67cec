"""The metrics on the screen: how often and how fast each server answered in the last day, hour by hour beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType

from proxtui.core.model import Fleet, Scope, ServerRef
from proxtui.core.rows import Tone
from proxtui.errors import StoreUnavailable
from proxtui.features.metrics.models import HOUR, Failure, Standing
from proxtui.features.metrics.rows import COLUMNS, ServerRow, deadline_text, facts_of, hourly, server_rows
from proxtui.kit.detail_pane import Curve
from proxtui.kit.facts import Fact
from proxtui.kit.one_line import Notice
from proxtui.kit.table_view import TableView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.worker import Worker

    from proxtui.core.runtime import Runtime

EVERY = 10.0
"""Seconds between two looks, while somebody looks."""
ERRORS = 5
NOT_KEPT = "calls are not recorded here"


class Failures(Struct, frozen=True):
    """The newest failed calls of one server."""

    ref: ServerRef
    known: tuple[Failure, ...]


class MetricsView(TableView[ServerRow, Failures]):
    """Reads what this machine recorded, and only while it is in front. It asks no server."""

    NOUN = "server"
    SORT = "server"
    HELP_NAME: ClassVar[str] = "metrics"
    CHARTS: ClassVar[int] = 2
    GROUPS = ("tenant", "path")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r,f5", "refresh", "Refresh now", show=False, id="refresh"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, COLUMNS, id=id)
        self.notice = Notice(id="metrics-problem")
        self._standings: Sequence[Standing] = ()
        self._problem = "" if runtime.recording is not None else NOT_KEPT
        self._is_read = False

    def compose(self) -> ComposeResult:
        yield self.notice
        yield self.split

    def on_mount(self) -> None:
        self.set_interval(EVERY, self.action_refresh)
        # The charts are what somebody comes for.
        self.action_toggle_detail()

    def on_show(self) -> None:
        self.action_refresh()

    @property
    def summary(self) -> str:
        """How many calls, and how many of them failed."""
        calls = sum(one.sums.attempts for one in self._standings)
        failed = sum(one.sums.failed for one in self._standings)
        return f"{calls} calls in 24 h, {failed} failed" if self._is_read else ""

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[ServerRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        return server_rows(self._standings, fleet, scope)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        super().show(fleet, scope)
        self.notice.say(self._problem, Tone.WARN)

    def name_of(self, row: ServerRow) -> str:
        return "/".join(row.ref)

    def place_of(self, row: ServerRow) -> tuple[ServerRef, str]:
        return row.ref, ""

    async def ask(self, row: ServerRow, previous: Failures | None) -> Failures | None:
        recording = self.runtime.recording
        if recording is None:
            return None
        ref = row.ref
        try:
            found = await recording.ask(lambda metrics: metrics.newest_errors(ref, ERRORS))
        except StoreUnavailable:
            # The table says what is wrong with the database.
            return previous
        return Failures(ref, tuple(found))

    def tell(self, row: ServerRow, detail: Failures | None) -> None:
        failures = detail.known if detail is not None and detail.ref == row.ref else ()
        facts = [Fact(*fact) for fact in facts_of(row, failures, deadline=self._deadline(row))]
        self.pane.tell("/".join(row.ref), facts, curves_of(row, self.runtime.clock.time()))

    def action_refresh(self) -> None:
        if not self._unseen() and self.runtime.recording is not None:
            _worker: Worker[None] = self.run_worker(self._read(), name="metrics", group="metrics", exclusive=True)

    async def _read(self) -> None:
        recording = self.runtime.recording
        if recording is None:
            return
        before: Any = (self._standings, self._problem, self._is_read)
        try:
            # What waits to be written is part of the answer.
            await recording.flush()
            self._standings, self._problem = await recording.ask(lambda metrics: metrics.standings()), ""
        except StoreUnavailable as error:
            self._problem = str(error)
        self._is_read = True
        if before != (self._standings, self._problem, self._is_read):
            self.changed()

    def _deadline(self, row: ServerRow) -> str:
        known = {ServerRef(*place): server for place, server in self.runtime.config.servers()}
        server = known.get(row.ref)
        obeys = server is not None and server.use_learned_timeout
        return deadline_text(server.deadline_ms if server else None, row.learned_ms, obeys=obeys)


def curves_of(row: ServerRow, now: float) -> list[Curve]:
    """The day of a server, hour by hour, up to the one that runs."""
    known = row.standing.hourly if row.standing is not None else ()
    end = max([int(now), *(hour.start for hour in known)]) // HOUR * HOUR + HOUR
    times, drawings = hourly(known, int(now) - 24 * HOUR, end)
    tops = (1.0, None)
    nothing = "no calls" if not known else "nothing answered"
    return [
        Curve(one.title, times, one.values, one.unit, maximum=top, empty=f"{nothing} since {_clock(times[0])}")
        for one, top in zip(drawings, tops, strict=True)
    ]


def _clock(seconds: float) -> str:
    return time.strftime("%d %b %H:%M", time.localtime(seconds))
