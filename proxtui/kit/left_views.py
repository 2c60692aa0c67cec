"""How somebody left the dashboard, for the one that is opened in its place. Loaded when one is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct
from textual.app import App
from textual.notifications import Notification

from proxtui.config.models import Config
from proxtui.core.handover import may_pass, narrowed, unchanged
from proxtui.core.model import ServerRef
from proxtui.core.run import Run
from proxtui.core.store import Store
from proxtui.kit.app import LiveApp
from proxtui.kit.arrangements import name_of
from proxtui.kit.console import Console
from proxtui.kit.live_table import LiveTable
from proxtui.kit.places import Place, Places
from proxtui.kit.screen import LiveScreen
from proxtui.kit.table_view import TableView
from proxtui.kit.view import LiveView

Same = AbstractSet[ServerRef]
"""The servers of which something may be handed over."""


class LeftView(Struct):
    """One view: what its keys have moved, opened and marked."""

    cursors: Sequence[Hashable]
    """The row under the cursor of each of its tables."""
    marks: frozenset[Hashable] = frozenset()
    is_open: bool = False
    is_zoomed: bool = False
    own: Mapping[str, Any] = {}
    """What the view itself names in ``LEFT``."""


class Left(Struct):
    """Everything but what the memory keeps: it is of this session, and of these servers."""

    config: Config
    store: Store
    front: str
    views: dict[str, LeftView]
    told: Sequence[Notification]
    paused: bool
    runs: Sequence[Run] = ()
    place: Place | None = None
    places: Places | None = None
    filters: Mapping[str, str] = {}
    sidebar: bool | None = None
    """Whether somebody wants it; None: as the width says."""
    keys_at_side: bool = False
    said: str = ""
    """The line below, if it still stands there."""


def leave(app: LiveApp, screen: LiveScreen) -> Left:
    """What there is to hand over. Nothing covers the screen."""
    views = {name_of(view): left_of(view) for view in screen.query(LiveView)}
    runtime, changing = screen.runtime, app._changing
    left = Left(
        runtime.config, runtime.store, screen._front, views, list(app._notifications), runtime.poller.paused,
        runs=changing.runs.all if changing is not None else (),
    )  # fmt: skip
    if isinstance(screen, Console):
        left.place, left.places, left.filters = screen.here, screen.places, screen._filters
        left.sidebar = screen._wants_sidebar
        left.keys_at_side = screen.sidebar is not None and screen.sidebar.has_focus_within
        line = screen._line
        if line is not None and line.display and not line.query_one("#command-line").display:
            left.said = line.said
    return left


def left_of(view: LiveView) -> LeftView:
    """How this view is left."""
    found = LeftView([table.rows.cursor_key for table in view.query(LiveTable)])
    found.own = {name: getattr(view, name) for name in getattr(view, "LEFT", ())}
    if isinstance(view, TableView):
        found.marks = frozenset(view.marks)
        found.is_open, found.is_zoomed = view.split.is_open, view.split.has_class("-zoom")
    return found


def put_back(view: LiveView, left: LeftView, same: Same) -> None:
    """Bring a view that shows its rows to where it was. What stands at another server by now is left out."""
    for name, value in left.own.items():
        if isinstance(value, set):
            # In place: more than one may hold it.
            held = getattr(view, name)
            held.clear()
            held.update(key for key in value if may_pass(key, same))
        else:
            setattr(view, name, value)
    for table, key in zip(view.query(LiveTable), left.cursors, strict=False):
        if key is not None and may_pass(key, same):
            table.move_to(key)
    if isinstance(view, TableView):
        view.mark_again(key for key in left.marks if may_pass(key, same))
        if left.is_open and not view.split.is_open:
            view.action_toggle_detail()
        view.split.set_class(left.is_zoomed and view.split.is_open, "-zoom")


async def take_up(app: LiveApp, screen: LiveScreen, left: Left) -> None:
    """Go on where the other dashboard was left, as far as that is still there and may be seen by this key."""
    config = screen.runtime.config
    same = unchanged(left.config, config)
    screen.resume = _Once(left.views, same)
    if isinstance(screen, Console):
        await _return(screen, left, same)
    elif left.front in screen.features:
        await screen.bring(left.front)
    if left.paused:
        screen.runtime.poller.pause()
        screen._ask_to_show()
    runs = [run for run in left.runs if run.target.ref in same]
    if runs:
        changing = app.changing(screen.runtime)
        for run in runs:
            changing.runs.note(run)
    _tell_again(app, left.told)


class _Once:
    """Puts each view back when it first comes to the front."""

    def __init__(self, views: Mapping[str, LeftView], same: Same) -> None:
        self._views, self._same = dict(views), same

    def __call__(self, view: LiveView) -> None:
        if (left := self._views.pop(name_of(view), None)) is not None:
            put_back(view, left, self._same)


async def _return(console: Console, left: Left, same: Same) -> None:
    config = console.runtime.config
    console._filters = dict(left.filters)
    if left.places is not None:
        console.places = left.places.through(lambda place: _still(place, config, same, console))
    console._wants_sidebar = left.sidebar
    console._share_room()
    if console.sidebar is not None:
        console.resume(console.sidebar)
    if left.place is not None:
        await console.return_to(_still(left.place, config, same, console))
    if left.keys_at_side and console.sidebar is not None and console.sidebar.display:
        console.sidebar.take_focus()
    if left.said:
        console.say(left.said)


def _still(place: Place, config: Config, same: Same, console: Console) -> Place | None:
    if place.view not in console.features:
        return None
    key = place.key if may_pass(place.key, same) else None
    return Place(place.view, narrowed(place.scope, config), key, place.filter)


def _tell_again(app: App[Any], told: Sequence[Notification]) -> None:
    """They stand for as long as they would have."""
    for one in told:
        app._notifications.add(one)
    app._refresh_notifications()
