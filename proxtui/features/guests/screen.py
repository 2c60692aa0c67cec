"""The guests of all servers in one table, with a pane for the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from proxtui.core.ages import at_least, counted
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef
from proxtui.core.rows import Column, Tone
from proxtui.features.guests.rows import COLUMNS, GuestRow, guest_rows, status_text, status_tone
from proxtui.kit.sectioned_view import Section, SectionedView
from proxtui.kit.signs import state_sign

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.core.series import Span
    from proxtui.core.sheet import Page
    from proxtui.features.guests.details import Line
    from proxtui.features.guests.reading import GuestReader
    from proxtui.features.guests.service import GuestDetail, GuestService
    from proxtui.kit.detail_pane import Curve

KINDS: dict[str | None, str] = {None: "guests", "qemu": "VMs", "lxc": "containers"}
"""What ``T`` goes through, and what the header calls it."""


def _state(row: GuestRow) -> str:
    return f"{state_sign('stale' if row.node_offline else row.guest.status)} {status_text(row)}"


ONLY_HERE = {"hastate", "netin_rate", "netout_rate", "diskread_rate", "diskwrite_rate"}
"""Columns that the screen shows where there is room; the command line has no poll before the first."""


def _on_screen(one: Column[GuestRow]) -> Column[GuestRow]:
    """A sign stands before the state; the command line has the word alone."""
    return (
        replace(one, text=_state, width=10)
        if one.key == "status"
        else replace(one, shown=one.shown or one.key in ONLY_HERE)
    )


SCREEN_COLUMNS = tuple(_on_screen(one) for one in COLUMNS)


class GuestsView(SectionedView[GuestRow, "GuestDetail"]):
    """VMs and containers together, or one kind alone."""

    NOUN = "guest"
    HELP_NAME: ClassVar[str] = "guests"
    SHOWS: ClassVar[tuple[type, ...]] = (GuestKey,)
    GROUPS = ("node", "pool", "tags", "tenant")
    CHARTS = 8
    SECTIONS = (
        Section("Summary"),
        Section("Config"),
        Section("Snapshots"),
        Section("Tasks", every=10.0),
        Section("Backups", every=120.0),
        Section("Firewall"),
        Section("Charts", spans=True),
        Section("Pressure", spans=True),
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("T", "next_kind", "All/VMs/CTs")]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.kind: str | None = None
        self._rows: dict[GuestKey, GuestRow] = {}

    # What only an open pane needs is loaded with it.

    @cached_property
    def service(self) -> GuestService:
        """Asks about one guest."""
        from proxtui.features.guests.service import GuestService

        return GuestService(self.runtime)

    @cached_property
    def reader(self) -> GuestReader:
        """Asks for the other sections of one guest."""
        from proxtui.features.guests.reading import GuestReader

        return GuestReader(self.runtime)

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[GuestRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        rows = guest_rows(fleet, scope, kind=self.kind, previous=self._rows)
        everything = scope == Scope() and self.kind is None
        # What is out of sight for a while keeps its counters: when it is back, its rates are too.
        self._rows = {**({} if everything else self._rows), **{row.key: row for row in rows}}
        return rows

    def name_of(self, row: GuestRow) -> str:
        return f"{row.key.vmid} {row.guest.name or ''}".rstrip()

    def place_of(self, row: GuestRow) -> tuple[ServerRef, str]:
        return ServerRef(row.key.tenant, row.key.server), f"{row.key.kind}/{row.key.vmid}"

    @property
    def summary(self) -> str:
        sure = at_least(self.fleet, self.scope, of_guests=True)
        return counted(self.table.shown, self.table.total, KINDS[self.kind], sure) + self.extras

    def action_next_kind(self) -> None:
        kinds = list(KINDS)
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
        self.changed()

    async def ask(self, row: GuestRow, previous: GuestDetail | None) -> GuestDetail:
        return await self.service.detail(row.key, previous)

    async def read(self, row: GuestRow, section: Section, span: Span) -> Page:
        return await self.reader.read(row.key, section.name.lower(), span)

    def title_of(self, row: GuestRow) -> str:
        return title_of(row)

    def tell(self, row: GuestRow, detail: GuestDetail | None) -> None:
        known = detail if detail is not None and detail.key == row.key else None
        self.pane.tell(title_of(row), facts_of(row, known), curves_of(known))


def title_of(row: GuestRow) -> str:
    """``VM 100 web1 on pve1``."""
    kind = "CT" if row.key.kind == "lxc" else "VM"
    return f"{kind} {row.key.vmid} {row.guest.name or ''}".rstrip() + f" on {row.guest.node}"


def facts_of(row: GuestRow, detail: GuestDetail | None) -> list[Line]:
    """State first, then what could not be read, then the configuration."""
    from proxtui.features.guests.details import Line, config_lines

    state = [_state(row), *(f"locked: {row.guest.lock}" for _ in "1" if row.guest.lock)]
    state.extend(f"HA: {row.guest.hastate}" for _ in "1" if row.guest.hastate)
    facts = [Line("State", ", ".join(state), status_tone(row))]
    if detail is None:
        return [*facts, Line("", "reading …", Tone.MUTED)]
    facts.extend(Line("not read", problem, Tone.WARN) for problem in detail.problems)
    if detail.config is not None:
        facts.extend(config_lines(row.key.kind, detail.config))
    return facts


def curves_of(detail: GuestDetail | None) -> list[Curve]:
    """The charts; an empty one says why."""
    from proxtui.features.guests.charts import drawings
    from proxtui.kit.detail_pane import curves

    history = detail.history if detail is not None else None
    empty = "reading …" if detail is None else "no data" if history is not None else "not read"
    return curves(drawings(history), history.times if history is not None else (), empty)
