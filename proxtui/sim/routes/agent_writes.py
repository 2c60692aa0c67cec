"""The QEMU guest agent: what it can be told to do."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from proxtui.sim.api import Call, failed
from proxtui.sim.routes.agent import answered, silence
from proxtui.sim.state import Guest
from proxtui.sim.views import Row

FIRST_PID = 1400
OUTPUTS: dict[str, Callable[[Guest], str]] = {
    "hostname": lambda guest: guest.name,
    "uptime": lambda guest: " 10:00:00 up 3 days,  2:11,  0 users,  load average: 0.08, 0.03, 0.01",
    "whoami": lambda guest: "root",
    "id": lambda guest: "uid=0(root) gid=0(root) groups=0(root)",
    "pwd": lambda guest: "/",
    "true": lambda guest: "",
}
"""Programs that a simulated system has, and what they say."""


def needs(modern: str) -> Callable[[Call], None]:
    """8.4 wants VM.Monitor for everything, 9.x one of its privileges or the one for all."""

    def check(call: Call) -> None:
        names = (f"VM.GuestAgent.{modern}", "VM.GuestAgent.Unrestricted") if call.site.modern else ("VM.Monitor",)
        call.require(f"/vms/{call.path['vmid']}", *dict.fromkeys(names))

    return check


@answered
def nothing(_call: Call, _guest: Guest) -> Row:
    """``ping`` and the like: the agent answers with an empty object."""
    return {}


@answered
def freeze(_call: Call, guest: Guest) -> int:
    guest.frozen = True
    return 2


@answered
def thaw(_call: Call, guest: Guest) -> int:
    was, guest.frozen = guest.frozen, False
    return 2 if was else 0


@answered
def freeze_status(_call: Call, guest: Guest) -> str:
    return "frozen" if guest.frozen else "thawed"


@answered
def trim(_call: Call, _guest: Guest) -> Row:
    return {"paths": [{"path": "/", "trimmed": 1_073_741_824, "minimum": 0}]}


def execute(call: Call) -> Row:
    """Begin a program; its process ID. ``sleep N`` takes its time, ``exit N`` and ``false`` fail."""
    guest = call.guest
    silence(guest)
    if guest.frozen:
        raise failed("Agent error: The command guest-exec has been disabled for this instance")
    words = [part for item in call.params["command"] for part in item.split("\0")]
    program, *arguments = words
    if program.rpartition("/")[2] in ("sh", "bash") and arguments[:1] == ["-c"]:
        program, *arguments = shlex.split(" ".join(arguments[1:])) or [""]
    name = program.rpartition("/")[2]
    seconds, result = _run(guest, name, arguments, str(call.params.get("input-data", "")))
    if result is None:
        text = f'Failed to execute child process "{program}" (No such file or directory)'
        raise failed(f"Agent error: Guest agent command failed, error was '{text}'")
    pid = FIRST_PID + len(guest.runs)
    guest.runs[pid] = (call.now + call.world.seconds(seconds), result)
    return {"pid": pid}


def _run(guest: Guest, name: str, arguments: list[str], given: str) -> tuple[float, Row | None]:
    """Seconds and outcome of a program; no outcome where there is no such program."""
    first = arguments[0] if arguments else ""
    if name == "sleep":
        return (float(first) if first.replace(".", "", 1).isdigit() else 1.0), {"exitcode": 0}
    if name == "echo":
        return 0.2, {"exitcode": 0, "out-data": " ".join(arguments) + "\n"}
    if name == "cat":
        return 0.2, {"exitcode": 0} | ({"out-data": given} if given else {})
    if name in ("exit", "false"):
        code = int(first) if first.isdigit() else 1
        return 0.2, {"exitcode": code, "err-data": f"{name}: failed\n"}
    if name == "kill":
        return 0.2, {"exitcode": 0, "signal": 9}
    if name in OUTPUTS:
        text = OUTPUTS[name](guest)
        return 0.2, {"exitcode": 0} | ({"out-data": text + "\n"} if text else {})
    return 0.0, None


def exec_status(call: Call) -> Row:
    """How a program is getting on; asked once after its end, it is forgotten."""
    guest = call.guest
    silence(guest)
    pid = call.params["pid"]
    run: Any = guest.runs.get(pid)
    if run is None or run[1] is None:
        raise failed(f"Agent error: PID {pid} does not exist")
    ends: float = run[0]
    result: Row = run[1]
    if call.now < ends:
        return {"exited": 0}
    guest.runs[pid] = (ends, None)
    return {"exited": 1} | result
