"""What reaches the terminal: answers painted, keys painted, a table filled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks import fleet
from benchmarks.budgets import Figure
from benchmarks.measure import cpu_of_call
from benchmarks.stage import Stage, stage
from proxtui.core.collecting import collecting_later
from proxtui.features.guests.rows import guest_rows

GUESTS = 10_000
PLAIN = 100
"""Rows of the yardstick."""
ROUNDS = 9
KEYS = 40
FILTER_KEYS = 9


def painted(guests: int = GUESTS, rounds: int = ROUNDS) -> Iterator[Figure]:
    """From the body in memory to the painted screen, beside ``json.loads`` of the same body."""
    yield from _run(_painted(guests, rounds))


def loaded(guests: int = GUESTS, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Rows given to an empty table until it is painted, beside ``json.loads`` of the body that they came in."""
    yield from _run(_loaded(guests, rounds))


def keys(sizes: Sequence[int] = (GUESTS, 50_000), presses: int = KEYS) -> Iterator[Figure]:
    """Cursor down until it is painted, beside the same in a table of 100 rows."""
    yield from _run(_keys(sizes, presses))


def filtering(guests: int = GUESTS, presses: int = FILTER_KEYS) -> Iterator[Figure]:
    """One character in the filter line until it is painted, beside the same over 100 rows."""
    yield from _run(_filtering(guests, presses))


def _run(measure: Coroutine[Any, Any, list[Figure]]) -> list[Figure]:
    """Run it with the garbage collector as the program has it."""
    with collecting_later():
        return asyncio.run(measure)


async def _painted(guests: int, rounds: int) -> list[Figure]:
    figures: list[Figure] = []
    rows = fleet.rows(guests)
    async with stage(fleet.body(rows, seed=1)) as ours:
        for what, part, limit in (("5 %", 0.05, 1.3), ("100 %", 1.0, 1.6), ("nothing", 0.0, None)):
            spent: list[float] = []
            plain: list[float] = []
            written: list[int] = []
            for number in range(rounds + 1):
                rows = fleet.moved(rows, part, seed=number)
                body = fleet.body(rows, seed=number)
                plain.append(cpu_of_call(lambda body=body: json.loads(body)))
                before = ours.driver.bytes_written
                spent.append(await ours.take(body))
                written.append(ours.driver.bytes_written - before)
            name = f"body in memory -> painted, {guests} guests, {what} changed"
            beside = median(plain[1:]) * 1000
            figures.append(Figure(name, median(spent[1:]) * 1000, "ms", limit, beside, "json.loads"))
            figures.append(Figure(f"{name}: bytes", median(written[1:]), "bytes", None if part else 0.0))
    return figures


async def _loaded(guests: int, rounds: int) -> list[Figure]:
    body = fleet.body(fleet.rows(guests), seed=1)
    spent: list[float] = []
    plain: list[float] = []
    async with stage(body) as ours:
        for _ in range(rounds + 1):
            rows = guest_rows(ours.runtime.store.fleet())

            async def empty() -> None:
                ours.table.set_rows([])

            async def fill(rows: list[object] = rows) -> None:  # type: ignore[assignment]
                ours.table.set_rows(rows)  # type: ignore[arg-type]

            await ours.cpu_of(empty, quiet=0.15)
            plain.append(cpu_of_call(lambda: json.loads(body)))
            spent.append(await ours.cpu_of(fill, quiet=0.15))
            assert ours.table.total == guests
    name = f"load {guests} rows into the table"
    return [Figure(name, median(spent[1:]) * 1000, "ms", 0.6, median(plain[1:]) * 1000, "json.loads")]


async def _keys(sizes: Sequence[int], presses: int) -> list[Figure]:
    figures: list[Figure] = []
    for guests in sizes:
        name = f"cursor down to paint, {guests} rows"
        # The tree follows the cursor from node to node: with as many nodes the rows alone are compared, with one node
        # the tree's part is in it.
        for nodes, limit, beside in (
            (guests // 200, 1.3, "100 rows on as many nodes"),
            (1, 1.3, "100 rows on one node"),
        ):
            async with (
                stage(fleet.body(fleet.rows(PLAIN, nodes=nodes), seed=1)) as plain,
                stage(fleet.body(fleet.rows(guests), seed=1)) as ours,
            ):
                spent, yardstick = await _in_turns(ours, plain, "down", "up", presses)
            figures.append(Figure(name, spent * 1000, "ms", limit, yardstick * 1000, beside))
    return figures


async def _filtering(guests: int, presses: int) -> list[Figure]:
    async with (
        stage(fleet.body(fleet.rows(PLAIN), seed=1)) as plain,
        stage(fleet.body(fleet.rows(guests), seed=1)) as ours,
    ):
        for one in (plain, ours):
            await one.press("slash")
        spent, beside = await _in_turns(ours, plain, "w", "backspace", presses, quiet=0.3, back_at_once=True)
        assert ours.table.shown == guests
    name = f"one filter character to paint, {guests} rows"
    return [
        Figure(name, spent * 1000, "ms", 8.0, beside * 1000, f"{PLAIN} rows"),
        Figure(f"{name}: absolute", spent * 1000, "ms", 80.0),
    ]


async def _in_turns(
    ours: Stage,
    plain: Stage,
    key: str,
    back: str,
    presses: int,
    *,
    quiet: float = 0.1,
    back_at_once: bool = False,
) -> tuple[float, float]:
    """The medians of a key in both; ``back`` undoes it, after each or after all that fit on the first screen."""
    found: dict[Stage, list[float]] = {ours: [], plain: []}
    for number in range(presses):
        for one in (ours, plain):
            found[one].append(await one.press(key, quiet=quiet))
            assert found[one][-1] > 0
        if back_at_once or number % 20 == 19:
            for one in (ours, plain):
                for _ in range(1 if back_at_once else 20):
                    await one.press(back, quiet=quiet if back_at_once else 0.03)
    return median(found[ours][1:]), median(found[plain][1:])
