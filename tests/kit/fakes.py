"""Rows, views and a running kernel made by hand, for tests of the toolbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region

from proxtui.config.models import Config
from proxtui.core.feature import Feature
from proxtui.core.model import Fleet, GuestKey, NodeKey, Scope, ServerRef
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.core.store import Store
from proxtui.errors import NetworkError
from proxtui.kit.app import LiveApp
from proxtui.kit.live_table import LiveTable
from proxtui.kit.screen import LiveScreen
from proxtui.kit.view import LiveView, Scoped, Selected
from proxtui.pve.models import ProxmoxNode, ProxmoxVM

BERLIN = ServerRef("acme", "berlin")
PARIS = ServerRef("zeta", "paris")


@dataclass(frozen=True)
class Row:
    """One guest, as small as it gets."""

    key: Any
    name: str = "web"
    cpu: float | None = 0.5
    tags: tuple[str, ...] = ()
    muted: bool = False

    @property
    def haystack(self) -> str:
        return f"{self.key} {self.name}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.name, "cpu": self.cpu, "tag": list(self.tags), "vmid": self.key}.get(name)


COLUMNS: tuple[Column[Row], ...] = (
    Column("vmid", "ID", lambda row: row.key, lambda row: str(row.key), 6, priority=1, align="right"),
    Column("name", "NAME", lambda row: row.name, lambda row: row.name, 12, priority=1, grow=True),
    Column(
        "cpu",
        "CPU",
        lambda row: row.cpu,
        lambda row: UNKNOWN if row.cpu is None else f"{row.cpu:.0%}",
        5,
        priority=3,
        align="right",
        tone=lambda row: tone_of_load(row.cpu),
    ),
    Column("tags", "TAGS", lambda row: list(row.tags), lambda row: ";".join(row.tags), 12, tone=lambda _: Tone.MUTED),
)


def many(count: int, **known: Any) -> list[Row]:
    """Rows 0, 1, 2, ... named ``vm0``, ``vm1``, ``vm2``, ..."""
    return [Row(number, f"vm{number}", **known) for number in range(count)]


class CountingTable(LiveTable):
    """Remembers which of its lines somebody wanted to see again."""

    def __init__(self, columns: Sequence[Column[Any]] = COLUMNS, **settings: Any) -> None:
        super().__init__(columns, **{"sort": "vmid", "noun": "guest", **settings})
        self.refreshed: list[tuple[Region, ...]] = []

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Any:
        if hasattr(self, "refreshed"):
            self.refreshed.append(regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    @property
    def lines_refreshed(self) -> set[int]:
        return {region.y for regions in self.refreshed for region in regions}


class TableApp(App[None]):
    """One table and what it said."""

    def __init__(self, table: LiveTable, rows: Sequence[Row] = ()) -> None:
        super().__init__()
        self.table = table
        self.start = rows
        self.highlighted: list[Any] = []
        self.opened: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_rows(self.start)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        self.highlighted.append(event.row and event.row.key)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        self.opened.append(event.row and event.row.key)


def lines_of(table: LiveTable) -> list[str]:
    """What stands on the lines of the table, header included."""
    return [table.render_line(y).text for y in range(table.size.height)]


class HeldClock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_790_000_000.0 + self.now

    def boottime(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here sleeps")


@dataclass
class FakePoller:
    """Remembers what was asked of it."""

    paused: bool = False
    resting: bool = False
    nudged: int = 0
    attended: list[list[ServerRef]] = field(default_factory=list)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def rest(self, resting: bool) -> None:
        self.resting = resting

    def nudge(self, ref: ServerRef | None = None) -> None:
        self.nudged += 1

    def attend(self, refs: list[ServerRef]) -> None:
        self.attended.append(refs)


@dataclass(frozen=True)
class Polled:
    """What one poll told."""

    guests: tuple[ProxmoxVM, ...] = ()
    nodes: tuple[ProxmoxNode, ...] = ()
    storages: tuple[Any, ...] = ()


class FakeRuntime:
    """A store with two servers and nobody who polls them."""

    def __init__(self, *, read_only: bool = False, unverified: bool = False) -> None:
        self.clock = HeldClock()
        self.store = Store(self.clock)
        self.poller = FakePoller()
        self.read_only = read_only
        self.requests_sent = 0
        self.config = Config()
        self.recording = None
        for ref in (BERLIN, PARIS):
            self.store.register(ref, unverified_tls=unverified)
            self.poll(ref)

    def poll(self, ref: ServerRef = BERLIN, names: Sequence[str] = ("web", "db", "mail")) -> None:
        """Let the server answer."""
        guests = tuple(ProxmoxVM(vmid=100 + at, node="pve1", name=name) for at, name in enumerate(names))
        polled: Any = Polled(guests, (ProxmoxNode(node="pve1", status="online"),))
        self.store.put(ref, polled, taken_at=self.clock.now, endpoint="pve1:8006", interval=4.0)

    def fail(self, ref: ServerRef = PARIS) -> None:
        """Let the server not answer."""
        error = NetworkError("pve1:8006: connection refused", stage="connect")
        self.store.fail(ref, error, next_try_at=self.clock.now + 12)


class GuestsView(LiveView):
    """Guests of the fleet in one table; counts how often it was given something to show."""

    SHOWS = (GuestKey,)
    shows = 0

    def compose(self) -> ComposeResult:
        yield LiveTable(COLUMNS, sort="name", noun="guest")

    @property
    def table(self) -> LiveTable:
        return self.query_one(LiveTable)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self.shows += 1
        self.table.set_rows(
            [
                Row(key, guest.name or "", guest.cpu)
                for snapshot in fleet.snapshots
                if scope.covers_server(snapshot.ref)
                for key, guest in snapshot.guests.items()
            ]
        )

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        key: Any = event.row.key if event.row else None
        self.post_message(Selected(key))

    @property
    def summary(self) -> str:
        return f"{self.table.shown} of {self.table.total} guests"


class NodesView(GuestsView):
    """Nodes of the fleet."""

    SHOWS = (NodeKey,)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self.shows += 1
        self.table.set_rows(
            [Row(key, node.node) for snapshot in fleet.snapshots for key, node in snapshot.nodes.items()]
        )

    @property
    def summary(self) -> str:
        return f"{self.table.total} nodes"


class TreeView(LiveView):
    """Servers; entering one narrows the scope to it."""

    def compose(self) -> ComposeResult:
        yield LiveTable(COLUMNS[1:2], sort="name", header=False)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self.query_one(LiveTable).set_rows([Row(snapshot.ref, snapshot.ref.server) for snapshot in fleet.snapshots])

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        assert event.row is not None
        ref: Any = event.row.key
        self.post_message(Scoped(Scope(*ref)))


FEATURES = (
    Feature("guests", "Guests", "1", "tests.kit.fakes:GuestsView"),
    Feature("nodes", "Nodes", "2", "tests.kit.fakes:NodesView"),
)
TREE = Feature("tree", "Tree", view="tests.kit.fakes:TreeView")


class ScreenApp(LiveApp):
    """The live screen over a fake kernel."""

    def __init__(self, runtime: FakeRuntime, **settings: Any) -> None:
        super().__init__(**settings)
        known: Any = runtime
        self.live = LiveScreen(known, FEATURES, TREE)

    def get_default_screen(self) -> LiveScreen:
        return self.live
