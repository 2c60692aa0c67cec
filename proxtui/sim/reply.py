"""What goes back over the wire, and how Proxmox words it."""

from __future__ import annotations

import json
import random
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import msgspec

from proxtui.sim.api import Refused

JSON = "application/json;charset=UTF-8"
KEEP = "Keep-Alive"
GZIP_FROM = 1024
LOOSE_FROM = 200_000
CONTAINERS = (dict, list)


@dataclass(slots=True)
class Reply:
    """One answer. ``reason`` may hold anything but line breaks."""

    status: int
    reason: str
    body: bytes = b""
    type: str | None = None
    daemon: bool = False
    """True: pvedaemon answered, so there are two Connection headers."""
    remote: bool = False
    """True: it came through another node, so one of them reads ``close,Keep-Alive``."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    cut: bool = False
    """Send half of the body as it goes over the wire, then break off."""
    drip: float = 0.0
    """Seconds between two bytes of the body."""
    door: Any = None
    """With 101: the console that takes over the connection."""

    @property
    def closes(self) -> bool:
        return self.status >= 400

    def connection(self, last: bool) -> list[str]:
        """The values of the Connection headers."""
        if self.closes or last:
            return ["close"]
        if self.remote:
            return ["close,Keep-Alive", KEEP]
        return ["close", KEEP] if self.daemon else [KEEP]

    def head(self) -> list[tuple[str, str]]:
        """All headers but Connection."""
        date = formatdate(usegmt=True)
        found = [
            ("Cache-Control", "max-age=0"),
            ("Pragma", "no-cache"),
            ("Server", "pve-api-daemon/3.0"),
            ("Date", date),
            ("Expires", date),
            ("Content-Length", str(len(self.body))),
        ]
        if self.type:
            found.append(("Content-Type", self.type))
        return found + self.headers


class Dropped(Exception):
    """The connection ends here, without an answer."""


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def encode(value: Any) -> bytes:
    """JSON with the keys of every object in another order than last time."""
    shuffled = Shuffle().of(value)
    try:
        return msgspec.json.encode(shuffled)
    except UnicodeEncodeError:
        # A lone surrogate, which only a hostile answer holds, passes as an escape.
        return json.dumps(shuffled).encode()


class Shuffle:
    """One random order of keys, for one answer; rows alike are ordered alike, which costs little."""

    def __init__(self) -> None:
        self.place: defaultdict[Any, float] = defaultdict(random.random)
        self.known: dict[tuple[Any, ...], list[Any]] = {}

    def of(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            return [self.of(item) for item in value]
        if kind is not dict:
            return value
        keys = tuple(value)
        order = self.known.get(keys)
        if order is None:
            order = self.known[keys] = sorted(keys, key=self.place.__getitem__)
        return {key: item if type(item := value[key]) not in CONTAINERS else self.of(item) for key in order}


def refusal(error: Refused) -> Reply:
    """A refusal in the JSON format."""
    reason = first_line(error.reason)
    if error.empty or error.status in (595, 596):
        return Reply(error.status, reason)
    if error.status == 501:
        body: dict[str, Any] = {"data": None, "message": error.reason}
    else:
        body = {"data": None, "message": error.reason + "\n"}
    if error.errors:
        body["errors"] = error.errors
    return Reply(error.status, reason, encode(body), JSON)


def plain(status: int, text: str) -> Reply:
    """A refusal from below the API: text in the reason phrase and again in the body."""
    return Reply(status, first_line(text), text.encode(), None)


def compress(reply: Reply, accepted: str) -> Reply:
    """gzip (or deflate) when the client takes it and it pays."""
    if len(reply.body) <= GZIP_FROM or not accepted or reply.status != 200:
        return reply
    names = {part.partition(";")[0].strip() for part in accepted.split(",")}
    if "gzip" in names:
        # Long answers are packed loosely: one process plays many busy servers.
        packer = zlib.compressobj(4 if len(reply.body) < LOOSE_FROM else 1, zlib.DEFLATED, 31)
        reply.headers.append(("Content-Encoding", "gzip"))
    elif "deflate" in names:
        packer = zlib.compressobj(4)
        reply.headers.append(("Content-Encoding", "deflate"))
    else:
        return reply
    reply.body = packer.compress(reply.body) + packer.flush()
    return reply
