"""What a page of the exporter costs, beside decoding the answer of PVE that it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks import fleet
from benchmarks.budgets import Figure
from benchmarks.measure import alternate, cpu_of_call
from proxtui.core.clock import SystemClock
from proxtui.core.model import ServerRef
from proxtui.core.store import Store
from proxtui.exporter.openmetrics import Facts, render
from proxtui.pve.resources import decode_resources

GUESTS = 10_000
ROUNDS = 9
LIMIT = 4.0
"""A page has a line for each value, and says in each whose it is: it is three times as long as the answer."""
REF = ServerRef("bench", "one")


def rendering(guests: int = GUESTS, rounds: int = ROUNDS) -> Iterator[Figure]:
    """The whole page, beside ``json.loads`` of the same inventory; then how long it is."""
    body = fleet.body(fleet.rows(guests), seed=1)
    clock = SystemClock()
    store = Store(clock)
    store.register(REF)
    store.put(REF, decode_resources(body), taken_at=clock.monotonic(), endpoint="bench:8006", interval=4.0)
    facts = Facts(store.fleet())
    spent = alternate(
        {
            "page": lambda _number: cpu_of_call(lambda: render(facts)),
            "json": lambda _number: cpu_of_call(lambda: json.loads(body)),
        },
        rounds,
    )
    yield Figure(
        f"page of the exporter, {guests} guests", spent["page"] * 1000, "ms", LIMIT, spent["json"] * 1000, "json.loads"
    )
    page = render(facts)
    assert page.count(b"\npve_guest_info{") == guests
    yield Figure(f"its length, {guests} guests", len(page) / 1e6, "MB", None, len(body) / 1e6, "PVE's answer")
