"""``python -m benchmarks [--check] [--only NAME] [--json]``: every budget that is due, in a few minutes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version

from benchmarks import exported, metrics, peer, poll, process, relay, screen, vault
from benchmarks.budgets import Result

BENCHMARKS: dict[str, Callable[[], Iterable[Result]]] = {
    "start": process.starting,
    "unlocked": vault.opening,
    "help": process.helping,
    "poll": poll.taking,
    "paint": screen.painted,
    "load": screen.loaded,
    "keys": screen.keys,
    "filter": screen.filtering,
    "requests": process.asking,
    "idle": process.idling,
    "idle-10000": process.idling_at_size,
    "memory": process.remembering,
    "record": metrics.recording,
    "metrics": metrics.asking,
    "exporter": exported.rendering,
    "peer": peer.beside_proxmoxer,
    "relay": relay.relaying,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when a budget is missed")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    # Textual keeps what is printed while an app runs; this goes past it.
    out = sys.__stdout__ or sys.stdout
    print(json.dumps(machine()) if options.json else ", ".join(machine().values()), file=out, flush=True)
    missed = 0
    for name in options.only or BENCHMARKS:
        for result in BENCHMARKS[name]():
            line = (
                json.dumps({"benchmark": name, **result.as_json()}) if options.json else f"{name:<10} {result.line()}"
            )
            print(line, file=out, flush=True)
            missed += result.is_missed
    if missed:
        print(f"{missed} missed", file=sys.stderr)
    return int(bool(missed and options.check))


def machine() -> dict[str, str]:
    """What it runs on: figures of different machines are not comparable, ratios nearly."""
    return {
        "cpu": _cpu_name(),
        "cores": f"{os.cpu_count()} cores",
        "python": f"Python {platform.python_version()}",
        **{name: f"{name} {version(name)}" for name in ("textual", "msgspec", "httpx")},
    }


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
