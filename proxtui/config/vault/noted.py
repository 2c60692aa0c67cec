"""Where an audit ended, as ``config.toml`` knows it: what finds that the whole state folder was deleted.

The file key authenticates it. It changes no revision and makes no generation: nothing was configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.config.vault.files import locked, put

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault

NOTED = "noted"
MOST = 32
"""Audits that are known at once: what was moved on longest ago is forgotten."""


class End(NamedTuple):
    """Number and code of the last row."""

    seq: int
    mac: str


def ends_in(data: Mapping[str, Any]) -> dict[str, End]:
    """By the name of the audit, from the data of a file."""
    return {name: End(one["seq"], one["mac"]) for name, one in data.get(NOTED, {}).items()}


def moved_on(data: dict[str, Any], ends: Mapping[str, End]) -> bool:
    """Put ends into the data of a file, only ever forwards; whether any of them was newer."""
    known = ends_in(data)
    newer = {name: end for name, end in ends.items() if name not in known or end.seq > known[name].seq}
    if newer:
        kept = {name: end for name, end in known.items() if name not in newer} | newer
        data[NOTED] = {name: end._asdict() for name, end in list(kept.items())[-MOST:]}
    return bool(newer)


class Ends:
    """Those that an open vault knows. Every save takes along what was ``told``, ``write`` alone makes one for it."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault
        self.told: dict[str, End] = {}
        """What this process wrote into audits, by name."""

    def known(self, name: str) -> End | None:
        """The end that the file knew when it was read or saved last."""
        return ends_in(self._vault._draft.document.data).get(name)

    def tell(self, name: str, end: End) -> None:
        """So far an audit goes now."""
        self.told[name] = end

    def write(self) -> None:
        """Note it in the file. FileLocked, SaveFailed, OSError, and what opening the file raises: it can wait then."""
        vault = self._vault
        if vault.only_monitor or not self.told:
            return
        seat = vault._seat
        with locked(seat.path, seconds=seat.wait):
            draft = vault._opened()
            if moved_on(draft.document.data, dict(self.told)):
                put(seat.path, draft.with_data().text(), seat.disk)
