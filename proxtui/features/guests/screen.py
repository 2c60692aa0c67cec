"""The guests of all servers in one table, with a pane for the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from proxtui.core.ages import at_least, counted
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef
from proxtui.core.rows import Column, Tone
from proxtui.features.guests.hidden import hidden_guests
from proxtui.features.guests.inside import ASKED, oldest_last
from proxtui.features.guests.rows import COLUMNS, GuestRow, GuestRows, guest_rows, status_text, status_tone
from proxtui.kit.app import LiveApp
from proxtui.kit.one_line import Notice
from proxtui.kit.sectioned_view import Section, SectionedView
from proxtui.kit.signs import DOING, state_sign

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.core.series import Span
    from proxtui.core.sheet import Page
    from proxtui.features.guests.details import Line
    from proxtui.features.guests.reading import GuestReader
    from proxtui.features.guests.service import GuestDetail, GuestService
    from proxtui.features.guests.sweep import GuestSweep, Wish
    from proxtui.kit.detail_pane import Curve
    from proxtui.kit.prepared import Subject

KINDS: dict[str | None, str] = {None: "guests", "qemu": "VMs", "lxc": "containers"}
"""What ``T`` goes through, and what the header calls it."""


def _state(row: GuestRow) -> str:
    return f"{state_sign('stale' if row.muted else row.guest.status)} {status_text(row)}"


ONLY_HERE = {"hastate", "netin_rate", "netout_rate", "diskread_rate", "diskwrite_rate"}
"""Columns that the screen shows where there is room; the command line has no poll before the first."""


def _on_screen(one: Column[GuestRow]) -> Column[GuestRow]:
    """A sign stands before the state; the command line has the word alone."""
    if one.key == "backup":
        return replace(one, value=oldest_last)
    return (
        replace(one, text=_state, width=10)
        if one.key == "status"
        else replace(one, shown=one.shown or one.key in ONLY_HERE)
    )


def _doing(row: GuestRow) -> str:
    return f"{DOING} {row.doing}" if row.doing else ""


SCREEN_COLUMNS = tuple(_on_screen(one) for one in COLUMNS)
SCREEN_COLUMNS = (
    SCREEN_COLUMNS[0],
    Column("doing", "Doing", lambda row: row.doing, _doing, 12, 1, tone=lambda row: Tone.ACCENT),
    *SCREEN_COLUMNS[1:],
)


class ChangeableGuests(SectionedView[GuestRow, "GuestDetail"]):
    """What can be done to a guest, and to the lines of its sections."""

    def subject_of(self, row: Any) -> Subject | None:
        from proxtui.features.guests.subjects import subject_of_guest, subject_of_thing

        if isinstance(row, GuestRow):
            return subject_of_guest(row)
        return subject_of_thing(self.runtime, self.row, row.thing) if self.row is not None else None

    def can_act_on(self, row: Any) -> bool:
        return isinstance(row, GuestRow) or row.thing is not None


class GuestsView(ChangeableGuests):
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
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "next_kind", "All/VMs/CTs", id="kind"),
        Binding("A", "sweep", "Ask guests for IP, OS and backups, or stop", show=False, id="ask-guests"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.kind: str | None = None
        self._rows: GuestRows | None = None
        self.notice = Notice(id="not-seen")
        self.wish: Wish | None = None
        """What somebody wants to be asked slowly; None: nothing."""
        self._asking: Wish | None = None
        """What is being asked: the wish, and the backups while their column is shown."""

    def compose(self) -> ComposeResult:
        yield self.notice
        yield from super().compose()

    def on_mount(self) -> None:
        wanted = self.runtime.config.settings.sweep
        if wanted != "off":
            from proxtui.features.guests.sweep import Wish

            self._want(Wish(guests=wanted != "backups", backups=wanted != "guests"))

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

    @cached_property
    def sweep(self) -> GuestSweep:
        """Asks the guests slowly, for as long as this view lives."""
        from proxtui.features.guests.sweep import GuestSweep

        return GuestSweep(self.runtime)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        super().show(fleet, scope)
        self._ask_as_wished()
        lines = hidden_guests(fleet, scope, lambda ref: self.runtime.connection(ref).permissions)
        lines += self.sweep.lines(scope) if self._asking is not None else []
        more = f"  (+{len(lines) - 1} more)" if len(lines) > 1 else ""
        self.notice.say(lines[0] + more if lines else "", Tone.WARN)

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[GuestRow]:
        doing = self.app.doing if isinstance(self.app, LiveApp) else {}
        same = {"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set()
        self.hide_columns(same if doing else {*same, "doing"})
        self._rows = guest_rows(fleet, scope, kind=self.kind, previous=self._rows, doing=doing)
        return self._rows

    def name_of(self, row: GuestRow) -> str:
        return f"{row.key.vmid} {row.guest.name or ''}".rstrip()

    def place_of(self, row: GuestRow) -> tuple[ServerRef, str]:
        return ServerRef(row.key.tenant, row.key.server), f"{row.key.kind}/{row.key.vmid}"

    @property
    def summary(self) -> str:
        sure = at_least(self.fleet, self.scope, of_guests=True)
        return counted(self.table.shown, self.table.total, KINDS[self.kind], sure) + self.extras + self._progress

    def action_next_kind(self) -> None:
        kinds = list(KINDS)
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
        self.changed()

    def action_sweep(self) -> None:
        """Ask the guests in scope slowly; the same again ends it, in another scope it asks there."""
        from proxtui.features.guests.sweep import Wish

        here = self.wish is not None and self.wish.scope == self.scope
        self._want(None if here else Wish(self.scope))
        self.changed()

    @property
    def _progress(self) -> str:
        return f", asked {self.sweep.asked} for IPs" if self._asking is not None and self._asking.guests else ""

    def _want(self, wish: Wish | None) -> None:
        self.wish = wish
        asked = ASKED if wish is None else {"backup"} if not wish.guests else ASKED if wish.backups else {"ip", "os"}
        self.wanted = self.wanted - asked if wish is None else self.wanted | asked
        self.set_columns()
        self._ask_as_wished()

    def _ask_as_wished(self) -> None:
        wish = self.wish
        if "backup" in self.wanted and (wish is None or not wish.backups):
            from proxtui.features.guests.sweep import Wish

            # Whoever looks at the column wants to know, with or without the rest.
            wish = Wish(self.scope, guests=False) if wish is None else wish._replace(backups=True)
        if wish == self._asking:
            return
        self._asking = wish
        self.workers.cancel_group(self, "sweep")
        if wish is not None:
            self.run_worker(self.sweep.run(wish), name="sweep", group="sweep")

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
    from proxtui.features.guests.details import Line, config_lines, doubt, learned_lines

    state = [_state(row) + doubt(row), *(f"locked: {row.guest.lock}" for _ in "1" if row.guest.lock)]
    state.extend(f"HA: {row.guest.hastate}" for _ in "1" if row.guest.hastate)
    facts = [Line("State", ", ".join(state), Tone.WARN if row.muted else status_tone(row)), *learned_lines(row)]
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
