"""An office: a vault of two tenants, the simulated cluster behind one of them, and functions that are called there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.keyed import keyed
from proxtui.config.vault import slots
from proxtui.config.vault.edits import add_server, add_tenant, add_user
from proxtui.config.vault.opened import OpenVault
from proxtui.core.model import ServerRef
from proxtui.functions import FunctionError, answer
from proxtui.functions.calling import function_of
from proxtui.functions.desk import Desk
from proxtui.pve.stages import Diagnosis
from proxtui.sim.app import create_app
from proxtui.sim.transport import SimTransport
from tests.config.vaults import ROOT_KEY, new_vault, opened, seat_in
from tests.walks.test_gate import FastClock
from tests.walks.world import make_world

BEN = slots.keyfile(b"b" * 32)
TOKEN = "root@pam!full=11111111-2222-3333-4444-555555555555"


async def announced(name: str, body: Any, desk: Desk) -> dict[str, Any]:
    """What a function that stays says first; then it is broken off, as by ctrl+c."""
    told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    staying = asyncio.create_task(answer(name, body, replace(desk, announce=told.set_result)))
    await asyncio.wait((told, staying), return_when=asyncio.FIRST_COMPLETED)
    if not told.done():
        told.cancel()
        return await staying
    staying.cancel()
    await asyncio.gather(staying, return_exceptions=True)
    return told.result()


class Office:
    """``call`` asks as anna, ``call(..., by=BEN)`` as ben, who may only look."""

    def __init__(self, folder: Path) -> None:
        self.clock = FastClock()
        self.world = make_world("small", now=self.clock.time)
        self.site = self.world.sites["lab"]
        self.seat = seat_in(folder)
        self.found: Any = Diagnosis(endpoint="x:8006", stages=(), verdict="ok", advice="", version="9.2.4", nodes=2)
        """What a test of a server finds."""
        token = self.site.announced
        assert token is not None
        self.vault = new_vault(self.seat)
        self.vault.save(
            add_tenant("acme", "Acme"),
            add_tenant("empty", "Empty"),
            add_server(
                "acme", "prod", ["lab.example:8006"],
                credentials={"token_id": token.full, "token_secret": token.secret},
            ),
            add_user("anna", "admin", {"acme": "admin", "empty": "admin"}),
            add_user("ben", "user", {"acme": "viewer"}),
        )  # fmt: skip
        self.vault.add_slot("ben", BEN, every="admin")

    def desk(self, by: slots.Material = ROOT_KEY, **more: Any) -> Desk:
        vault: OpenVault = opened(self.seat, by)
        transport = SimTransport(create_app(self.world, "lab"))
        opening = {"transports": {ServerRef("acme", "prod"): transport}, "clock": self.clock}
        base: dict[str, Any] = {"environ": {}, "opening": opening, "diagnose": self.diagnose, "vault": vault}
        return Desk(**(base | {"config": keyed(vault, {})} | more))

    async def diagnose(self, config: Any, **_more: Any) -> Diagnosis:
        """Stands for the real test of a server."""
        found: Diagnosis = self.found
        return found

    def call(self, name: str, body: Any = None, *, by: slots.Material = ROOT_KEY, **more: Any) -> dict[str, Any]:
        desk = self.desk(by, **more)
        body = {} if body is None else body
        return asyncio.run(announced(name, body, desk) if function_of(name).stays else answer(name, body, desk))

    def refused(self, name: str, body: Any = None, **more: Any) -> FunctionError:
        """What it refuses with; a failure of the test when it does not."""
        with pytest.raises(FunctionError) as caught:
            self.call(name, body, **more)
        error = caught.value
        assert set(error.document) == {"error", "details"}
        assert error.document["details"]["status"] == error.status
        return error

    def sent(self) -> list[tuple[str, str]]:
        """What changed something on the cluster."""
        return [(one["method"], one["path"]) for one in self.world.requests.changes()["changes"]]

    def vm(self, *, running: bool) -> Any:
        """A VM that is on or off, and no template."""
        return next(
            one
            for one in self.site.guests.values()
            if one.kind == "qemu" and one.running is running and not one.template and not one.lock and not one.ha
        )
