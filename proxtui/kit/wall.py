"""The screen on the wall: one view after the other, large figures below, no key but ``q``, which it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Static

from proxtui.core.feature import Feature
from proxtui.core.model import Fleet, Snapshot, SourceState
from proxtui.core.rows import BAD_AT, UNKNOWN, Tone
from proxtui.core.tenant_stats import count_guests, silent_nodes
from proxtui.core.text import percent, share
from proxtui.kit.key_bar import KeyBar
from proxtui.kit.one_line import Notice
from proxtui.kit.safe import plain
from proxtui.kit.screen import LiveScreen
from proxtui.kit.view import LiveView

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime


KEYS = "wall: read-only; q quits"
SAID_FOR = 6.0
"""Seconds that this stays after a key."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and what it counts."""

    value: str
    label: str
    tone: Tone = Tone.PLAIN


_SILENT = frozenset({SourceState.WAITING, SourceState.DOWN, SourceState.FORBIDDEN})
"""What was once known of such a server is in no sum: the overview counts so, too."""


def figures(fleet: Fleet) -> list[Figure]:
    """Guests that run, nodes online, storages nearly full, servers that do not answer.

    Templates are none: they never run. A plus says that there may be more: some of it is unknown or may not be seen.
    """
    known = [one for one in fleet.snapshots if one.taken_at is not None and one.state not in _SILENT]
    more = "+" if len(known) < len(fleet.snapshots) else ""
    seen = [one for one in known if not one.guests_unseen]
    unseen = "+" if len(seen) < len(fleet.snapshots) else ""
    counted = [count_guests(one.guests.values(), silent_nodes(one)) for one in seen]
    guests, running = sum(one.total for one in counted), sum(one.running for one in counted)
    untold = sum(one.untold for one in counted)
    nodes = [node for snapshot in known for node in snapshot.nodes.values()]
    online = sum(node.status == "online" for node in nodes)
    unsure = "+" if more or any(node.status not in ("online", "offline") for node in nodes) else ""
    full = sum(_full(snapshot) for snapshot in known)
    silent = sum(snapshot.state is not SourceState.FRESH for snapshot in fleet.snapshots)
    node_tone = Tone.BAD if online < len(nodes) else Tone.GOOD if nodes else Tone.PLAIN
    return [
        Figure(
            f"{running}{unseen or '+' * bool(untold)}" if seen and (untold < guests or not guests) else UNKNOWN,
            f"of {guests}{unseen} guests run" if seen else f"of {UNKNOWN} guests run",
        ),
        Figure(
            f"{online}{unsure}" if known else UNKNOWN,
            f"of {len(nodes)}{more} nodes online" if known else f"of {UNKNOWN} nodes online",
            node_tone,
        ),
        Figure(
            f"{full}{more}" if known else UNKNOWN,
            f"storages over {percent(BAD_AT)}",
            Tone.WARN if full else Tone.PLAIN,
        ),
        Figure(str(silent), "servers not fresh", Tone.BAD if silent else Tone.GOOD),
    ]


def _full(snapshot: Snapshot) -> int:
    """Storages that are nearly full; a shared one counts once."""
    names = set()
    for key, storage in snapshot.storages.items():
        part = share(storage.used, storage.total)
        if part is not None and part >= BAD_AT:
            names.add(key.storage if storage.shared else (key.storage, key.node))
    return len(names)


class FigureBox(Vertical):
    """A figure in large digits, its label below."""

    def compose(self) -> ComposeResult:
        yield Digits()
        yield Static(classes="label", markup=False)

    def tell(self, figure: Figure) -> None:
        """Show this figure."""
        self.set_classes(f"-{figure.tone}")
        digits = self.query_one(Digits)
        if digits.value != figure.value:
            digits.update(figure.value)
        self.query_one(".label", Static).update(plain(figure.label))


class Wall(LiveScreen, inherit_bindings=False):
    """Nobody stands before it: it goes from view to view by itself and changes nothing."""

    HELP_NAME: ClassVar[str] = "wall"
    AUTO_FOCUS: ClassVar[str | None] = ""
    DEFAULT_CSS = """
    Wall #figures { height: 4; width: 1fr; background: $surface; }
    Wall FigureBox { width: 1fr; height: 4; padding: 0 0 0 1; }
    Wall FigureBox Digits { width: 1fr; text-style: bold; }
    Wall FigureBox .label { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Wall FigureBox.-good Digits { color: $success; }
    Wall FigureBox.-warn Digits { color: $warning; }
    Wall FigureBox.-bad Digits { color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", id="quit")]

    def __init__(self, runtime: Runtime, features: Sequence[Feature], *, seconds: float) -> None:
        """Each of ``features`` in turn stays for ``seconds``."""
        super().__init__(runtime, features)
        self._seconds = seconds

    def compose_lines(self) -> ComposeResult:
        yield from super().compose_lines()
        yield Notice(id="wall-keys")
        with Horizontal(id="figures"):
            for _ in figures(Fleet((), 0.0)):
                yield FigureBox()

    async def on_mount(self) -> None:
        self.query_one(KeyBar).display = False
        self.set_interval(self._seconds, self.turn)

    async def turn(self) -> None:
        """Show the next view."""
        names = list(self.features)
        here = self.front_feature
        await self.bring(names[(names.index(here.name) + 1) % len(names)] if here else names[0])

    async def bring(self, name: str) -> LiveView:
        view = await super().bring(name)
        for widget in view.query("*"):
            widget.can_focus = False
        self.set_focus(None)
        return view

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key does anything; ``q`` belongs to the app."""
        return False

    def on_key(self, event: events.Key) -> None:
        """No key is ignored without a word."""
        if event.key != "q":
            self.query_one("#wall-keys", Notice).say(KEYS, Tone.ACCENT)
            self.set_timer(SAID_FOR, self._hush)

    def _hush(self) -> None:
        self.query_one("#wall-keys", Notice).say("")

    def _tell(self, fleet: Fleet) -> None:
        super()._tell(fleet)
        for box, figure in zip(self.query(FigureBox), figures(fleet), strict=True):
            box.tell(figure)
