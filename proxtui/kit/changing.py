"""What a view uses to change something: menu, form, question, gate, and what is told of how it went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proxtui.core.model import Fleet, GuestKey, ServerRef
from proxtui.core.operation import GUESTS, Operation, Risk, Target
from proxtui.core.overlays import LAG
from proxtui.core.run import Batch, Run, RunState
from proxtui.errors import InvalidInput, ProxtuiError, ValidationError
from proxtui.kit.prepared import Prepared, Suggest
from proxtui.kit.run_list import RunList, told
from proxtui.kit.signs import ELLIPSIS
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from textual.app import App

    from proxtui.core.model import Key
    from proxtui.core.runtime import Runtime
    from proxtui.kit.menu import ActionMenu
    from proxtui.kit.offers import Offers
    from proxtui.kit.view import LiveView

_HARDNESS = {Risk.SAFE: 0, Risk.DISTURBS: 1, Risk.DESTROYS: 2}
_BADLY = {RunState.WARNINGS: "warning", RunState.UNKNOWN: "warning", RunState.FAILED: "error"}
GOOD_NEWS, BAD_NEWS = 4.0, 15.0
"""Seconds for which the end of a change stands in the corner."""
_NODES = frozenset({"node", "target", "target_node"})
_STORAGES = frozenset({"storage", "target_storage", "targetstorage"})

Answered = Callable[[Mapping[str, str]], bool]
"""Called once the server answered, with what it had against the parameters, by field; False when nobody is there."""


class Changing:
    """One of an app. What it started goes on when the screen that wanted it has gone."""

    def __init__(self, app: App[None], runtime: Runtime) -> None:
        """``runtime`` has a gate."""
        self.app = app
        self.runtime = runtime
        self.runs = RunList()
        self.gate: Any = runtime.gate
        self._listeners: list[Callable[[], None]] = []
        self._told: set[str] = set()
        """The ends that were told: the gate may tell of one twice."""
        self._last_ends: dict[Hashable, str] = {}
        """The last change that ended, by what it was made to; under None what the store does not know."""
        for run in (*reversed(self.gate.recent()), *self.gate.running()):
            self.runs.note(run)
        self._unsubscribe: Callable[[], None] = self.gate.subscribe(self._heard)

    def close(self) -> None:
        """Listen no more."""
        self._unsubscribe()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` whenever some change moved on, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # What can be done.

    async def offer(self, view: LiveView, rows: Sequence[Any]) -> None:
        """Open the menu for these rows of a view; returns once it has the keys."""
        from proxtui.kit.conversation import Conversation
        from proxtui.kit.menu import ActionMenu

        offers = self.offers(view, rows)
        if offers.subjects:
            menu = ActionMenu(offers.title, [one for one in offers.entries() if one.operation.in_menu])
            await menu.open(self.app)
            talk = Conversation(self, partial(self.prepared, offers))
            self.app.run_worker(talk.from_menu(menu), name="change", group="changes")
            # Once it is open: whoever knows its letters waits for no server.
            menu.run_worker(_look_closer(offers, menu), name="look", group="look")
            if any(entry.operation.asked_by for entry in menu.entries):
                from proxtui.kit.opening import find_out

                menu.run_worker(find_out(self, menu), name="find out", group="menu")

    def offers(self, view: LiveView | None, rows: Sequence[Any]) -> Offers:
        """What can be done to these rows."""
        from proxtui.kit.offers import Offers

        return Offers(self.runtime, view, rows)

    def start(self, offers: Offers, operation: Operation, targets: Sequence[Target]) -> None:
        """Do what was asked for by its name: the rest is asked as from the menu."""
        from proxtui.kit.conversation import Conversation

        talk = Conversation(self, partial(self.prepared, offers))
        way = talk.about(operation, targets, rehearse=False, say=lambda text: self.tell(text, "warning"))
        self.app.run_worker(way, name="change", group="changes")

    def ending_of(self, key: Hashable) -> Hashable:
        """Another value whenever a change of this, or of something beside it, has ended."""
        return self._last_ends.get(key), self._last_ends.get(None)

    @property
    def doing(self) -> Mapping[Key, str]:
        """What is being done to which thing: ``start…``, until its truth is there."""
        fleet, now = self.runtime.store.fleet(), self.runtime.clock.time()
        # The last change of a thing decides: what was before it need not come true any more.
        last = {run.target.key: run for run in self.runs.all if not run.operation.creates}
        return {
            key: f"{run.operation.verb}{ELLIPSIS}"
            for key, run in last.items()
            if key is not None and not is_seen(run, fleet, now)
        }

    def risk(self, operation: Operation, targets: Sequence[Target]) -> Risk:
        """How hard it is confirmed: as the strictest of the servers wants it."""
        return max(
            (self.runtime.policy.needs_confirmation(operation, target.ref) for target in targets),
            key=_HARDNESS.__getitem__,
        )

    async def prepared(self, offers: Offers, operation: Operation, targets: Sequence[Target]) -> Prepared:
        """What the room knows, and what is known of every server: its nodes and storages."""
        own = await offers.prepared(operation, targets)
        model = operation.params_model()
        fields = getattr(model, "model_fields", {})
        first = targets[0]
        fixed: dict[str, Any] = {}
        if not operation.creates:
            given = {"node": first.node, "vmid": first.id if first.kind in GUESTS else ""}
            fixed = {name: value for name, value in given.items() if name in fields and value}
        fixed |= {name: value for name, value in offers.given.items() if name in fields}
        words: dict[str, Suggest] = dict(self._words(first.ref, fields))
        return Prepared(
            own.initial,
            {**fixed, **own.fixed},
            {**words, **own.suggestions},
            own.notes,
            own.current,
            own.refusal,
            own.look,
            own.settle,
        )

    def _words(self, ref: ServerRef, fields: Mapping[str, Any]) -> Iterator[tuple[str, Suggest]]:
        snapshot = self.runtime.store.fleet().snapshot(ref)
        if snapshot is None:
            return
        for name in fields:
            if name in _NODES:
                yield name, sorted(key.node for key in snapshot.nodes)
            elif name in _STORAGES:
                yield name, sorted({key.storage for key in snapshot.storages})

    # What is done.

    def send(
        self,
        operation: Operation,
        targets: Sequence[Target],
        params: Any,
        reason: str,
        *,
        answered: Answered | None = None,
    ) -> None:
        """Hand it to the gate. Whatever becomes of it is told, wherever somebody is by then."""
        if len(targets) > 1:
            way: Awaitable[None] = self._send_all(operation, targets, params, reason)
        else:
            way = self._send_one(operation, targets[0], params, reason, answered)
        self.app.run_worker(way, name=operation.name, group="sending")

    async def rehearse(self, operation: Operation, targets: Sequence[Target], params: Any) -> None:
        """Show what would be sent, until that is closed."""
        from proxtui.kit.rehearsal_view import RehearsalView

        runs: list[Run] = []
        try:
            for target in targets:
                runs.append(await self.gate.submit(operation, target, params, dry_run=True))
        except ProxtuiError as error:
            self.tell(f"{operation.label}: {error}", "error")
            return
        view = RehearsalView(operation.of(targets[0]), runs)
        await view.ask(self.app)
        view.leave()

    async def show_runs(self) -> None:
        """Open the panel of running and ended changes."""
        from proxtui.kit.runs_panel import RunsPanel

        await self.app.push_screen(RunsPanel(self))

    async def _send_one(
        self, operation: Operation, target: Target, params: Any, reason: str, answered: Answered | None
    ) -> None:
        problems: Mapping[str, str] = {}
        try:
            run = await self.gate.submit(operation, target, params, reason=reason)
        except ProxtuiError as error:
            problems, line = problems_in(error), str(error)
        else:
            line = run.message
            if was_refused(run):
                # Its own words belong beside the fields that they are about.
                problems = problems_in(run.error) if run.error is not None else {"": line}
            elif run.state is RunState.PLANNED:
                self.tell(f"{operation.of(target)}: dry run, nothing was sent", "warning")
        told = answered is not None and answered(problems)
        if problems and not told:
            self.tell(f"{operation.of(target)}: {line}", "error")

    async def _send_all(self, operation: Operation, targets: Sequence[Target], params: Any, reason: str) -> None:
        try:
            batch: Batch = await self.gate.submit_all(operation, targets, params, reason=reason)
        except ProxtuiError as error:
            self.tell(f"{operation.label}: {error}", "error")
            return
        self.runs.note_batch(batch)
        self._say_moved()
        await batch.wait()
        self.tell(told(batch), "error" if batch.bad else "information")
        self._say_moved()

    # What is told.

    def _heard(self, run: Run) -> None:
        # The gate tells from a task of its own; what is shown belongs to the app.
        self.app.call_later(self._moved, run)

    def _moved(self, run: Run) -> None:
        self.runs.note(run)
        if run.has_ended:
            self._last_ends[run.target.key] = run.op_id
        # Whoever sent it hears of a refusal; a bulk change is told of as a whole.
        quiet = run.dry_run or run.state is RunState.DENIED or was_refused(run) or self.runs.is_in_batch(run)
        if run.has_ended and not quiet and run.op_id not in self._told:
            self._told.add(run.op_id)
            tail = f" ({run.log_tail[-1]})" if run.log_tail and run.log_tail[-1] not in run.message else ""
            self.tell(run.line + tail, _BADLY.get(run.state, "information"))
        if run.is_made_unrecorded and f"{run.op_id} unrecorded" not in self._told:
            self._told.add(f"{run.op_id} unrecorded")
            self.tell(run.lost_line, "error")
        self._say_moved()

    def _say_moved(self) -> None:
        from proxtui.kit.screen import StoreChanged
        from proxtui.kit.view import Told

        for listener in list(self._listeners):
            listener()
        for screen in self.app.screen_stack:
            screen.post_message(Told())
            # The rows say what is being done to them.
            screen.post_message(StoreChanged())

    def tell(self, text: str, severity: Any) -> None:
        """In the corner, for as long as ``severity`` asks."""
        seconds = GOOD_NEWS if severity == "information" else BAD_NEWS
        self.app.notify(clean(text), severity=severity, markup=False, timeout=seconds)


async def _look_closer(offers: Offers, menu: ActionMenu) -> None:
    if await offers.look_closer():
        menu.renew(offers.entries())


def is_seen(run: Run, fleet: Fleet, now: float) -> bool:
    """Whether nothing of a change is to be waited for: it ended, and what it was to bring about is shown.

    ``now`` is ``Clock.time``. After ``LAG`` no poll is older than the change, so that what it shows is the truth.
    """
    if not run.has_ended:
        return False
    key, effect = run.target.key, run.operation.effect
    known = fleet.snapshot(run.target.ref)
    if not (run.is_good and effect and run.ended is not None and isinstance(key, GuestKey)) or known is None:
        return True
    guest = known.guests.get(key)
    return guest is None or guest.status == effect or now - run.ended >= LAG


def was_refused(run: Run) -> bool:
    """Whether PVE did not take it: there is no task then."""
    return run.state is RunState.FAILED and run.upid is None


def problems_in(error: ProxtuiError) -> Mapping[str, str]:
    """What was wrong, by field; under an empty name what is about no field."""
    if isinstance(error, InvalidInput):
        return {error.field: error.rule}
    if isinstance(error, ValidationError) and error.errors:
        return {name.replace("-", "_"): text for name, text in error.errors.items()}
    return {"": str(error)}
