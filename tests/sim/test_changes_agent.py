"""What the guest agent can be told to do."""

from __future__ import annotations

import pytest

from proxtui.sim.world import World

from .changes import Doer, at, guest_like
from .conftest import client


async def test_ping_and_freeze(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True, agent=True, agent_up=True)
    assert await doer.ask("POST", at(guest, "/agent/ping")) == {"result": {}}
    assert await doer.ask("POST", at(guest, "/agent/fsfreeze-freeze")) == {"result": 2}
    assert await doer.ask("POST", at(guest, "/agent/fsfreeze-status")) == {"result": "frozen"}
    assert await doer.ask("POST", at(guest, "/agent/fsfreeze-thaw")) == {"result": 2}
    guest.agent_up = False
    assert await doer.refusal("POST", at(guest, "/agent/ping")) == (500, "QEMU guest agent is not running")
    guest.agent = False
    assert await doer.refusal("POST", at(guest, "/agent/ping")) == (500, "No QEMU guest agent configured")


@pytest.mark.parametrize(
    ("command", "after", "expected"),
    [
        (["echo", "a b", "c"], 1, {"exited": 1, "exitcode": 0, "out-data": "a b c\n"}),
        (["sh", "-c", "exit 3"], 1, {"exited": 1, "exitcode": 3, "err-data": "exit: failed\n"}),
        (["sleep", "10"], 5, {"exited": 0}),
        (["sleep", "10"], 11, {"exited": 1, "exitcode": 0}),
    ],
)
async def test_exec(doer: Doer, command: list[str], after: float, expected: dict[str, object]) -> None:
    guest = guest_like(doer.site, running=True, agent=True, agent_up=True)
    answer = await doer.http.post(at(guest, "/agent/exec"), data={"command": command})
    pid = answer.json()["data"]["pid"]
    doer.clock.forward(after)
    assert await doer.get(at(guest, "/agent/exec-status"), pid=pid) == expected


async def test_exec_of_what_is_not_there(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True, agent=True, agent_up=True)
    status, text = await doer.refusal("POST", at(guest, "/agent/exec"), command="bogus")
    assert status == 500
    assert text.startswith("Agent error: Guest agent command failed")
    answer = await doer.http.get(at(guest, "/agent/exec-status"), params={"pid": 1})
    assert answer.reason_phrase == "Agent error: PID 1 does not exist"


async def test_who_may_run_commands_on_9(make_world: object, world: World) -> None:
    site = world.sites["lab"]
    guest = guest_like(site, running=True, agent=True)
    async with client(world, who="auditor@pve!monitor") as http:
        answer = await http.post(at(guest, "/agent/exec"), data={"command": "id"})
        assert answer.reason_phrase == f"Permission check failed (/vms/{guest.vmid}, VM.Monitor)"


async def test_keys(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True)
    assert await doer.ask("PUT", at(guest, "/sendkey"), key="ctrl-alt-delete") is None
    off = guest_like(doer.site, running=False)
    assert await doer.refusal("PUT", at(off, "/sendkey"), key="ret") == (500, f"VM {off.vmid} not running")
