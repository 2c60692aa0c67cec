"""The snapshots of all guests, asked for guest by guest, only when somebody wants it; kept with their age."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from proxtui.core import text
from proxtui.core.asking import reason
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef, Snapshot
from proxtui.core.rows import UNKNOWN, Column, Tone
from proxtui.core.survey import Finding
from proxtui.errors import PermissionDenied, ProxtuiError
from proxtui.features.cluster.records import Line, Record, moment
from proxtui.features.cluster.rows import SERVER, AnyColumn, yes_no

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.listing import Listing
    from proxtui.pve.models import Guest
    from proxtui.pve.models_guest import GuestSnapshot

AT_ONCE = 3
"""Questions to one server at the same time: the poll must not wait for a sweep."""
MOST_REASONS = 3
OLD, VERY_OLD = 7 * 86_400, 30 * 86_400
"""Seconds. A snapshot that is kept grows, and slows its disk down."""


class Sweep:
    """Asks each guest in scope once; what was found before stays until it is asked again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.findings: dict[GuestKey, Finding[Listing[GuestSnapshot]]] = {}
        self.done = self.total = 0

    @property
    def is_running(self) -> bool:
        """True while guests are still to be asked."""
        return self.done < self.total

    def is_partial(self, fleet: Fleet, scope: Scope) -> bool:
        """True while a guest in scope has not told its snapshots: an empty table does not mean that there are none."""
        inside = (one for one in fleet.snapshots if scope.covers_server(one.ref))
        known = {key for key, finding in self.findings.items() if finding.value is not None}
        return any(one.taken_at is None or not known.issuperset(one.guests) for one in inside)

    def lines(self, fleet: Fleet, scope: Scope) -> list[Line]:
        """How much is known and how old it is, then what could not be read and why."""
        guests = {key for one in fleet.snapshots if scope.covers_server(one.ref) for key in one.guests}
        findings = {key: finding for key, finding in self.findings.items() if key in guests}
        times = [finding.taken_at for finding in findings.values() if finding.taken_at is not None]
        if not findings:
            return [Line("Snapshots", "not read: press S to ask every guest, one after the other", Tone.ACCENT)]
        age = f", up to {text.age(fleet.now - min(times))} ago" if times else ""
        said = [Line("Read", f"{len(times)} of {len(guests)} guests{age}; S reads again", Tone.MUTED)]
        inside = (one for one in fleet.snapshots if scope.covers_server(one.ref))
        left = sum(len(one.guests) - sum(1 for _ in askable(one, Scope())) for one in inside)
        if left:
            said.append(Line("not asked", f"{_guests(left)}: the node is not online", Tone.WARN))
        reasons = Counter(finding.problem for finding in findings.values() if finding.problem)
        return said + [
            Line("not read", f"{_guests(count)}: {why}", Tone.WARN) for why, count in reasons.most_common(MOST_REASONS)
        ]

    async def run(self, fleet: Fleet, scope: Scope, told: Callable[[], None]) -> None:
        """GET ``/nodes/N/{qemu,lxc}/ID/snapshot`` of every guest on a node that is online. Cancel it to stop it."""
        wanted = {one.ref: list(askable(one, scope)) for one in fleet.snapshots if scope.covers_server(one.ref)}
        self.done, self.total = 0, sum(len(guests) for guests in wanted.values())
        try:
            async with asyncio.TaskGroup() as group:
                for ref, guests in wanted.items():
                    queue = iter(guests)
                    for _ in range(min(AT_ONCE, len(guests))):
                        group.create_task(self._work(ref, queue, told))
        finally:
            self.total = self.done
            told()

    async def _work(self, ref: ServerRef, queue: Iterator[tuple[GuestKey, Guest]], told: Callable[[], None]) -> None:
        for key, guest in queue:
            await self._ask(ref, key, guest.node)
            self.done += 1
            told()

    async def _ask(self, ref: ServerRef, key: GuestKey, node: str) -> None:
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        tools = (VMTools if key.kind == "qemu" else ContainerTools)(self._runtime.connection(ref).client)
        began = self._runtime.clock.monotonic()
        try:
            self.findings[key] = Finding(await tools.list_snapshots(node, key.vmid), began)
        except ProxtuiError as error:
            known: Finding[Listing[GuestSnapshot]] = self.findings.get(key) or Finding()
            forbidden = isinstance(error, PermissionDenied)
            self.findings[key] = Finding(known.value, known.taken_at, reason(error), forbidden)


def _guests(number: int) -> str:
    return f"{number} guest{'' if number == 1 else 's'}"


def askable(snapshot: Snapshot, scope: Scope) -> Iterator[tuple[GuestKey, Guest]]:
    """The guests in scope whose node is online: the others would only be waited for."""
    online = {node.node for node in snapshot.nodes.values() if node.status == "online"}
    for key, guest in sorted(snapshot.guests.items()):
        if guest.node in online and scope.covers_node(snapshot.ref, guest.node):
            yield key, guest


def snapshot_records(
    snapshot: Snapshot, findings: Mapping[GuestKey, Finding[Listing[GuestSnapshot]]], today: float
) -> Iterator[Record[GuestSnapshot]]:
    """Every snapshot of the guests of one server."""
    for key, guest in sorted(snapshot.guests.items()):
        finding = findings.get(key)
        for one in finding.value or () if finding is not None else ():
            age = None if one.snaptime is None else max(0, int(today - one.snaptime))
            fields = {
                "id": key.vmid,
                "vmid": key.vmid,
                "name": guest.name,
                "type": key.kind,
                "node": guest.node,
                "pool": guest.pool,
                "tag": list(guest.tags),
                "age": age,
            }
            words = (str(key.vmid), guest.name, one.name, one.description, guest.node, *guest.tags)
            name = ("snapshots", *(str(part) for part in key), one.name)
            yield Record(
                name, snapshot.ref, one, words, fields, key, muted=finding is not None and bool(finding.problem)
            )


def _age_tone(record: Record[GuestSnapshot]) -> Tone:
    age = record.fields["age"]
    if not isinstance(age, int):
        return Tone.MUTED
    return Tone.BAD if age >= VERY_OLD else Tone.WARN if age >= OLD else Tone.PLAIN


def _age_text(record: Record[GuestSnapshot]) -> str:
    age = record.fields["age"]
    return text.age(age) if isinstance(age, int) else UNKNOWN


def _about(record: Record[GuestSnapshot]) -> str:
    return " ".join((record.item.description or "").split())


SNAPSHOTS: tuple[AnyColumn, ...] = (
    Column("age", "Age", lambda r: r.fields["age"], _age_text, 5, 1, align="right", tone=_age_tone),
    Column("vmid", "ID", lambda r: r.fields["vmid"], lambda r: str(r.fields["vmid"]), 6, 1, align="right"),
    Column("name", "Guest", lambda r: r.fields["name"], lambda r: r.fields["name"] or UNKNOWN, 14, 2),
    Column("snapshot", "Snapshot", lambda r: r.item.name, lambda r: r.item.name, 14, 1),
    Column("snaptime", "Taken", lambda r: r.item.snaptime, lambda r: moment(r.item.snaptime), 16, 3),
    *SERVER,
    Column("node", "Node", lambda r: r.fields["node"], lambda r: r.fields["node"] or UNKNOWN, 9, 5),
    Column("vmstate", "Memory", lambda r: r.item.vmstate, lambda r: yes_no(r.item.vmstate), 6, 7),
    Column("parent", "Parent", lambda r: r.item.parent, lambda r: r.item.parent or "", 10, 8),
    Column("description", "Description", _about, _about, 12, 6, grow=True),
)
