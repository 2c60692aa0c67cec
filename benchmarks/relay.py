"""The relay of a screen beside a plain byte pump in the same process: how much it passes, and what it adds."""

from __future__ import annotations

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.budgets import Figure
from benchmarks.carrier import start, update
from benchmarks.measure import alternate, cpu_of_process

ROUNDS = 7
SCREENS = 6
"""Of 1920x1080 with four bytes a pixel, in one round."""
SMALL = 150
"""Updates of 16x16 in one round."""


class Looker:
    """A viewer on a blocking socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._take(len(start()))

    def look(self, width: int, height: int) -> int:
        """Ask for a picture and take it; gives its bytes."""
        request = b"\3\0" + bytes(4) + width.to_bytes(2) + height.to_bytes(2)
        self._socket.sendall(request)
        head, length = update(request)
        return self._take(len(head) + length)

    def close(self) -> None:
        self._socket.close()

    def _take(self, length: int) -> int:
        left = length
        while left:
            got = len(self._socket.recv(min(left, 1 << 20)))
            assert got, "the other side ended"
            left -= got
        return length


def relaying(rounds: int = ROUNDS) -> Iterator[Figure]:
    """Whole screens and small updates, through both, in turns."""
    with ExitStack() as closing:
        source, _ = closing.enter_context(_started("source"))
        ports, pid = closing.enter_context(_started("carrier", json.dumps(source)))
        lookers = {name: Looker(port) for name, port in ports.items()}
        for looker in lookers.values():
            closing.callback(looker.close)
        spent = alternate(
            {name: lambda _, looker=looker: _cpu_per_mb(looker, pid) for name, looker in lookers.items()}, rounds
        )
        passed = alternate(
            {name: lambda _, looker=looker: _ms_per_mb(looker) for name, looker in lookers.items()}, rounds
        )
        took = alternate(
            {name: lambda _, looker=looker: _median_ms(looker) for name, looker in lookers.items()}, rounds
        )
    # Five times the time for a byte is a fifth of the throughput.
    yield Figure("relay of whole screens, CPU", spent["relay"], "ms/MB", 5.0, spent["pump"], "byte pump")
    yield Figure("relay of whole screens, time", passed["relay"], "ms/MB", 5.0, passed["pump"], "byte pump")
    yield Figure("relay adds to a small update", max(0.0, took["relay"] - took["pump"]), "ms", 1.0)


def _cpu_per_mb(looker: Looker, pid: int) -> float:
    before = cpu_of_process(pid)
    length = sum(looker.look(1920, 1080) for _ in range(SCREENS))
    return (cpu_of_process(pid) - before) * 1000 / (length / 1e6)


def _ms_per_mb(looker: Looker) -> float:
    began = time.perf_counter()
    length = sum(looker.look(1920, 1080) for _ in range(SCREENS))
    return (time.perf_counter() - began) * 1000 / (length / 1e6)


def _median_ms(looker: Looker) -> float:
    found = []
    for _ in range(SMALL):
        began = time.perf_counter()
        looker.look(16, 16)
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


@contextmanager
def _started(*words: str) -> Iterator[tuple[dict[str, Any], int]]:
    """What a process announces, and its pid."""
    command = [sys.executable, "-m", "benchmarks.carrier", *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            yield json.loads(process.stdout.readline()), process.pid
        finally:
            process.kill()
