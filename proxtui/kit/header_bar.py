"""The line at the top: where we are, what is true of the whole screen, and how fresh the knowledge is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from rich.cells import cell_len
from rich.style import Style

from proxtui.core.ages import age_text, coarse_age, state_tone
from proxtui.core.model import Fleet, Scope, Snapshot, SourceState
from proxtui.core.rows import Tone
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit
from proxtui.kit.safe import visible
from proxtui.kit.signs import STEP, state_sign

Said = tuple[str, Tone]
_WORST_FIRST = (SourceState.FORBIDDEN, SourceState.DOWN, SourceState.STALE, SourceState.WAITING, SourceState.FRESH)


class Headline(Struct, frozen=True):
    """What the header says."""

    trail: tuple[str, ...] = ()
    """Tenant, server, node, view: as far as they are chosen."""
    summary: str = ""
    """Of the view: ``120 of 400 guests``."""
    badges: tuple[Said, ...] = ()
    """READ-ONLY, TLS NOT VERIFIED, PAUSED: never left out."""
    freshness: Said = ("", Tone.PLAIN)
    rate: str = ""
    """Requests of the last minute."""
    tint: str = ""
    """The colour of the tenant in scope; empty where it has none."""


def freshness(fleet: Fleet, scope: Scope) -> Said:
    """How good the knowledge of the servers in scope is: ``◆ 3 fresh``, ``✗ 1 of 3 down 2m``."""
    sources = [snapshot for snapshot in fleet.snapshots if scope.covers_server(snapshot.ref)]
    if not sources:
        return "no server", Tone.MUTED
    # Among those in the same state the oldest: where the column of ages has no room, this is all one is told.
    worst = min(sources, key=lambda snapshot: (_WORST_FIRST.index(snapshot.state), -(snapshot.age(fleet.now) or 0.0)))
    alike = sum(snapshot.state is worst.state for snapshot in sources)
    count = f"{alike} of {len(sources)} " if alike < len(sources) else (f"{alike} " if alike > 1 else "")
    said = f"{state_sign(worst.state)} {count}{worst.state}{_age(worst, fleet.now)}"
    return said + "".join(_others(sources, worst.state, fleet.now)), state_tone(worst.state)


def _others(sources: Sequence[Snapshot], worst: SourceState, now: float) -> Iterator[str]:
    """``, 3 stale 30s``: a dead server must not hide that others have grown old."""
    for state in _WORST_FIRST:
        alike = [one for one in sources if one.state is state]
        if alike and state not in (worst, SourceState.FRESH, SourceState.WAITING):
            oldest = max(alike, key=lambda one: one.age(now) or 0.0)
            yield f", {len(alike)} {state}{_age(oldest, now)}"


def trail(fleet: Fleet, scope: Scope, title: str) -> tuple[str, ...]:
    """Where we are: what is chosen of tenant, server and node, then the view. A fleet of one server is always named."""
    if scope == Scope() and len(fleet.snapshots) == 1:
        scope = Scope(*fleet.snapshots[0].ref)
    chosen = tuple(part for part in (scope.tenant, scope.server, scope.node) if part)
    return (*(chosen or ("fleet",)), title)


def badges(fleet: Fleet, *, read_only: bool, paused: bool) -> tuple[Said, ...]:
    """What must never be overlooked."""
    said: list[Said] = []
    if any(snapshot.unverified_tls for snapshot in fleet.snapshots):
        said.append(("TLS NOT VERIFIED", Tone.BAD))
    if read_only:
        said.append(("READ-ONLY", Tone.ACCENT))
    if paused:
        said.append(("PAUSED", Tone.WARN))
    return tuple(said)


def _age(snapshot: Snapshot, now: float) -> str:
    if snapshot.state is SourceState.FRESH or snapshot.taken_at is None:
        return ""
    return f" {age_text(coarse_age(snapshot, now))}"


class HeaderBar(OneLine):
    """``tenant ▸ server ▸ view  120 guests`` at the left; badges, freshness and request rate at the right."""

    DEFAULT_CSS = "HeaderBar { background: $surface; }"

    _headline = Headline()

    def tell(self, headline: Headline) -> None:
        """Show this."""
        if headline != self._headline:
            self._headline = headline
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        said = self._headline
        right = self._right(width)
        # A blank before it, and one behind it: what is cut at the left must not run into what stands at the right.
        room = width - sum(cell_len(text) for text, _ in right) - 2
        rate = f"{said.rate}  " if said.rate else ""
        trail = f" {STEP} ".join(said.trail)
        left_cells = cell_len(visible(trail)) + (2 + cell_len(said.summary) if said.summary else 0)
        if rate and left_cells + cell_len(rate) < room:
            right.insert(0, (rate, self.style_of(Tone.MUTED)))
            room -= cell_len(rate)
        left = self._left(trail, said.summary, room)
        gap = width - sum(cell_len(text) for text, _ in (*left, *right))
        return [*left, (" " * max(0, gap), self.style_of(Tone.PLAIN)), *right]

    def _left(self, trail: str, summary: str, room: int) -> list[Run]:
        trail, summary = visible(trail), visible(summary)
        shown = fit(trail, max(0, min(room, cell_len(trail))))
        left: list[Run] = [(" ", self.style_of(Tone.PLAIN)), (shown, self._trail_style())]
        free = room - cell_len(shown) - 2
        if summary and free > 0:
            left.append((f"  {fit(summary, min(free, cell_len(summary)))}", self.style_of(Tone.PLAIN)))
        return left

    def _trail_style(self) -> Style:
        """The accent, or the colour of the tenant where the terminal shows colours of its own."""
        usual = self.style_of(Tone.ACCENT)
        if not self._headline.tint or self.app.native_ansi_color or self.app.no_color:
            return usual
        from proxtui.kit.tenants import readable

        _, ground = self.background_colors
        colour = readable(self._headline.tint, ground, self.styles.color)
        return usual if colour is None else usual + Style(color=colour.rich_color)

    def _right(self, width: int) -> list[Run]:
        runs: list[Run] = []
        for text, tone in self._headline.badges:
            runs += [(f" {text} ", self.badge_style(tone)), (" ", self.style_of(Tone.PLAIN))]
        text, tone = self._headline.freshness
        used = sum(cell_len(piece) for piece, _ in runs)
        runs.append((fit(text, min(cell_len(text), max(0, width - used - 2))), self.style_of(tone)))
        return [*runs, (" ", self.style_of(Tone.PLAIN))]
