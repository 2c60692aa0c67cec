"""VNC consoles: tickets, the one password of a machine, what is on the screen, and how all of it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from proxtui.pve.rfb.pixels import BGRX, RGB332, RGB565, PixelFormat
from proxtui.pve.rfb.words import Encoding, Key
from proxtui.sim.running import running
from proxtui.sim.state import Guest
from proxtui.sim.world import World

from .conftest import HeldClock
from .consoles import Operator, Stream
from .viewer import Refusal, Viewer


@pytest.fixture
async def operator(world: World) -> AsyncIterator[Operator]:
    async with running(world, alive=False) as told:
        somebody = Operator(world, told["servers"][0])
        yield somebody
        await somebody.close()


@pytest.fixture
def guest(world: World) -> Guest:
    """A running Linux machine, long after it booted."""
    return next(
        guest
        for guest in world.sites["lab"].guests.values()
        if guest.kind == "qemu" and guest.running and not guest.ostype.startswith("win") and guest.agent_up
    )


def below(guest: Guest) -> str:
    return f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}"


async def open_viewer(operator: Operator, guest: Guest, shared: bool = True) -> tuple[Viewer, dict[str, str]]:
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    socket = await operator.dial(below(guest), given)
    viewer = Viewer(Stream(socket))
    await viewer.open(given["password"], shared)
    return viewer, given


async def test_the_answer_of_vncproxy(operator: Operator, guest: Guest) -> None:
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    assert set(given) == {"user", "ticket", "port", "upid", "cert", "password"}
    assert (given["user"], given["port"]) == ("admin@pve!proxtui", "5900")
    assert given["ticket"].startswith(f"{given['password']}:PVEVNC:")
    assert len(given["ticket"]) <= 512
    assert f":vncproxy:{guest.vmid}:admin@pve!proxtui:" in given["upid"]
    assert given["upid"].startswith(f"UPID:{operator.site.entry.name}:"), "the node that was asked, not the guest's"
    assert "BEGIN CERTIFICATE" in given["cert"]
    assert (await operator.post(below(guest) + "/vncproxy", websocket=1))["port"] == "5901"


async def test_a_console_from_its_opening_to_its_end(operator: Operator, guest: Guest) -> None:
    viewer, given = await open_viewer(operator, guest)
    assert viewer.stream.socket.subprotocol == "binary"
    assert (viewer.width, viewer.height, viewer.name) == (720, 400, f"QEMU ({guest.name})")
    assert await operator.task(given["upid"]) == ("running", None)
    await viewer.want(Encoding.RAW)
    assert any(await viewer.look()), "something is on the screen"
    await viewer.stream.socket.close()
    assert viewer.stream.socket.close_code == 1006, "pveproxy takes no leave"
    await ended(operator, given["upid"])
    assert await operator.task(given["upid"]) == ("stopped", "OK")


async def ended(operator: Operator, upid: str) -> None:
    """Wait until a task ended."""
    async with asyncio.timeout(5):
        while (await operator.task(upid))[0] == "running":
            continue  # each question is a round trip, so the other side gets its turn


async def test_a_wrong_password_is_refused(operator: Operator, guest: Guest) -> None:
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    async with operator.dial(below(guest), given) as socket:
        with pytest.raises(Refusal, match="Authentication failed"):
            await Viewer(Stream(socket)).open("wrong")
        assert await Stream(socket).rest() == b""


async def test_two_consoles_opened_at_once_clash(operator: Operator, guest: Guest) -> None:
    first = await operator.post(below(guest) + "/vncproxy", websocket=1)
    second = await operator.post(below(guest) + "/vncproxy", websocket=1)
    async with operator.dial(below(guest), first) as one, operator.dial(below(guest), second) as two:
        early, late = Viewer(Stream(one)), Viewer(Stream(two))
        challenge = await early.challenge()
        await late.challenge()
        with pytest.raises(Refusal, match="Authentication failed"):
            await early.prove(challenge, first["password"])
    third, _ = await open_viewer(operator, guest)
    await third.stream.socket.close()


async def test_the_password_is_good_for_half_a_minute(operator: Operator, guest: Guest, clock: HeldClock) -> None:
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    async with operator.dial(below(guest), given) as socket:
        viewer = Viewer(Stream(socket))
        challenge = await viewer.challenge()
        clock.forward(31)
        with pytest.raises(Refusal):
            await viewer.prove(challenge, given["password"])


async def test_who_wants_to_be_alone_throws_the_others_out(operator: Operator, guest: Guest) -> None:
    first, _ = await open_viewer(operator, guest)
    second, _ = await open_viewer(operator, guest)
    third, _ = await open_viewer(operator, guest, shared=False)
    assert await first.stream.rest() == b""
    assert await second.stream.rest() == b""
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    async with operator.dial(below(guest), given) as socket:
        shared = Viewer(Stream(socket))
        await shared.prove(await shared.challenge(), given["password"])
        await socket.send(b"\x01")
        assert await shared.stream.rest() == b"", "and nobody comes in beside it"
    await third.stream.socket.close()


@pytest.mark.parametrize("kind", [Encoding.RAW, Encoding.ZLIB, Encoding.HEXTILE, Encoding.ZRLE])
@pytest.mark.parametrize("form", [BGRX, RGB565, RGB332, replace(BGRX, big_endian=True, shifts=(24, 16, 8))])
async def test_every_encoding_tells_the_same(
    operator: Operator, guest: Guest, kind: Encoding, form: PixelFormat
) -> None:
    if form.big_endian and kind == Encoding.ZRLE:
        pytest.skip("the viewer of the tests reads short pixels in the usual order alone")
    viewer, _ = await open_viewer(operator, guest)
    await viewer.want(Encoding.RAW, form=form)
    plain = await viewer.look()
    await viewer.want(kind, form=form)
    assert await viewer.look() == plain
    assert viewer.kinds[-1] == kind
    await viewer.stream.socket.close()


async def test_typing_changes_the_screen_and_only_the_change_is_sent(operator: Operator, guest: Guest) -> None:
    viewer, _ = await open_viewer(operator, guest)
    await viewer.want(Encoding.ZLIB)
    before = await viewer.look()
    await viewer.ask(incremental=True)
    await viewer.key(ord("x"))
    await viewer.update()
    changed = {place // 3 // 720 // 16 for place in range(len(before)) if before[place] != viewer.picture[place]}
    assert len(changed) == 1, "one line of text"
    await viewer.key(Key.BACKSPACE)
    assert await viewer.look() == before
    await viewer.stream.socket.close()


async def test_text_that_rolls_up_is_copied_not_sent(operator: Operator, guest: Guest) -> None:
    viewer, _ = await open_viewer(operator, guest)
    await viewer.want(Encoding.COPY_RECT, Encoding.ZLIB)
    for letter in "root\rx\r":
        await viewer.key(Key.RETURN if letter == "\r" else ord(letter))
    await viewer.look()
    for _ in range(24):
        await viewer.key(Key.RETURN)
    async with asyncio.timeout(10):
        while Encoding.COPY_RECT not in viewer.kinds:
            await viewer.look(incremental=True)
    shown = bytes(viewer.picture)
    await viewer.want(Encoding.RAW)
    assert await viewer.look() == shown
    await viewer.stream.socket.close()


async def test_qemus_extra_messages(operator: Operator, guest: Guest) -> None:
    viewer, _ = await open_viewer(operator, guest)
    pseudo = (Encoding.POINTER_TYPE, Encoding.QEMU_KEY, Encoding.QEMU_AUDIO, Encoding.QEMU_LED)
    await viewer.want(Encoding.ZLIB, *pseudo, Encoding.EXTENDED_CLIPBOARD, Encoding.EXTENDED_DESKTOP_SIZE)
    for _ in pseudo:
        await viewer.update()
    assert viewer.kinds == list(pseudo), "before anything was asked for"
    assert (await viewer.stream.read(16))[4:8] == b"\xff\xff\xff\xf8", "a clipboard of negative length"
    viewer.kinds.clear()
    await viewer.look()
    assert viewer.kinds == [Encoding.EXTENDED_DESKTOP_SIZE], "the size, alone"
    await viewer.update()
    assert viewer.kinds[-1] == Encoding.ZLIB
    await viewer.stream.send(b"\x06\0\0\0" + (-4).to_bytes(4, signed=True) + b"\0\0\0\1")
    await viewer.stream.send(b"\xff\0\0\1\0\0\0\x78\0\0\0\x2d")
    await viewer.look()
    await viewer.stream.socket.close()


async def test_another_scene_has_another_size(operator: Operator, guest: Guest) -> None:
    viewer, _ = await open_viewer(operator, guest)
    await viewer.want(Encoding.ZLIB, Encoding.DESKTOP_SIZE)
    await viewer.look()
    control = {"Authorization": f"Bearer {operator.world.control_token}"}
    url = f"https://{operator.authority}/_sim/consoles"
    wish = {"server": "lab", "vmid": guest.vmid, "scene": "picture"}
    assert (await operator.http.post(url, json=wish, headers=control)).status_code == 200
    await viewer.look(incremental=True)
    assert (viewer.width, viewer.height) == (640, 480)
    listed = (await operator.http.get(url, headers=control)).json()["consoles"]
    assert [(one["path"], one["taken"]) for one in listed] == [(f"/vms/{guest.vmid}", True)]
    await operator.http.post(url, json={"server": "lab", "vmid": guest.vmid, "close": True}, headers=control)
    await viewer.stream.rest()
    wrong = await operator.http.post(url, json={"server": "lab", "vmid": 1, "scene": "panic"}, headers=control)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "there is no guest 1")


async def test_the_picture_moves_with_the_clock(operator: Operator, guest: Guest, clock: HeldClock) -> None:
    from proxtui.sim.consoles.desk import desk_of

    desk_of(operator.site).chosen[guest.vmid] = "picture"
    viewer, _ = await open_viewer(operator, guest)
    await viewer.want(Encoding.HEXTILE)
    before = await viewer.look()
    await viewer.ask(incremental=True)
    clock.forward(0.5)
    await viewer.update()
    assert bytes(viewer.picture) != before
    await viewer.stream.socket.close()


async def test_nobody_comes(operator: Operator, guest: Guest, clock: HeldClock) -> None:
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    clock.forward(9)
    assert await operator.task(given["upid"]) == ("running", None)
    clock.forward(2)
    assert await operator.task(given["upid"]) == ("stopped", "connection timed out")
    with pytest.raises(Exception, match=r"connection closed|did not receive"):
        await operator.dial(below(guest), given)


async def test_a_quarter_of_an_hour_without_a_byte(operator: Operator, guest: Guest, clock: HeldClock) -> None:
    viewer, given = await open_viewer(operator, guest)
    await viewer.want(Encoding.ZLIB)
    clock.forward(800)
    await viewer.look()
    clock.forward(800)
    assert (await operator.task(given["upid"]))[0] == "running", "the look counts"
    clock.forward(101)
    await operator.task(given["upid"])
    assert await viewer.stream.rest() == b""
    assert await operator.task(given["upid"]) == ("stopped", "OK")


async def test_ending_the_task_ends_the_console(operator: Operator, guest: Guest) -> None:
    viewer, given = await open_viewer(operator, guest)
    node = operator.site.entry.name
    assert (await operator.http.delete(f"/nodes/{node}/tasks/{given['upid']}")).status_code == 200
    assert await viewer.stream.rest() == b""
    assert await operator.task(given["upid"]) == ("stopped", "unexpected status")


async def test_a_machine_that_is_off(operator: Operator, guest: Guest, clock: HeldClock) -> None:
    viewer, _ = await open_viewer(operator, guest)
    guest.turn(clock.now, "stopped")
    assert await viewer.stream.rest() == b"", "its screen goes with it"
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    async with operator.dial(below(guest), given) as socket:
        assert await Stream(socket).rest() == b""
    assert await operator.task(given["upid"]) == ("stopped", "Failed to run vncproxy.")
