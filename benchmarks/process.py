"""What the program costs as an operator starts it: a process on a terminal, a server on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from benchmarks import fleet, minimal
from benchmarks.answerer import answering
from benchmarks.budgets import Figure
from benchmarks.measure import alternate, cpu_of_process, memory_of_process
from benchmarks.terminal import Terminal

PROXTUI = [sys.executable, "-m", "proxtui"]
MINIMAL = [sys.executable, "-m", "benchmarks.minimal"]
FIRST_PAINT = "waiting for 1 server"
"""Stands in the table of the first whole picture; the server is asked after it."""
GUESTS = 10_000
ROUNDS = 7
INTERVAL = 4.0
"""Seconds between polls unless configured otherwise."""
JITTER = 1.1
"""A poll may come a tenth of the interval early."""


def starting(guests: int = GUESTS, rounds: int = ROUNDS) -> Iterator[Figure]:
    """To the first paint and to all rows painted, beside an app with one line of text."""
    rows = fleet.rows(guests)
    first_name = min(row["name"] for row in rows if "vmid" in row)
    with answering([fleet.body(rows, seed=seed) for seed in range(3)]) as server:
        spent = alternate(
            {
                "minimal": lambda _: cpu_until(MINIMAL, {}, minimal.TEXT),
                "first": lambda _: cpu_until(PROXTUI, server.environment, FIRST_PAINT),
                "rows": lambda _: cpu_until(PROXTUI, server.environment, f"{guests} guests", first_name),
            },
            rounds,
        )
    beside = spent["minimal"] * 1000
    yield Figure("start to first paint, CPU", spent["first"] * 1000, "ms", 1.5, beside, "minimal app")
    yield Figure(f"start to {guests} rows painted, CPU", spent["rows"] * 1000, "ms", 3.0, beside, "minimal app")


def helping(rounds: int = 9) -> Iterator[Figure]:
    """``proxtui --help`` beside ``import click``."""
    spent = alternate(
        {
            "help": lambda _: _cpu_of_command([*PROXTUI, "--help"]),
            "click": lambda _: _cpu_of_command([sys.executable, "-c", "import click"]),
        },
        rounds,
    )
    yield Figure("proxtui --help, CPU", spent["help"] * 1000, "ms", 2.0, spent["click"] * 1000, "import click")


def asking(guests: int = 300, nodes: int = 10, seconds: float = 40.0) -> Iterator[Figure]:
    """Requests to the first full table, and then per poll and per interval while nobody looks deeper."""
    rows = fleet.rows(guests, nodes=nodes)
    with (
        answering([fleet.body(rows, seed=seed) for seed in range(5)]) as server,
        Terminal(PROXTUI, server.environment) as terminal,
    ):
        terminal.until(f"{guests} guests")
        terminal.listen(INTERVAL / 2)
        first = server.requests()
        yield Figure(f"requests to the first full table, {nodes} nodes + {guests} guests", sum(first.values()), "", 3)
        terminal.listen(seconds)
        later = server.requests()
        polls = later.get("GET /cluster/resources", 0)
        yield Figure("requests per poll", sum(later.values()), "", 1.0, max(1, polls), "polls")
        yield Figure("polls per interval", polls, "", JITTER, seconds / INTERVAL, "intervals")


def idling(guests: int = 300, *, seconds: float = 60.0) -> Iterator[Figure]:
    """Bytes and CPU a minute while the data stays equal, its keys shuffled; the first polls do not count."""
    rows = fleet.rows(guests)
    with (
        answering([fleet.body(rows, seed=seed) for seed in range(5)]) as server,
        Terminal(PROXTUI, server.environment) as terminal,
    ):
        terminal.until(f"{guests} guests")
        terminal.listen(2 * INTERVAL)
        written, spent = len(terminal.raw), cpu_of_process(terminal.pid)
        terminal.listen(seconds)
        spent = cpu_of_process(terminal.pid) - spent
        minutes = seconds / 60
        name = f"idle, nothing changed, {guests} guests"
        yield Figure(f"{name}: bytes a minute", (len(terminal.raw) - written) / minutes, "bytes", 0)
        yield Figure(f"{name}: CPU a minute", spent / minutes, "s", 0.5)


def idling_at_size(guests: int = GUESTS, seconds: float = 60.0) -> Iterator[Figure]:
    """The same with as many guests as a big cluster has: every poll still has to be decoded and compared."""
    yield from idling(guests, seconds=seconds)


def remembering(guests: int = GUESTS, seconds: float = 6 * INTERVAL) -> Iterator[Figure]:
    """Memory after some polls in which 5 % changed, beside the minimal app."""
    rows = fleet.rows(guests)
    bodies = [fleet.body(fleet.moved(rows, 0.05, seed=seed), seed=seed) for seed in range(8)]
    with (
        answering(bodies) as server,
        Terminal(PROXTUI, server.environment) as ours,
        Terminal(MINIMAL, {}) as yardstick,
    ):
        yardstick.until(minimal.TEXT)
        ours.until(f"{guests} guests")
        ours.listen(seconds)
        used, beside = (memory_of_process(one.pid) / 2**20 for one in (ours, yardstick))
    yield Figure(f"memory, {guests} guests polled", used, "MiB", 3.2, beside, "minimal app")


def cpu_until(command: Sequence[str], environment: Mapping[str, str], *texts: str) -> float:
    """Seconds of processor time until these texts were written."""
    with Terminal(command, environment) as terminal:
        return terminal.until(*texts)


def _cpu_of_command(command: Sequence[str]) -> float:
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command} ended with {process.returncode}"
    return used.ru_utime + used.ru_stime
