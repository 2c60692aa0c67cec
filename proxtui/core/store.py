"""The only owner of what is known: one immutable snapshot per server, and who wants to hear of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from proxtui.core.clock import Clock
from proxtui.core.freshness import judge
from proxtui.core.keeping import kept, recall_names
from proxtui.core.learned import Learned
from proxtui.core.model import Delta, Fleet, GuestKey, NodeKey, ServerRef, Snapshot, StorageKey, Trouble
from proxtui.core.overlays import Overlays, Reading
from proxtui.errors import ProxtuiError
from proxtui.pve.models import Guest

if TYPE_CHECKING:
    from proxtui.pve.resources import Inventory

Listener = Callable[[Delta], None]

DEFAULT_INTERVAL = 4.0
_VMID, _NODE, _STORAGE = attrgetter("vmid"), attrgetter("node"), attrgetter("node", "storage")


class _Server(Struct):
    snapshot: Snapshot
    polled: Mapping[GuestKey, Guest] = field(default_factory=dict)
    """The guests as the last poll told them, without live readings."""
    overlays: Overlays = field(default_factory=Overlays)
    failure: ProxtuiError | None = None


class Store:
    """Snapshots by server. Only the event loop's thread may call it.

    Listeners are plain callables and hear only of real changes. All of them are called even when one raises;
    what it raised then leaves the call that brought the change, so that a bug is never silent.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._servers: dict[ServerRef, _Server] = {}
        self.off: tuple[ServerRef, ...] = ()
        """Servers that are switched off."""
        self._listeners: dict[object, Listener] = {}

    def register(self, ref: ServerRef, *, interval: float = DEFAULT_INTERVAL, unverified_tls: bool = False) -> None:
        """Make a server known, in the order in which ``fleet`` gives it. Nothing is lost when it is known already."""
        if ref not in self._servers:
            began = self._clock.monotonic()
            known = Snapshot(ref, asked_since=began, interval=interval, unverified_tls=unverified_tls)
            self._servers[ref] = _Server(known)

    def take_over(self, other: Store, refs: Iterable[ServerRef]) -> None:
        """Know of these servers what another store knew, as old as it was; nobody is told. ``register`` came first."""
        for ref in refs:
            if ref in self._servers and ref in other._servers:
                mine, theirs = self._servers[ref].snapshot, other._servers[ref]
                known = replace(theirs.snapshot, interval=mine.interval, unverified_tls=mine.unverified_tls)
                self._servers[ref] = _Server(known, theirs.polled, theirs.overlays, theirs.failure)

    def put(
        self,
        ref: ServerRef,
        inventory: Inventory,
        *,
        taken_at: float,
        endpoint: str,
        interval: float,
        path: str = "",
        troubles: tuple[Trouble, ...] = (),
    ) -> Delta:
        """Take what one poll told. ``taken_at`` is ``Clock.monotonic`` when it was asked; an older poll is ignored."""
        server = self._servers[ref]
        old = server.snapshot
        if old.taken_at is not None and taken_at < old.taken_at:
            return Delta(ref)
        server.failure = None
        told = recall_names(ref, inventory.guests, server.polled, old.recalled, old.taken_at)
        server.polled = kept(server.polled, told.guests, lambda row: GuestKey(*ref, row.type, row.vmid), _VMID)
        server.overlays.settle(server.polled, taken_at)
        new = replace(
            old,
            taken_at=taken_at,
            interval=interval,
            endpoint=endpoint,
            path=path,
            troubles=troubles,
            error=None,
            next_try_at=None,
            guests=self._shown(server, taken_at),
            recalled=told.since,
            learned=_of_those_left(old.learned, server.polled),
            nodes=kept(old.nodes, inventory.nodes, lambda row: NodeKey(*ref, row.node), _NODE),
            storages=kept(
                old.storages, inventory.storages, lambda row: StorageKey(*ref, row.node or "", row.storage), _STORAGE
            ),
        )
        return self._replace(server, new)

    def fail(
        self,
        ref: ServerRef,
        error: ProxtuiError,
        *,
        next_try_at: float | None,
        troubles: tuple[Trouble, ...] = (),
    ) -> Delta:
        """Note that an attempt failed. The rows stay; None in ``next_try_at`` means not before somebody acts."""
        server = self._servers[ref]
        server.failure = error
        told = replace(server.snapshot, error=str(error), next_try_at=next_try_at, troubles=troubles)
        return self._replace(server, told)

    def overlay(self, key: GuestKey, reading: Guest, *, taken_at: float) -> Delta:
        """Show what a guest itself said at ``taken_at`` until the poll agrees or is 12 s newer."""
        server = self._servers[ServerRef(key.tenant, key.server)]
        if not server.overlays.add(key, Reading(reading, taken_at)):
            return Delta(server.snapshot.ref)
        polled_at = server.snapshot.taken_at
        if polled_at is not None:
            server.overlays.settle(server.polled, polled_at)
        return self._replace(server, replace(server.snapshot, guests=self._shown(server, polled_at)))

    def learn(self, ref: ServerRef, found: Mapping[GuestKey, Learned]) -> Delta:
        """Note what guests were asked. It replaces what was learned of them before; guests that are gone are left out.

        Forgotten with the guest itself, and with the program.
        """
        server = self._servers[ref]
        new = _of_those_left(MappingProxyType({**server.snapshot.learned, **found}), server.polled)
        return self._replace(server, replace(server.snapshot, learned=new))

    def pace(self, ref: ServerRef, interval: float) -> Delta:
        """Note that a server is polled more or less often from now on: late means something else then."""
        server = self._servers[ref]
        return self._replace(server, replace(server.snapshot, interval=interval))

    def sight(self, ref: ServerRef, *, guests_unseen: bool) -> Delta:
        """Note whether the login may see any guest."""
        server = self._servers[ref]
        return self._replace(server, replace(server.snapshot, guests_unseen=guests_unseen))

    def age(self) -> None:
        """Judge every server anew by the clock: rows get late without anything happening."""
        for server in list(self._servers.values()):
            self._replace(server, server.snapshot)

    def fleet(self) -> Fleet:
        """Everything known now."""
        snapshots = tuple(server.snapshot for server in self._servers.values())
        return Fleet(snapshots, now=self._clock.monotonic(), off=self.off)

    def snapshot(self, ref: ServerRef) -> Snapshot:
        """What is known of one server. KeyError when it was never registered."""
        return self._servers[ref].snapshot

    def failure(self, ref: ServerRef) -> ProxtuiError | None:
        """What the last attempt failed with; None when it was well. For exit codes: people read ``Snapshot.error``."""
        return self._servers[ref].failure

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every real change until the returned function is called."""
        ticket = object()
        self._listeners[ticket] = listener

        def unsubscribe() -> None:
            self._listeners.pop(ticket, None)

        return unsubscribe

    def _shown(self, server: _Server, polled_at: float | None) -> Mapping[GuestKey, Guest]:
        over = server.overlays.laid_over(server.polled, polled_at)
        return MappingProxyType({**server.polled, **over}) if over else server.polled

    def _replace(self, server: _Server, new: Snapshot) -> Delta:
        """The one place where a snapshot is changed: judge it, swap it, tell the listeners."""
        old = server.snapshot
        state = judge(
            now=self._clock.monotonic(),
            taken_at=new.taken_at,
            interval=new.interval,
            failure=server.failure,
        )
        server.snapshot = new = new if new.state is state else replace(new, state=state)
        delta = _difference(old, new)
        if delta:
            self._tell(delta)
        return delta

    def _tell(self, delta: Delta) -> None:
        # The stack calls every listener, also after one has raised, and then raises what was raised.
        with ExitStack() as calls:
            for listener in reversed(list(self._listeners.values())):
                calls.callback(listener, delta)


def _of_those_left(learned: Mapping[GuestKey, Learned], guests: Mapping[GuestKey, Guest]) -> Mapping[GuestKey, Learned]:
    """Another guest may get the VMID of one that is gone: nothing that was learned must pass on to it."""
    if all(key in guests for key in learned):
        return learned
    return MappingProxyType({key: one for key, one in learned.items() if key in guests})


def _difference(old: Snapshot, new: Snapshot) -> Delta:
    # Whoever learns of a guest hears of it as of any other change.
    kinds: tuple[tuple[Mapping[Any, object], Mapping[Any, object]], ...] = (
        (old.guests, new.guests),
        (old.nodes, new.nodes),
        (old.storages, new.storages),
        (old.learned, new.learned),
    )
    # Most often the poll has compared them already and kept the old mapping; else this ends at the first difference.
    pairs = tuple((was, now) for was, now in kinds if was is not now and was != now)
    return Delta(new.ref, _condition(old) != _condition(new), pairs)


def _condition(snapshot: Snapshot) -> tuple[object, ...]:
    """What a screen says about the server itself; the screen counts ages itself, and a pace is not seen."""
    return (
        snapshot.state,
        snapshot.error,
        snapshot.next_try_at,
        snapshot.endpoint,
        snapshot.path,
        snapshot.troubles,
        snapshot.guests_unseen,
    )
