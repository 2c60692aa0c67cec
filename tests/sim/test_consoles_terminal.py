"""Terminals through termproxy: its framing, who shares what, real shells, and how all of it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.sim.running import running
from proxtui.sim.state import Guest
from proxtui.sim.world import World

from .conftest import HeldClock
from .consoles import Operator, Stream


@pytest.fixture
async def operator(world: World) -> AsyncIterator[Operator]:
    async with running(world, alive=False) as told:
        somebody = Operator(world, told["servers"][0])
        yield somebody
        await somebody.close()


@pytest.fixture
def container(world: World) -> Guest:
    return next(guest for guest in world.sites["lab"].guests.values() if guest.kind == "lxc" and guest.running)


@pytest.fixture
def machine(world: World) -> Guest:
    guest = next(guest for guest in world.sites["lab"].guests.values() if guest.kind == "qemu" and guest.running)
    guest.extra["serial0"] = "socket"
    return guest


def below(guest: Guest) -> str:
    return f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}"


class Terminal:
    """One client of a terminal."""

    def __init__(self, operator: Operator, given: dict[str, Any], stream: Stream) -> None:
        self.operator, self.given, self.stream = operator, given, stream

    @classmethod
    async def open(cls, operator: Operator, path: str, **params: Any) -> Terminal:
        given = await operator.post(f"{path}/termproxy", **params)
        stream = Stream(await operator.dial(path, given))
        await stream.send(f"{given['user']}:{given['ticket']}\n")
        assert await stream.read(2) == b"OK"
        return cls(operator, given, stream)

    async def type(self, text: str) -> None:
        data = text.encode()
        await self.stream.send(b"0:%d:%s" % (len(data), data))

    async def log_in(self) -> None:
        await self.stream.until("login: ")
        await self.type("root\rsecret\r")
        await self.stream.until("$ ")

    async def close(self) -> None:
        await self.stream.socket.close()
        await self.end()

    async def end(self) -> str | None:
        """What the task ended with, once it ended."""
        async with asyncio.timeout(5):
            while (found := await self.operator.task(self.given["upid"]))[0] == "running":
                continue
        return found[1]


async def test_a_container_from_login_to_logout(operator: Operator, container: Guest) -> None:
    terminal = await Terminal.open(operator, below(container))
    assert set(terminal.given) == {"user", "ticket", "port", "upid"}
    assert terminal.given["ticket"].startswith("PVEVNC:")
    assert f":vncproxy:{container.vmid}:" in terminal.given["upid"]
    await terminal.log_in()
    await terminal.type("echo größer\r")
    assert "größer\r\ngrößer\r\n" in await terminal.stream.until("$ ")
    await terminal.stream.socket.close()
    assert terminal.stream.socket.close_code == 1006
    assert await terminal.end() == "OK"


async def test_resize_ping_and_what_is_no_message(operator: Operator, container: Guest) -> None:
    terminal = await Terminal.open(operator, below(container))
    await terminal.log_in()
    await terminal.stream.send("1:132:43:")
    await terminal.stream.send("2")
    await terminal.stream.send(b"0:1:\rgarbage")
    await terminal.stream.until("$ ")
    await terminal.stream.send(b"0:5:stty")
    await terminal.stream.send(b" 20:5:size\r")
    assert "43 132" in await terminal.stream.until("$ ")
    await terminal.close()


async def test_a_wrong_first_line_ends_it(operator: Operator, container: Guest) -> None:
    given = await operator.post(below(container) + "/termproxy")
    async with operator.dial(below(container), given) as socket:
        await socket.send(f"root@pam:{given['ticket']}\n")
        assert await Stream(socket).rest() == b""
    status, ends = await operator.task(given["upid"])
    assert status == "stopped"
    assert ends is not None
    assert ends.startswith(f"command '/usr/bin/termproxy 5900 --path /vms/{container.vmid} --perm VM.Console ")
    assert ends.endswith("failed: exit code 1")


async def test_who_says_nothing_is_sent_away(operator: Operator, container: Guest, clock: HeldClock) -> None:
    given = await operator.post(below(container) + "/termproxy")
    async with operator.dial(below(container), given) as socket:
        clock.forward(10)
        await operator.task(given["upid"])
        assert await Stream(socket).rest() == b""
    assert "exit code 1" in str((await operator.task(given["upid"]))[1])


async def test_two_share_the_console_of_a_container(operator: Operator, container: Guest) -> None:
    first = await Terminal.open(operator, below(container))
    await first.stream.until("login: ")
    second = await Terminal.open(operator, below(container))
    await second.type("root")
    assert await first.stream.until("root")
    assert await second.stream.until("root")
    await second.close()
    await first.type("\r")
    assert await first.stream.until("Password: ")
    await first.close()


async def test_the_second_at_a_serial_port_waits_for_ever(operator: Operator, machine: Guest) -> None:
    first = await Terminal.open(operator, below(machine))
    assert await first.stream.until("starting serial terminal on interface serial0\r\n")
    await first.stream.until("login: ")
    second = await Terminal.open(operator, below(machine))
    assert await second.stream.until("starting serial terminal on interface serial0\r\n")
    await second.type("root\r")
    await first.type("admin\r")
    assert "root" not in await first.stream.until("Password: ")
    await second.stream.socket.close()
    assert await second.stream.rest() == b""
    await first.close()


async def test_what_has_nothing_behind_it(operator: Operator, machine: Guest, container: Guest) -> None:
    now = operator.world.now()
    missing = await Terminal.open(operator, below(machine), serial="serial3")
    assert await missing.stream.rest() == b"serial interface 'serial3' is not configured\r\n"
    del machine.extra["serial0"]
    none = await Terminal.open(operator, below(machine))
    assert await none.stream.rest() == b"unable to find a serial interface\r\n"
    machine.extra["serial0"] = "socket"
    machine.turn(now, "stopped")
    off = await Terminal.open(operator, below(machine))
    assert await off.stream.rest() == f"VM {machine.vmid} not running\r\n".encode()
    container.turn(now, "stopped")
    dead = await Terminal.open(operator, below(container))
    assert f"{container.vmid} is not running\r\n\x1b[999H\r\n[EOF - dtach terminating]" in (
        (await dead.stream.rest()).decode()
    )
    assert await dead.end() == "OK"


async def test_a_node_is_a_login_unless_root_asks(operator: Operator) -> None:
    node = operator.site.entry.name
    for name, prompt in (("admin@pve", f"{node} login: "), ("root@pam", f"root@{node}:~$ ")):
        user = await Operator(operator.world, operator.told, name).log_in(name)
        terminal = await Terminal.open(user, f"/nodes/{node}")
        assert await terminal.stream.until(prompt) == prompt
        await terminal.close()
        await user.close()


async def test_ten_megabytes_and_noise(operator: Operator, container: Guest) -> None:
    terminal = await Terminal.open(operator, below(container))
    await terminal.log_in()
    await terminal.type("flood 10000000\r")
    await terminal.stream.until("\n")
    assert (await terminal.stream.read(10_000_000)).startswith(b"0123456789abcdef")
    await terminal.stream.until("$ ")
    await terminal.type("noise\r")
    assert bytes(range(256)) in (await terminal.stream.read(4000))
    await terminal.stream.until("$ ")
    await terminal.type("hangup\r")
    await terminal.stream.rest()
    assert await terminal.end() == "OK"


async def test_a_frame_that_pveproxy_does_not_take(operator: Operator, container: Guest) -> None:
    terminal = await Terminal.open(operator, below(container))
    await terminal.type("x" * 200_000)
    await terminal.stream.rest()
    assert await terminal.end() == "OK"


async def test_a_real_shell_and_nothing_of_it_left(operator: Operator, container: Guest, tmp_path: Path) -> None:
    operator.world.consoles.shell = True
    terminal = await Terminal.open(operator, below(container))
    await terminal.stream.send("1:91:37:")
    await terminal.type(f"stty size; sleep 600 & echo $! > {tmp_path}/job; echo do''ne $$ en''d\r")
    said = await terminal.stream.until(" end\r\n")
    assert "37 91" in said
    shell = int(said.rpartition("done ")[2].split(" ")[0])
    job = int((tmp_path / "job").read_text())
    assert lives(job)
    await terminal.close()
    for pid in (shell, job):
        await gone(pid)


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> None:
    """Wait until a process ended: nobody tells us, it is no child of ours."""
    async with asyncio.timeout(5):
        while lives(pid):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_end_of_the_shell_is_the_end_of_the_console(operator: Operator, container: Guest) -> None:
    operator.world.consoles.shell = True
    terminal = await Terminal.open(operator, below(container))
    await terminal.type("exit\r")
    await terminal.stream.rest()
    assert await terminal.end() == "OK"


async def test_the_end_of_the_simulator_ends_terminals(world: World) -> None:
    world.consoles.shell = True
    async with running(world, alive=False) as told:
        operator = Operator(world, told["servers"][0])
        guest = next(guest for guest in operator.site.guests.values() if guest.kind == "lxc" and guest.running)
        terminal = await Terminal.open(operator, below(guest))
        await terminal.type("echo pi''d $$ en''d\r")
        pid = int((await terminal.stream.until(" end\r\n")).rpartition("pid ")[2].split(" ")[0])
        await operator.close()
    await gone(pid)
    await terminal.stream.rest()
