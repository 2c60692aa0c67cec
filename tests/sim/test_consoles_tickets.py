"""Who may open which console, and what a ticket is good for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from proxtui.sim.consoles.desk import desk_of
from proxtui.sim.running import running
from proxtui.sim.state import Guest
from proxtui.sim.world import World

from .conftest import HeldClock
from .consoles import Operator, Stream
from .viewer import Viewer

REFUSED = b"permission denied - invalid PVEVNC ticket\\n"


@pytest.fixture
def fleet(make_world: Callable[..., World]) -> World:
    return make_world("fleet")


@pytest.fixture
async def told(fleet: World) -> AsyncIterator[dict[str, Any]]:
    async with running(fleet, alive=False) as announced:
        yield {server["server"]: server for server in announced["servers"]}


@pytest.fixture
async def operators(fleet: World, told: dict[str, Any]) -> AsyncIterator[dict[str, Operator]]:
    """With all rights: one on 8.4, one on 9.2."""
    found = {name: Operator(fleet, told[name]) for name in ("aurora", "medilab")}
    yield found
    for operator in found.values():
        await operator.close()


def machine(operator: Operator, kind: str = "qemu") -> Guest:
    return next(guest for guest in operator.site.guests.values() if guest.kind == kind and guest.running)


def below(guest: Guest) -> str:
    return f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}"


async def dialled(operator: Operator, path: str, given: dict[str, Any], **changes: Any) -> tuple[int, bytes]:
    """Status and body of the answer to a WebSocket that is not to be."""
    with pytest.raises(InvalidStatus) as refused:
        await operator.dial(path, given, **changes)
    return refused.value.response.status_code, refused.value.response.body or b""


async def test_a_ticket_is_good_for_one_user_path_port_server_and_time(
    operators: dict[str, Operator], clock: HeldClock
) -> None:
    operator, other = operators["aurora"], operators["medilab"]
    operator.world.auth_delay = 0
    guest = machine(operator)
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    wrong = [
        await dialled(operator, below(guest), given, port=5950),
        await dialled(operator, below(guest), given, ticket=given["ticket"][:-6] + "AAAA=="),
        await dialled(operator, below(machine(operator, "lxc")), given),
        await dialled(other, below(machine(other)), given),
    ]
    assert [status for status, _ in wrong] == [401] * 4
    assert all(REFUSED in body for _, body in wrong)
    user = await Operator(operator.world, operator.told, "root@pam").log_in("root@pam")
    assert (await dialled(user, below(guest), given))[0] == 401
    await user.close()
    clock.forward(41)
    assert (await dialled(operator, below(guest), given))[0] == 401
    status, body = await dialled(operator, below(guest), given, port=5899)
    assert (status, b"value must have a minimum value of 5900" in body) == (400, True)


async def test_a_ticket_serves_one_client(operators: dict[str, Operator]) -> None:
    operator = operators["aurora"]
    guest = machine(operator)
    given = await operator.post(below(guest) + "/vncproxy", websocket=1)
    async with operator.dial(below(guest), given) as socket:
        with pytest.raises(Exception, match=r"connection closed|did not receive"):
            await operator.dial(below(guest), given)
        await Viewer(Stream(socket)).open(given["password"])


async def test_without_an_upgrade_only_the_port_is_told(operators: dict[str, Operator]) -> None:
    operator = operators["medilab"]
    guest = machine(operator)
    given = await operator.post(below(guest) + "/vncproxy")
    params = {"port": given["port"], "vncticket": given["ticket"]}
    answer = await operator.http.get(below(guest) + "/vncwebsocket", params=params)
    assert answer.json() == {"data": {"port": given["port"]}}
    headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "x"}
    answer = await operator.http.get(below(guest) + "/vncwebsocket", params=params, headers=headers)
    assert (answer.status_code, answer.reason_phrase) == (500, "unsupported websocket-version '8'")


@pytest.mark.parametrize(
    ("path", "privilege"),
    [
        ("{guest}/vncproxy", "(/vms/{vmid}, VM.Console)"),
        ("{guest}/termproxy", "(/vms/{vmid}, VM.Console)"),
        ("{guest}/spiceproxy", "(/vms/{vmid}, VM.Console)"),
        ("/nodes/{node}/vncshell", "(/nodes/{node}, Sys.Console)"),
        ("/nodes/{node}/termproxy", "(/nodes/{node}, Sys.Console)"),
    ],
)
async def test_an_auditor_opens_nothing(
    fleet: World, told: dict[str, Any], operators: dict[str, Operator], path: str, privilege: str
) -> None:
    guest = machine(operators["aurora"])
    words = {"guest": below(guest), "vmid": guest.vmid, "node": guest.node}
    auditor = Operator(fleet, told["aurora"], "auditor@pve!monitor")
    answer = await auditor.http.post(path.format(**words))
    assert (answer.status_code, answer.reason_phrase) == (403, f"Permission check failed {privilege.format(**words)}")
    await auditor.close()


async def test_tokens_and_the_shells_of_nodes(operators: dict[str, Operator]) -> None:
    """Before libpve-access-control 9.0.4 they do not go together."""
    for name, release in (("aurora", "8"), ("medilab", "9")):
        operator = operators[name]
        assert operator.site.version.startswith(release)
        node = operator.site.entry.name
        for verb in ("termproxy", "vncshell"):
            answer = await operator.http.post(f"/nodes/{node}/{verb}")
            if release == "9":
                assert answer.json()["data"]["user"] == "admin@pve!proxtui"
            else:
                said = "value 'admin@pve!proxtui' does not look like a valid user name"
                assert (answer.status_code, answer.reason_phrase) == (500, said)
    ticket = await Operator(operators["aurora"].world, operators["aurora"].told, "admin@pve").log_in("admin@pve")
    node = ticket.site.entry.name
    given = await ticket.post(f"/nodes/{node}/termproxy")
    assert given["user"] == "admin@pve"
    assert ":vncshell::admin@pve:" in given["upid"]
    assert (await ticket.http.post(f"/nodes/{node}/termproxy", data={"cmd": "upgrade"})).status_code == 403
    await ticket.close()


async def test_an_older_server_has_no_password_field(operators: dict[str, Operator]) -> None:
    operator = operators["aurora"]
    desk_of(operator.site).old = True
    guest = machine(operator)
    plain = await operator.post(below(guest) + "/vncproxy", websocket=1)
    assert "password" not in plain
    assert plain["ticket"].startswith("PVEVNC:")
    async with operator.dial(below(guest), plain) as socket:
        await Viewer(Stream(socket)).open(plain["ticket"])
    asked = await operator.post(below(guest) + "/vncproxy", **{"websocket": 1, "generate-password": 1})
    async with operator.dial(below(guest), asked) as socket:
        await Viewer(Stream(socket)).open(asked["password"])


async def test_containers_and_nodes_draw_their_terminal(operators: dict[str, Operator]) -> None:
    operator = operators["medilab"]
    guest = machine(operator, "lxc")
    refused = await operator.http.post(below(guest) + "/vncproxy", data={"generate-password": 1})
    assert "generate-password" in refused.json()["errors"]
    given = await operator.post(below(guest) + "/vncproxy", websocket=1, width=800, height=600)
    node = operator.site.entry.name
    shell = await operator.post(f"/nodes/{node}/vncshell", websocket=1)
    for path, offer in ((below(guest), given), (f"/nodes/{node}", shell)):
        async with operator.dial(path, offer) as socket:
            viewer = Viewer(Stream(socket))
            await viewer.open(offer["password"])
            assert any(await viewer.look())


async def test_spice(operators: dict[str, Operator]) -> None:
    operator = operators["aurora"]
    guest = machine(operator)
    answer = await operator.http.post(below(guest) + "/spiceproxy")
    assert (answer.status_code, answer.reason_phrase) == (500, "no spice port")
    guest.extra["vga"] = "qxl"
    data = await operator.post(below(guest) + "/spiceproxy", proxy="jump.example.test")
    assert data["type"] == "spice"
    assert data["proxy"] == "http://jump.example.test:3128"
    assert data["tls-port"] == 61000
    assert data["ca"].startswith("-----BEGIN CERTIFICATE-----\\n")
    assert data["title"] == f"VM {guest.vmid} - {guest.name}"
    assert await operator.post(below(machine(operator, "lxc")) + "/spiceproxy")


async def test_keys_through_the_api(operators: dict[str, Operator]) -> None:
    operator = operators["aurora"]
    guest = machine(operator)
    guest.agent_up = True
    now = operator.world.now()
    scene = desk_of(operator.site).scene(guest, now)
    scene.draw(now)
    before = bytes(scene.screen.pixels)
    answer = await operator.http.put(below(guest) + "/sendkey", data={"key": "shift-a"})
    assert (answer.status_code, answer.json()) == (200, {"data": None})
    scene.draw(now)
    assert bytes(scene.screen.pixels) != before
    answer = await operator.http.put(below(guest) + "/sendkey", data={"key": "bogus"})
    assert (answer.status_code, answer.reason_phrase) == (500, "invalid parameter: bogus")
    await operator.http.put(below(guest) + "/sendkey", data={"key": "ctrl-alt-delete"})
    scene.draw(now)
    assert sum(scene.screen.pixels) < sum(before), "the machine starts again"
