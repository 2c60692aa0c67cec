"""What can be made to go wrong, through flags or through the control endpoint.

Faults of the wire (``latency``, ``hang``, ``drop``...) match requests by server, method and path. Faults of the world
(``node-offline``, ``no-quorum``, ``hostile``...) change the state of a site until they are removed. Faults of tasks
(``task-warnings``, ``task-fail``, ``task-hang``) hit those that begin while they are in force.
"""

from __future__ import annotations

import fnmatch
import itertools
import math
from dataclasses import asdict, dataclass
from typing import Any

WIRE = ("latency", "hang", "drop", "drop-after", "status", "html", "garbage", "truncate", "drip", "empty")
WORLD = ("node-offline", "no-quorum", "expire-tickets", "revoke-token", "hostile", "lock")
TASK = ("task-warnings", "task-fail", "task-hang")
KINDS = WIRE + WORLD + TASK


@dataclass(slots=True)
class Fault:
    """One thing that is wrong. Only the fields that its kind uses matter."""

    kind: str
    id: int = 0
    server: str = "*"
    method: str = "*"
    path: str = "*"
    """Pattern for the path below ``/api2/json``, for example ``/cluster/*``."""
    times: int | None = None
    """How many requests it hits before it is gone; None: all."""
    ms: float = 0.0
    status: int = 503
    reason: str | None = None
    body: str = ""
    node: str = ""
    vmid: int = 0
    lock: str = "backup"
    task: str = "*"
    """Pattern for the type of a task, for example ``qmstart`` or ``vz*``."""

    def matches(self, server: str, method: str, path: str) -> bool:
        return (
            fnmatch.fnmatchcase(server, self.server)
            and fnmatch.fnmatchcase(method, self.method)
            and fnmatch.fnmatchcase(path, self.path)
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


RANGES: dict[str, tuple[int, int]] = {
    "times": (1, 1_000_000),
    "ms": (0, 86_400_000),
    "status": (200, 599),
    "vmid": (100, 999_999_999),
}
"""The numbers, each from and to; all but ``ms`` are whole."""
TEXTS = ("kind", "server", "method", "path", "reason", "body", "node", "lock", "task")
METHODS = ("*", "GET", "POST", "PUT", "DELETE")
LOCKS = (
    *("backup", "clone", "create", "destroyed", "disk", "fstrim", "migrate", "mounted", "rollback"),
    *("snapshot", "snapshot-delete", "suspended", "suspending"),
)
NEEDED = {"node-offline": "node", "lock": "vmid"}
"""What a kind makes no sense without."""


def fault_from(values: dict[str, Any]) -> Fault:
    """A fault from JSON or from a flag. Raises ValueError with a clear line."""
    kind = values.get("kind")
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; there are: {', '.join(KINDS)}")
    if (needed := NEEDED.get(kind)) and needed not in values:
        raise ValueError(f"fault {kind}: {needed} is missing")
    fields: dict[str, Any] = {}
    for key, value in values.items():
        if key in RANGES:
            fields[key] = _number(kind, key, value)
        elif key in TEXTS:
            fields[key] = _text(kind, key, value)
        else:
            raise ValueError(f"fault {kind}: unknown key {key!r}; there are: {', '.join((*TEXTS[1:], *RANGES))}")
    return Fault(**fields)


def _number(kind: str, key: str, value: object) -> float:
    least, most = RANGES[key]
    whole = key != "ms"
    try:
        # A truth value would pass for a number, and so would half a request.
        number = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        number = math.nan
    if not least <= number <= most or (whole and not number.is_integer()):
        what = "a whole number" if whole else "a number"
        raise ValueError(f"fault {kind}: {key} must be {what} from {least} to {most}, not {value!r}")
    return int(number) if whole else number


def _text(kind: str, key: str, value: object) -> str:
    text = str(value)
    if key == "method":
        text = text.upper()
        if text not in METHODS:
            raise ValueError(f"fault {kind}: method must be one of {', '.join(METHODS)}, not {value!r}")
    if key == "path" and not text.startswith(("/", "*")):
        raise ValueError(f"fault {kind}: path must begin with / or *, not {value!r}")
    if key == "lock" and text not in LOCKS:
        raise ValueError(f"fault {kind}: lock must be one of {', '.join(LOCKS)}, not {value!r}")
    if key == "reason" and any(sign in text for sign in "\r\n\0"):
        raise ValueError(f"fault {kind}: reason must be one line of text")
    return text


def parse_fault(text: str) -> Fault:
    """``kind`` or ``kind:key=value,key=value``, as the ``--fault`` flag takes it."""
    kind, _, rest = text.partition(":")
    values: dict[str, Any] = {"kind": kind}
    for part in filter(None, rest.split(",")):
        key, sign, value = part.partition("=")
        if not sign:
            raise ValueError(f"fault {kind}: {part!r} is not key=value")
        values[key] = value
    return fault_from(values)


class Faults:
    """The faults of the wire that are in force."""

    def __init__(self) -> None:
        self.active: dict[int, Fault] = {}
        self._numbers = itertools.count(1)

    def add(self, fault: Fault) -> Fault:
        fault.id = next(self._numbers)
        self.active[fault.id] = fault
        return fault

    def take(self, server: str, method: str, path: str) -> list[Fault]:
        """Every fault of the wire that hits this request, oldest first; counted ones are used up."""
        hits = [f for f in self.active.values() if f.kind in WIRE and f.matches(server, method, path)]
        for fault in hits:
            self._use_up(fault)
        return hits

    def take_task(self, server: str, kind: str, subject: str) -> Fault | None:
        """The oldest fault of tasks that hits this one; counted ones are used up."""
        for fault in self.active.values():
            if (
                fault.kind in TASK
                and fnmatch.fnmatchcase(server, fault.server)
                and fnmatch.fnmatchcase(kind, fault.task)
                and (not fault.vmid or str(fault.vmid) == subject)
            ):
                self._use_up(fault)
                return fault
        return None

    def _use_up(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self.active[fault.id]
