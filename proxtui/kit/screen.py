"""The live screen: gives what the store knows to the view in front and to the sidebar, and nothing to anybody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from proxtui.core.ages import troubles
from proxtui.core.feature import Feature, load
from proxtui.core.model import Delta, Fleet, Goal, GuestKey, Scope, ServerRef, SourceState
from proxtui.core.rows import Tone
from proxtui.kit.filter_bar import FilterBar, FilterChanged
from proxtui.kit.frame import Frame
from proxtui.kit.header_bar import HeaderBar, Headline, badges, freshness, trail
from proxtui.kit.key_names import key_of
from proxtui.kit.one_line import Notice
from proxtui.kit.pulse import Pulse, RequestRate
from proxtui.kit.tenants import tint_of
from proxtui.kit.view import Chosen, LiveView, Scoped, Selected
from proxtui.kit.write_badge import change_badges, is_locked, remaining

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

_TICK = 1.0
"""Seconds between repaints of ages while something is not fresh."""


class StoreChanged(Message):
    """The store has something new; many of these are one."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, StoreChanged)


class LiveScreen(Frame):
    """One screen over the whole fleet. Writes nothing to the terminal while all is fresh and nothing changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Clear filter"),
        Binding("P", "pause", "Pause", id="pause"),
        Binding("ctrl+r,f5", "refresh", "Refresh now", show=False, id="refresh"),
        Binding("q", "app.quit", "Quit", id="quit"),
    ]

    def __init__(self, runtime: Runtime, features: Sequence[Feature], sidebar: Feature | None = None) -> None:
        super().__init__(runtime, features, sidebar)
        self.scope = Scope()
        self._filters: dict[str, str] = {}
        """What is typed in the filter line of each view that is not in front."""
        self._pulse = Pulse(self, self._show, runtime.clock.monotonic)
        self._rate = RequestRate()
        self._unsubscribe: Callable[[], None] | None = None
        self._tick: Timer | None = None
        self.resume: Callable[[LiveView], None] = _nothing_left
        """Brings a view that came to the front to where it was in the dashboard before this one."""

    async def on_mount(self) -> None:
        self._unsubscribe = self.runtime.store.subscribe(partial(_tell_of_change, self))
        self._tick = self.set_interval(_TICK, self._pulse.ask, pause=True)
        if self.features:
            await self.bring(next(iter(self.features)))

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    async def bring(self, name: str) -> LiveView:
        if self._front:
            self._filters[self._front] = self.query_one(FilterBar).filter.text
        return await super().bring(name)

    def came_to_front(self, view: LiveView) -> None:
        # A filter belongs to its view: what hides guests would hide all storages.
        self.query_one(FilterBar).put(self._filters.get(self._front, ""))
        _use_filter(self)
        self._show()
        self.resume(view)

    def sidebar_came(self) -> None:
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "back":
            return self.is_mounted and bool(self.query_one(FilterBar).filter.text)
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        self.query_one(FilterBar).clear()

    def action_pause(self) -> None:
        poller = self.runtime.poller
        if poller.paused:
            poller.resume()
        else:
            poller.pause()
        self._show()

    def action_refresh(self) -> None:
        self.runtime.poller.nudge()

    @on(StoreChanged)
    @on(events.ScreenResume)
    def _ask_to_show(self) -> None:
        self._pulse.ask()

    def on_filter_changed(self, event: FilterChanged) -> None:
        event.stop()
        _use_filter(self)
        self._tell(self.runtime.store.fleet())
        self.refresh_bindings()

    def on_told(self) -> None:
        self._tell(self.runtime.store.fleet())

    def on_scoped(self, event: Scoped) -> None:
        self.narrow(event.scope)
        if event.filter is not None:
            bar = self.query_one(FilterBar)
            # The same choice again takes the filter away, as it does with a scope.
            bar.put("" if bar.filter.text == event.filter else event.filter)

    def narrow(self, scope: Scope) -> None:
        """Show this part of the fleet; the servers outside of it are asked less often."""
        if scope == self.scope:
            return
        self.scope = scope
        covered = [snapshot.ref for snapshot in self.runtime.store.fleet().snapshots]
        self.runtime.poller.attend([ref for ref in covered if self.scope.covers_server(ref)])
        self._show()

    def on_selected(self, event: Selected) -> None:
        # The one that has the keys leads, the other follows; else two cursors chase each other.
        sidebar = self.sidebar
        leads = sidebar is not None and sidebar.has_focus_within
        from_sidebar = sidebar is not None and event.view is sidebar
        follower = self.front if from_sidebar else sidebar
        if event.key is not None and follower is not None and leads == from_sidebar:
            follower.reveal(event.key)

    async def on_chosen(self, event: Chosen) -> None:
        await self.go(event.key)

    async def go(self, key: Goal) -> bool:
        """Bring the view forward that can show this, with the cursor on it; False when there is none.

        A scope or a filter that would hide it gives way.
        """
        name = next((name for name, card in self.features.items() if isinstance(key, load(card.view).SHOWS)), None)
        if name is None:
            return False
        if not in_scope(key, self.runtime.store.fleet(), self.scope):
            self.narrow(Scope(key.tenant, key.server))
        view = await self.bring(name)
        bar = self.query_one(FilterBar)
        if view.find(key):
            return True
        bar.clear()
        view.set_filter(bar.filter)
        return view.find(key)

    def _show(self) -> None:
        if not (self.is_mounted and self.is_current):
            return
        fleet = self.runtime.store.fleet()
        if self.sidebar is not None and self.sidebar.display:
            self.sidebar.show(fleet, self.scope)
        if self.front is not None:
            self.front.show(fleet, self.scope)
        self._tell(fleet)

    def _tell(self, fleet: Fleet) -> None:
        self.query_one(HeaderBar).tell(
            Headline(
                trail=trail(fleet, self.scope, self.front_feature.title if self.front_feature else ""),
                summary=self.front.summary if self.front is not None else "",
                badges=(
                    *badges(
                        fleet, read_only=is_locked(self.runtime, fleet, self.scope), paused=self.runtime.poller.paused
                    ),
                    *change_badges(self.runtime, fleet, self.scope, getattr(self.app, "changes_running", 0)),
                ),
                freshness=freshness(fleet, self.scope),
                rate=self._rate.text(fleet.now, self.runtime.requests_sent),
                tint=tint_of(self.runtime.config, self.scope),
            )
        )
        own = getattr(self.app, "trouble", "")
        lines = [*([own] if own else []), *troubles(fleet, self.scope)]
        # In front, where it is never cut: how many there are, and that nobody was asked at all.
        paused = f"paused, {key_of(self, 'pause', 'P')} goes on: " if self.runtime.poller.paused else ""
        lead = paused + (f"(1 of {len(lines)}) " if len(lines) > 1 else "")
        known = [snapshot for snapshot in fleet.snapshots if snapshot.state is not SourceState.WAITING]
        self.query_one("#trouble", Notice).say(lead + lines[0] if lines and (known or own) else "", Tone.WARN)
        if self._tick is not None:
            # Ages and the time for which the lock is open are counted; nothing else moves by itself.
            ageing = any(snapshot.state is not SourceState.FRESH for snapshot in fleet.snapshots)
            counting = ageing or remaining(self.runtime, fleet, self.scope) is not None
            (self._tick.resume if counting else self._tick.pause)()


def _nothing_left(_view: LiveView) -> None:
    """This dashboard is the first."""


def _tell_of_change(screen: LiveScreen, _delta: Delta) -> None:
    screen.post_message(StoreChanged())


def _use_filter(screen: LiveScreen) -> None:
    """The filter in force is that of the line, even when a message tells of an older one."""
    wanted = screen.query_one(FilterBar).filter
    for view in (screen.front, screen.sidebar):
        if view is not None:
            view.set_filter(wanted)


def in_scope(key: Goal, fleet: Fleet, scope: Scope) -> bool:
    """Whether the views show this thing: guests are where their node is now."""
    ref = ServerRef(key.tenant, key.server)
    if not isinstance(key, GuestKey):
        return scope.covers_node(ref, key.node)
    snapshot = fleet.snapshot(ref)
    guest = snapshot.guests.get(key) if snapshot else None
    return scope.covers_node(ref, guest.node) if guest else scope.covers_server(ref)
