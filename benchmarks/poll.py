"""What an answer costs before anything is painted: decoded, cleaned, compared with the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks import fleet
from benchmarks.budgets import Figure
from benchmarks.measure import alternate, cpu_of_call
from proxtui.core.clock import SystemClock
from proxtui.core.model import ServerRef
from proxtui.core.store import Store
from proxtui.pve.resources import decode_resources

GUESTS = 10_000
ROUNDS = 15
REF = ServerRef("bench", "one")


def taking(guests: int = GUESTS, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Decode + sanitise + diff beside ``json.loads`` of the same body."""
    rows = fleet.rows(guests)
    for what, part, limit in (("5 % changed", 0.05, 1.0), ("equal data", 0.0, 1.0)):
        bodies = [fleet.body(fleet.moved(rows, part, seed=seed), seed=seed) for seed in range(rounds + 1)]
        store = Store(SystemClock())
        store.register(REF)

        def ours(number: int, store: Store = store, bodies: list[bytes] = bodies) -> float:
            return cpu_of_call(lambda: _take(store, bodies[number], number))

        def plain(number: int, bodies: list[bytes] = bodies) -> float:
            return cpu_of_call(lambda: json.loads(bodies[number]))

        spent = alternate({"ours": ours, "json": plain}, rounds)
        yield Figure(
            f"decode + sanitise + diff, {guests} guests, {what}, keys shuffled",
            spent["ours"] * 1000, "ms", limit, spent["json"] * 1000, "json.loads",
        )  # fmt: skip


def _take(store: Store, body: bytes, number: int) -> object:
    inventory = decode_resources(body)
    # Both are given back: what json.loads has made is not thrown away within its time either.
    return inventory, store.put(REF, inventory, taken_at=float(number), endpoint="bench:8006", interval=4.0)
