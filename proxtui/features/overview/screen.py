"""The overview: totals above, what is wrong now below."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult

from proxtui.core.model import Fleet, Scope, ServerRef, SourceState
from proxtui.core.tenant_stats import tenant_stats
from proxtui.features.overview import board, wrong
from proxtui.features.overview import rows as totals
from proxtui.features.overview.rows import SILENT, TotalRow
from proxtui.features.overview.service import OverviewService
from proxtui.features.overview.wrong import Place, WrongRow
from proxtui.kit.figure_line import FigureLine
from proxtui.kit.frame import Frame
from proxtui.kit.live_table import LiveTable
from proxtui.kit.lookout import Lookout
from proxtui.kit.tenants import tint_of
from proxtui.kit.view import Chosen, LiveView, Scoped, Told

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

ASK_EVERY = 30.0
"""Seconds between two questions about quorum and tasks, while somebody looks."""
ROW_TRIES, ROW_REST = 30, 0.1
"""How often, and with how many seconds between, a row is looked for that has to be asked for first."""


class OverviewView(LiveView):
    """Asks about quorum and tasks only while it is in front. Over one tenant its numbers stand on top."""

    HELP_NAME: ClassVar[str] = "overview"
    DEFAULT_CSS = """
    OverviewView { layout: vertical; }
    OverviewView > #overview-wrong { height: 1fr; border-top: hkey $panel; }
    """

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, id=id)
        self.service = OverviewService(runtime)
        self.totals = LiveTable(totals.COLUMNS, sort="", noun="server", empty="no server", id="overview-totals")
        self.table = LiveTable(wrong.COLUMNS, sort="weight", noun="line", empty="", id="overview-wrong")
        self.boards = (FigureLine(id="overview-servers"), FigureLine(id="overview-guests"))
        self.fleet, self.scope = Fleet((), 0.0), Scope()
        self.lookout = Lookout(self, self._look, every=ASK_EVERY, idle=self._unseen)
        self._asked: frozenset[ServerRef] = frozenset()
        self._asked_tenant: str | None = None
        self._asked_at: float | None = None
        self._filling = True
        self._said = ""

    def compose(self) -> ComposeResult:
        for line in self.boards:
            line.display = False
            yield line
        yield self.totals
        yield self.table

    def take_focus(self) -> None:
        # What is wrong is what somebody comes for; the totals are one Tab away.
        self.screen.set_focus(self.table)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self.fleet, self.scope = fleet, scope
        self._paint()
        self._ask_if_due()

    @property
    def summary(self) -> str:
        """How much there is, then how much of it is wrong."""
        return self._said

    def _paint(self) -> None:
        refs = [one.ref for one in self.fleet.snapshots if self.scope.covers_server(one.ref)]
        known = self.service.known(refs)
        sums = totals.total_rows(self.fleet, self.scope, {ref: one.sight for ref, one in known.items()})
        faults = wrong.wrong_rows(self.fleet, self.scope, known, self.runtime.clock.time())
        self._paint_board()
        self.totals.set_rows(sums)
        self._share_room()
        asking = any(one.status is None or one.tasks is None for one in known.values())
        # While answers come one after the other, a cursor that nobody moved stays at the top.
        stay, self._filling = self._filling and self.table.rows.cursor == 0, asking
        self.table.set_rows(faults)
        if stay:
            self.table.move(0)
        self.table.say_when_empty(wrong.nothing(refs, asking=asking))
        said = ", ".join(part for part in (totals.summary(sums), wrong.counted(faults)) if part)
        if said != self._said:
            self._said = said
            self.post_message(Told())

    @property
    def _tenant(self) -> str | None:
        """The one that is looked at as a whole, if it is one of the configuration."""
        slug, config = self.scope.tenant, self.runtime.config
        is_one = self.scope.server is None and any(tenant.slug == slug for tenant in config.tenants)
        return slug if is_one else None

    def _paint_board(self) -> None:
        config, tenant = self.runtime.config, self._tenant
        for line in self.boards:
            line.display = tenant is not None
        if tenant is None:
            return
        calls = self.service.recent_connections.get(tenant)
        stats = tenant_stats(config, self.fleet, tenant, recent_connections=calls)
        tint = tint_of(config, self.scope)
        servers, guests = self.boards
        servers.tell(board.servers_line(stats), tint)
        guests.tell(board.guests_line(stats), tint)

    def _share_room(self) -> None:
        """The totals get what they need, at most half of the room."""
        wanted = max(2, min(self.totals.total + 1, self.size.height // 2))
        height = self.totals.styles.height
        if height is None or height.value != wanted:
            self.totals.styles.height = wanted

    def on_resize(self, _event: events.Resize) -> None:
        self._share_room()

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        if isinstance(event.row, TotalRow):
            self.post_message(Scoped(event.row.scope))
        elif isinstance(event.row, WrongRow):
            self._go(event.row)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        event.stop()

    def _go(self, row: WrongRow) -> None:
        if not isinstance(row.target, Place):
            self.post_message(Chosen(row.target))
            return
        self.post_message(Scoped(row.target.scope))
        self.run_worker(self._open(row.target), name="open", group="open", exclusive=True)

    async def _open(self, place: Place) -> None:
        frame = self.screen
        if not isinstance(frame, Frame) or place.view not in frame.features:
            return
        view = await frame.bring(place.view)
        for _ in range(ROW_TRIES if place.row else 0):
            # The view has to ask for its rows first; somebody who goes on to another view is left in peace.
            if frame.front is not view or any(table.move_to(place.row) for table in view.query(LiveTable)):
                return
            await asyncio.sleep(ROW_REST)

    # Asking.

    def _askable(self) -> frozenset[ServerRef]:
        """Servers in scope that answer: the others would only be waited for."""
        sources = (one for one in self.fleet.snapshots if self.scope.covers_server(one.ref))
        return frozenset(one.ref for one in sources if one.state not in SILENT and one.state is not SourceState.STALE)

    def _ask_if_due(self) -> None:
        wanted, tenant, now = self._askable(), self._tenant, self.runtime.clock.monotonic()
        late = self._asked_at is None or now - self._asked_at >= ASK_EVERY
        others = bool(wanted - self._asked) or tenant not in (None, self._asked_tenant)
        if (wanted or tenant) and (late or others) and not self.runtime.poller.paused:
            self._note_asked()
            self.lookout.now()

    def _note_asked(self) -> None:
        self._asked, self._asked_tenant = self._askable(), self._tenant
        self._asked_at = self.runtime.clock.monotonic()

    async def _look(self) -> None:
        self._note_asked()
        await self.service.refresh(sorted(self._asked), self._paint, tenant=self._asked_tenant)

    def _unseen(self) -> bool:
        return self.runtime.poller.paused or not self.is_on_screen
