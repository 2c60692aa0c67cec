"""What a configuration with a key costs at the start, once the key is kept: nothing is derived any more."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import fleet, minimal
from benchmarks.answerer import PASSWORD, Answerer, answering
from benchmarks.budgets import Figure, Result, Skipped
from benchmarks.measure import alternate
from benchmarks.process import FIRST_PAINT, GUESTS, MINIMAL, PROXTUI, ROUNDS, cpu_until

_JOIN_SESSION = 1
"""A command of ``keyctl``."""
PASSPHRASE = "correct horse battery"  # noqa: S105  of a file that lives for seconds


def opening(guests: int = GUESTS, rounds: int = ROUNDS) -> Iterator[Result]:
    """The start over a vault whose key the kernel keeps: within the budgets of the start, and beside one without."""
    from proxtui.config.vault.cache import NoKeyring

    rows = fleet.rows(guests)
    first_name = min(row["name"] for row in rows if "vmid" in row)
    whole = (f"{guests} guests", first_name)
    with answering([fleet.body(rows, seed=seed) for seed in range(3)]) as server:
        try:
            with unlocked(server) as environment:
                spent = alternate(
                    {
                        "minimal": lambda _: cpu_until(MINIMAL, {}, minimal.TEXT),
                        "plain": lambda _: cpu_until(PROXTUI, server.environment, FIRST_PAINT),
                        "first": lambda _: cpu_until(PROXTUI, environment, FIRST_PAINT),
                        "rows": lambda _: cpu_until(PROXTUI, environment, *whole),
                    },
                    rounds,
                )
        except NoKeyring as error:
            yield Skipped("start with the key kept", str(error))
            return
    ms = {name: seconds * 1000 for name, seconds in spent.items()}
    beside = (ms["minimal"], "minimal app")
    yield Figure("start with the key kept to first paint, CPU", ms["first"], "ms", 1.5, *beside)
    yield Figure("the same", ms["first"], "ms", 1.25, ms["plain"], "without a configuration")
    yield Figure(f"start with the key kept to {guests} rows, CPU", ms["rows"], "ms", 3.0, *beside)


def _keep_apart() -> None:
    """Have a session keyring of our own: whoever locks a vault on this machine forgets all keys of the one it is in."""
    from proxtui.config.vault.cache import _keyctl

    with suppress(OSError):
        _keyctl(_JOIN_SESSION, None)


@contextmanager
def unlocked(server: Answerer) -> Iterator[dict[str, str]]:
    """What makes proxtui read a configuration whose key was typed a moment ago. NoKeyring where the kernel has none."""
    from proxtui.config.vault import slots, unlocking
    from proxtui.config.vault.cache import KernelKeyring, NoKeyring
    from proxtui.config.vault.edits import add_server, add_tenant
    from proxtui.config.vault.opened import Seat

    _keep_apart()
    keyring = KernelKeyring()
    with tempfile.TemporaryDirectory(prefix="proxtui-bench-") as name:
        folder = Path(name)
        seat = Seat(folder / "config" / "proxtui" / "config.toml", folder / "state" / "proxtui")
        vault = unlocking.create(seat, "bench", slots.new_passphrase(PASSPHRASE))
        trust = {"mode": "fingerprint", "fingerprints": [server.fingerprint]}
        login = {"username": "root@pam", "password": PASSWORD}
        place = [f"127.0.0.1:{server.port}"]
        vault.save(add_tenant("bench", "Bench"), add_server("bench", "bench", place, trust=trust, credentials=login))
        try:
            # For 15 minutes, which is longer than all of the rounds.
            unlocking.keep(vault, keyring)
            yield {
                "XDG_CONFIG_HOME": str(folder / "config"),
                "XDG_STATE_HOME": str(folder / "state"),
                "HOME": str(folder),
            }
        finally:
            with suppress(NoKeyring):
                keyring.forget(vault.cached_as)
