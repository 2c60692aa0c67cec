"""What was asked of the simulator; tests count it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

SECRETS = ("password", "cipassword", "input-data", "sshkeys", "ssh-public-keys", "tfa-challenge", "otp")
"""Parameters that are never shown again."""


@dataclass(slots=True)
class Record:
    """One request that reached the simulator."""

    at: float
    server: str
    method: str
    path: str
    status: int | None = None
    """None while it is unanswered, and for ever when it was dropped."""
    params: dict[str, Any] | None = None
    """What a POST, PUT or DELETE was given, without secrets; None when it never came so far."""


def shown(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters without their secrets."""
    return {name: "***" if name in SECRETS else value for name, value in params.items()}


class Requests:
    """The last requests and counts of all of them."""

    def __init__(self) -> None:
        self.recent: deque[Record] = deque(maxlen=2000)
        self.counts: Counter[str] = Counter()
        self.connections: Counter[str] = Counter()
        self.listeners: list[Callable[[Record], None]] = []
        """Called as a request arrives, before it is answered."""

    def begin(self, server: str, method: str, path: str, now: float) -> Record:
        record = Record(now, server, method, path.removeprefix("/api2/json"))
        self.recent.append(record)
        self.counts[f"{server} {method} {record.path}"] += 1
        for listener in self.listeners:
            listener(record)
        return record

    def changes(self) -> dict[str, Any]:
        """What was to change something: ``METHOD PATH`` and how often, and the last ones with their parameters."""
        found = [record for record in self.recent if record.method != "GET"]
        counts = {key: count for key, count in self.counts.items() if key.split(" ")[1] != "GET"}
        return {"total": sum(counts.values()), "counts": counts, "changes": [asdict(record) for record in found]}

    def clear(self) -> None:
        self.recent.clear()
        self.counts.clear()
        self.connections.clear()

    def as_json(self) -> dict[str, Any]:
        return {
            "total": sum(self.counts.values()),
            "counts": dict(self.counts),
            "connections": dict(self.connections),
            "requests": [asdict(record) for record in self.recent],
        }
