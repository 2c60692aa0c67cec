"""One reading of ``snapshots list``: asks the guests that the filter leaves, tells how far it is, can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from proxtui.core.ages import UNSEEN
from proxtui.core.asking import reason
from proxtui.core.filters import EVERYTHING, Filter
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef, Snapshot
from proxtui.core.snapshots import Sweep
from proxtui.core.survey import Finding
from proxtui.core.verbs import Gap
from proxtui.errors import PermissionDenied, ProxtuiError

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.listing import Listing
    from proxtui.pve.models_guest import GuestSnapshot

MOST_NAMES = 8
"""Guests that are named with one reason."""


class Reading:
    """Reads the snapshots of the fleet; again with every interval of ``--watch``, keeping what fails later."""

    def __init__(
        self, runtime: Runtime, *, wanted: Filter = EVERYTHING, at_most: int | None = None, stops: bool = True
    ) -> None:
        """``stops``: ctrl+c ends the asking, not the list."""
        self._runtime = runtime
        self._wanted = wanted
        self._at_most = at_most
        self._stops = stops
        self._failures: dict[ServerRef, ProxtuiError] = {}
        self.sweep = Sweep(lambda ref: runtime.connection(ref).client, runtime.clock)
        self.interrupted = False

    async def read(self, told: Callable[[], None]) -> None:
        """Ask every guest once that the filter could let pass; ``told`` is called after each."""
        fleet = self._answering()
        self._failures.clear()
        for one in fleet.snapshots:
            if not one.guests:
                await self._refuse_blindness(one.ref)
        try:
            await self.sweep.run(fleet, Scope(), told, wanted=self._wanted, at_most=self._at_most)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stops or task is None:
                raise
            # The operator wants what is known by now: the task that prints it must not be cancelled as well.
            task.uncancel()
            self.interrupted = True

    def gaps(self) -> Mapping[ServerRef, Gap]:
        """What each server told, and what not."""
        return {one.ref: self._gap(one) for one in self._runtime.store.fleet().snapshots}

    def failure(self) -> ProxtuiError | None:
        """What the first server failed with when none told anything."""
        gaps = self.gaps()
        if any(gap.taken_at is not None for gap in gaps.values()):
            return None
        found = (
            self._failures.get(ref) or self.sweep.causes.get(ref) or self._runtime.store.failure(ref) for ref in gaps
        )
        return next((error for error in found if error is not None), None)

    def _answering(self) -> Fleet:
        """Without the servers that did not answer the poll: they would only be waited for."""
        fleet = self._runtime.store.fleet()
        return Fleet(tuple(one for one in fleet.snapshots if one.error is None), fleet.now)

    async def _refuse_blindness(self, ref: ServerRef) -> None:
        """GET ``/access/permissions``: no guest may mean that none may be seen."""
        from proxtui.pve.access import AccessTools
        from proxtui.pve.sight import sees_guests

        try:
            permissions = await AccessTools(self._runtime.connection(ref).client).permissions()
        except ProxtuiError as error:
            self._failures[ref] = error
            return
        if not sees_guests(permissions):
            refused = PermissionDenied(UNSEEN)
            refused.privilege = "VM.Audit"
            self._failures[ref] = refused

    def _gap(self, one: Snapshot) -> Gap:
        if one.error is not None:
            return Gap()
        failure = self._failures.get(one.ref)
        if failure is not None:
            return Gap(None, (reason(failure),), isinstance(failure, PermissionDenied))
        known = {key: found for key, found in self.sweep.findings.items() if key in one.guests}
        times = [found.taken_at for found in known.values() if found.taken_at is not None]
        asked, wanted = self.sweep.asked[one.ref], self.sweep.wanted[one.ref]
        # A server of which no guest was to be asked has told all there is.
        taken_at = min(times, default=None if wanted else one.taken_at)
        cut = [f"asked only {asked} of {wanted} guests: {self._why_not_all()}"] if asked < wanted else []
        return Gap(taken_at, (*cut, *_unread(one, known)), any(found.forbidden for found in known.values()))

    def _why_not_all(self) -> str:
        return "interrupted" if self.interrupted else f"--at-most {self._at_most}"


def _unread(one: Snapshot, known: Mapping[GuestKey, Finding[Listing[GuestSnapshot]]]) -> Iterator[str]:
    """A line for each reason, with the guests that were not read for it."""
    guests: dict[str, list[str]] = {}
    for key, found in known.items():
        why = found.problem
        if not why and found.value is not None and found.value.invalid:
            why = f"{found.value.invalid} snapshots could not be read"
        if why:
            guests.setdefault(why, []).append(f"{key.vmid} {one.guests[key].name or ''}".rstrip())
    return (_named(names, why) for why, names in guests.items())


def _named(guests: list[str], why: str) -> str:
    """``100 web, 101 db and 40 more guests: no answer``."""
    more = f" and {len(guests) - MOST_NAMES} more guests" if len(guests) > MOST_NAMES else ""
    return f"{', '.join(guests[:MOST_NAMES])}{more}: {why}"
