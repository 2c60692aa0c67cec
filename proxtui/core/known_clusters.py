"""Which cluster each server turned out to be, kept from one start to the next.

An endpoint of another cluster must not pass for ours because the right one happens to be down when we start. A server
is known by its name, its addresses and whom it trusts: one that was edited begins anew. No secret is kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from proxtui.config.models import Server
from proxtui.core.belonging import Identity, is_same
from proxtui.core.model import ServerRef
from proxtui.core.state_file import Merged, StateFile
from proxtui.errors import SaveFailed

log = logging.getLogger(__name__)

FILE = "clusters.json"
LARGEST = 800_000
"""Bytes of JSON; the servers that were written the longest ago go first."""
_SERVERS = "servers"


class Kept(Struct, frozen=True):
    """One server in the file."""

    server: str
    """``TENANT/SERVER``, for people."""
    name: str | None
    nodes: tuple[str, ...]
    prints: dict[str, str] = {}
    stands_alone: bool = False

    @property
    def identity(self) -> Identity:
        return Identity(self.name, frozenset(self.nodes), self.prints, self.stands_alone)


def key_of(ref: ServerRef, server: Server) -> str:
    """What a server is known by: anybody who edits one of these has looked at where it leads."""
    ways = [endpoint.label for endpoint in server.endpoints]
    second = server.tailscale.label if server.tailscale is not None else None
    jumps = [jump.label for jump in server.jumps]
    trust = [server.trust.mode, sorted(server.trust.fingerprints), str(server.trust.ca_file or "")]
    spelled = json.dumps([*ref, ways, second, jumps, trust])
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


class KnownCluster:
    """What is kept of one server, in a file that many processes share. It blocks; on the disk only ``forget`` fails."""

    def __init__(self, folder: Path, ref: ServerRef, server: Server) -> None:
        self.label = "/".join(ref)
        self.said = ""
        """Why the file could not be used when it was read or replaced last, in one line; empty when it could."""
        self._file = StateFile(folder / FILE)
        self._key = key_of(ref, server)

    def read(self) -> Identity | None:
        """Its cluster; None when it is not known, and when the file cannot be used."""
        self.said = ""
        reading = self._file.read()
        if reading.closed or reading.broken:
            why = reading.closed or f"{self._file.path} cannot be used, {reading.broken}"
            self.said = f"{why}: which cluster {self.label} is counts as unknown"
            return None
        entries = reading.data.get(_SERVERS, {})
        return self._identity(entries.get(self._key) if isinstance(entries, dict) else entries)

    def keep(self, identity: Identity) -> Identity:
        """Remember it. What stands there by then when that is another cluster: whoever wrote first is right."""
        standing = identity

        def change(entries: dict[str, Any]) -> None:
            nonlocal standing
            kept = self._identity(entries.get(self._key))
            if kept is not None and not is_same(kept, identity):
                standing = kept
                return
            nodes, prints = tuple(sorted(identity.nodes)), dict(identity.prints)
            told = Kept(self.label, identity.name, nodes, prints, identity.stands_alone)
            # The newest at the end: those at the beginning go when there is no room.
            entries.pop(self._key, None)
            entries[self._key] = msgspec.to_builtins(told)

        merged = self._merge(change)
        if merged.data is None:
            log.warning("which cluster %s is cannot be remembered: %s", self.label, merged.said)
        elif merged.said:
            self.said = merged.said
        return standing

    def forget(self) -> None:
        """The next endpoint that answers says which cluster it is. SaveFailed when that cannot be written."""
        merged = self._merge(lambda entries: entries.pop(self._key, None))
        if merged.data is None:
            raise SaveFailed(merged.said)

    def _merge(self, change: Callable[[dict[str, Any]], object]) -> Merged:
        def work(data: dict[str, Any]) -> None:
            held = data.get(_SERVERS)
            entries = data[_SERVERS] = held if isinstance(held, dict) else {}
            change(entries)
            while len(json.dumps(entries)) > LARGEST:
                del entries[next(iter(entries))]

        return self._file.merge(work)

    def _identity(self, entry: object) -> Identity | None:
        if entry is None:
            return None
        try:
            kept = msgspec.convert(entry, Kept)
        except msgspec.ValidationError:
            kept = None
        if kept is None or not kept.nodes:
            self.said = f"{self._file.path}: what it says of {self.label} makes no sense, and counts as unknown"
            return None
        return kept.identity
