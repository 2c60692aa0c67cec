"""What tests of changes share: a site, its guests, and waiting for tasks."""

from __future__ import annotations

from typing import Any

import httpx

from proxtui.sim.state import Guest
from proxtui.sim.world import Site

from .conftest import HeldClock


def guest_like(site: Site, kind: str = "qemu", **wanted: Any) -> Guest:
    """A guest whose attributes are as wanted: no template, no lock, not managed by HA."""
    wanted = {"template": False, "lock": None, "ha": None} | wanted
    found = (g for g in site.guests.values() if g.kind == kind)
    return next(g for g in found if all(getattr(g, name) == value for name, value in wanted.items()))


def at(guest: Guest, rest: str = "") -> str:
    return f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}{rest}"


class Doer:
    """Asks, and lets time pass."""

    def __init__(self, http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
        self.http, self.site, self.clock = http, site, clock

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, (path, answer.reason_phrase, answer.text)
        return answer.json()["data"]

    async def ask(self, method: str, path: str, **params: Any) -> Any:
        """The data of a change that passes."""
        answer = await self.send(method, path, **params)
        assert answer.status_code == 200, (path, answer.reason_phrase, answer.text)
        return answer.json()["data"]

    async def send(self, method: str, path: str, **params: Any) -> httpx.Response:
        if method == "DELETE":
            return await self.http.delete(path, params=params)
        return await self.http.request(method, path, data=params)

    async def refusal(self, method: str, path: str, **params: Any) -> tuple[int, str]:
        """Status and text of a change that does not pass; of a 400 the text of its one wrong parameter."""
        answer = await self.send(method, path, **params)
        assert answer.status_code >= 400, (path, answer.text)
        body = answer.json() if answer.content else {}
        errors = body.get("errors") or {}
        if errors:
            name, text = next(iter(errors.items()))
            return answer.status_code, f"{name}: {text}"
        return answer.status_code, answer.reason_phrase

    async def end(self, upid: str, seconds: float = 30) -> str:
        """How a task ends, after some time."""
        self.clock.forward(seconds)
        found = await self.get(f"/nodes/{upid.split(':')[1]}/tasks/{upid}/status")
        assert found["status"] == "stopped", found
        return str(found["exitstatus"])

    async def do(self, method: str, path: str, **params: Any) -> str:
        """Carry out a change that is a task; how it ended."""
        return await self.end(await self.ask(method, path, **params))

    async def log(self, upid: str) -> list[str]:
        rows = await self.get(f"/nodes/{upid.split(':')[1]}/tasks/{upid}/log", limit=0)
        return [row["t"] for row in rows]

    async def config(self, guest: Guest) -> dict[str, Any]:
        return dict(await self.get(at(guest, "/config")))
