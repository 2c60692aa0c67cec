"""Measuring on a machine that others use too: CPU time, rounds that alternate, medians, and ratios only."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

Work = Callable[[int], Any]
"""Gets the number of the round."""


def cpu_of_call(work: Callable[[], Any]) -> float:
    """Seconds of processor time that a call takes in this process. What it made is thrown away outside of it."""
    gc.collect()
    started = time.process_time()
    kept = work()
    spent = time.process_time() - started
    del kept
    return spent


def alternate(candidates: Mapping[str, Callable[[int], float]], rounds: int, *, warm: int = 1) -> dict[str, float]:
    """The median of what each candidate says, asked in turns so that a busy machine hurts all of them alike.

    A candidate gets the number of its round and answers with its own figure. The first ``warm`` rounds do not count.
    """
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + warm):
        for name, measure in candidates.items():
            figure = measure(number)
            if number >= warm:
                found[name].append(figure)
    return {name: statistics.median(figures) for name, figures in found.items()}


def cpu_of_process(pid: int) -> float:
    """Seconds of processor time of a running process, all its threads, also those that ended. Linux."""
    # The kernel's number of the clock of another process: CPUCLOCK_SCHED of its pid.
    return time.clock_gettime((~pid << 3) | 2)


def memory_of_process(pid: int) -> int:
    """Bytes of memory that a running process has in RAM. Linux."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * _PAGE


_PAGE = 4096
