"""Recorded answers of real servers behind a runtime: every GET as it was answered, refusals as they were refused."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from proxtui.core.model import Snapshot
from proxtui.core.store import Store
from proxtui.errors import ApiError, ProxtuiError
from proxtui.pve.access import Permissions
from proxtui.pve.answers import Reply, refusal
from proxtui.pve.hiding import Hiding
from proxtui.pve.paths import encoded
from proxtui.pve.resources import decode_resources

from .fakes import FakeClock, FakeConnection, FakeRuntime
from .fleets import ACME

REFERENCE = Path(os.environ.get("PVE_REFERENCE") or Path(__file__).resolve().parents[3] / "shared" / "pve")
RELEASES = ("8.4", "9.2")
CONTAINERS = {"8.4": 200, "9.2": 210}
needed = pytest.mark.skipif(
    not (REFERENCE / "recorded").is_dir(), reason="no recorded answers: set PVE_REFERENCE to the directory with them"
)


@cache
def recorded(name: str) -> dict[str, Any]:
    """Everything of one recording by its title."""
    loaded: dict[str, Any] = json.loads((REFERENCE / "recorded" / f"{name}.json").read_text(encoding="utf-8"))
    return {title: one for title, one in loaded.items() if "asked" in one}


def refused(status: int, reason: str, path: str = "", body: Any = None) -> ApiError:
    """What the client raises for such an answer."""
    raw = msgspec.json.encode(body) if body is not None else b""
    return refusal(Reply(status, reason, raw), "GET", path, Hiding())


class ReplayClient:
    """Answers as the recorded server did; ``spoilt`` answers some paths otherwise, ``always`` all of them."""

    def __init__(self, release: str, spoilt: Mapping[str, Any] | None = None, always: ProxtuiError | None = None):
        self.known = {one["asked"]: one for title, one in recorded(release).items() if _is_plain(title)}
        self.spoilt, self.always = dict(spoilt or {}), always
        self.asked: list[str] = []
        """Paths with their query."""

    async def get(self, path: str, *, params: Any = None) -> Any:
        query = encoded(params)
        whole = f"{unquote(path)}?{query}" if query else unquote(path)
        self.asked.append(whole)
        if self.always is not None:
            raise self.always
        if path in self.spoilt:
            if isinstance(self.spoilt[path], Exception):
                raise self.spoilt[path]
            return self.spoilt[path]
        return _asked_for(self._replayed(whole), params or {})

    async def read(self, path: str, *, params: Any = None) -> bytes:
        return json.dumps({"data": await self.get(path, params=params)}).encode()

    def _replayed(self, whole: str) -> Any:
        path = whole.partition("?")[0]
        # Recorded once and asked with parameters that change nothing of its shape.
        found = self.known.get(whole) or next(
            (one for asked, one in self.known.items() if urlsplit(asked).path == path), None
        )
        if found is None:
            # Every call of a release was recorded: this one it does not know.
            raise refused(501, f"Method 'GET {path}' not implemented", path)
        if found["status"] != 200:
            raise refused(found["status"], found["reason"], path, found["body"])
        return found["body"]["data"]


def _is_plain(title: str) -> bool:
    """Asked with all rights; of some histories there are several windows."""
    return title.startswith("GET ") or "rrddata" in title


def _asked_for(data: Any, params: Mapping[str, Any]) -> Any:
    """The lists were recorded whole; PVE itself leaves out what was not asked for."""
    for name, key in (("content", "content"), ("vmid", "vmid")):
        if params.get(name) is not None and isinstance(data, list):
            data = [row for row in data if str(row.get(key, row.get("id"))) == str(params[name])]
    return data


class ReplayRuntime(FakeRuntime):
    """Its connections keep what was learned of our rights."""

    kept: dict[Any, FakeConnection]

    def connection(self, ref: Any) -> FakeConnection:
        if ref not in self.kept:
            self.kept[ref] = FakeConnection(self.clients[ref])
        return self.kept[ref]


def runtime_of(
    release: str, client: ReplayClient, rights: str | None = "GET /access/permissions"
) -> tuple[Any, Snapshot]:
    """A runtime that polled the recorded inventory, and the snapshot of it.

    ``rights`` is the title of recorded permissions; None while they are not known.
    """
    clock = FakeClock()
    found = ReplayRuntime(Store(clock), clock, clients={ACME: client})  # type: ignore[dict-item]
    found.kept = {}
    found.store.register(ACME, interval=4.0, unverified_tls=False)
    body = msgspec.json.encode(recorded(release)["GET /cluster/resources"]["body"])
    found.store.put(ACME, decode_resources(body), taken_at=clock.now, endpoint="pve:8006", interval=4.0)
    if rights is not None:
        found.connection(ACME).permissions = Permissions(
            {
                path: {name: bool(on) for name, on in held.items()}
                for path, held in recorded(release)[rights]["body"]["data"].items()
            }
        )
    return found, found.store.snapshot(ACME)
