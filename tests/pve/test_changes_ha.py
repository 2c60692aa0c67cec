"""HA changed: the requests, PVE's schema, the digest, and what is refused before."""

from __future__ import annotations

import pytest

from proxtui.errors import ApiError, ConflictError, UnexpectedAnswer
from proxtui.pve.ha import HaTools
from proxtui.pve.params import HaParams

from .changing import DIGEST, Recorder, Sent
from .fakes import data
from .schema import VERSIONS, PveSchema, needs_schema
from .tables import Change, pve_takes, sends_nothing, sends_one_request

R = "/cluster/ha/resources"
VM = f"{R}/vm%3A100"
READ = {f"{R}/vm:100": data({"sid": "vm:100", "digest": DIGEST, "state": "started"})}
CHANGES = {
    "add": Change(
        lambda c: HaTools(c).add_ha_resource(HaParams(sid="vm:100")),
        Sent("POST", R, {"sid": "vm:100", "state": "started"}),
        task=False,
    ),
    "add with all": Change(
        lambda c: HaTools(c).add_ha_resource(
            HaParams(sid="ct:200", state="ignored", max_restart=2, max_relocate=0, group="fast", comment="a\nb")
        ),
        Sent("POST", R, {
            "sid": "ct:200", "state": "ignored", "max_restart": 2, "max_relocate": 0, "group": "fast",
            "comment": "a\nb",
        }),
        task=False,
    ),
    "disable": Change(
        lambda c: HaTools(c).update_ha_resource("vm:100", state="disabled"),
        Sent("PUT", VM, {"state": "disabled", "digest": DIGEST}),
        task=False,
        answers=READ,
    ),
    "with a digest that is known": Change(
        lambda c: HaTools(c).update_ha_resource("vm:100", "ab12", max_restart=0),
        Sent("PUT", VM, {"max_restart": 0, "digest": "ab12"}),
        task=False,
    ),
    "remove": Change(lambda c: HaTools(c).remove_ha_resource("ct:200"), Sent("DELETE", f"{R}/ct%3A200"), task=False),
}  # fmt: skip
WRONG = {
    "no resource": (lambda c: HaTools(c).add_ha_resource(HaParams(sid="100")), "sid"),
    "a resource that climbs": (lambda c: HaTools(c).remove_ha_resource("vm:100/.."), "sid"),
    "a VMID that is none": (lambda c: HaTools(c).migrate_ha("vm:99", "pve2"), "sid"),
    "nowhere": (lambda c: HaTools(c).relocate_ha("vm:100", "pve 2"), "node"),
    "no such state": (lambda c: HaTools(c).update_ha_resource("vm:100", state="paused"), "state"),
    "nothing to change": (lambda c: HaTools(c).update_ha_resource("vm:100"), "state"),
    "a word that HA has not": (lambda c: HaTools(c).update_ha_resource("vm:100", colour="red"), "colour"),
    "a bad group": (lambda c: HaTools(c).add_ha_resource(HaParams(sid="vm:100", group="a b")), "group"),
    "fewer than none": (lambda c: HaTools(c).add_ha_resource(HaParams(sid="vm:100", max_restart=-1)), "max_restart"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_sends_one_request(name: str) -> None:
    await sends_one_request(CHANGES[name])


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CHANGES)
def test_pve_takes_it(name: str, version: str) -> None:
    pve_takes(CHANGES[name], version)


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_input_is_not_sent(name: str) -> None:
    await sends_nothing(*WRONG[name])


@needs_schema
@pytest.mark.parametrize("how", ["migrate", "relocate"])
async def test_to_another_node(how: str) -> None:
    along = {"sid": "vm:100", "requested-node": "pve2", "comigrated-resources": ["ct:200"], "blocking-resources": []}
    client = Recorder(replies=[None, along, {"blocking-resources": [{"sid": "vm:101", "cause": "resource-affinity"}]}])
    tools = HaTools(client)
    move = tools.migrate_ha if how == "migrate" else tools.relocate_ha
    assert await move("vm:100", "pve2") == ()
    assert await move("vm:100", "pve2") == ("ct:200",)
    with pytest.raises(ApiError, match="vm:100 stays: it may not be beside vm:101"):
        await move("vm:100", "pve2")
    assert client.sent == [Sent("POST", f"{VM}/{how}", {"node": "pve2"})] * 3
    for version in VERSIONS:
        PveSchema(version).check("POST", f"{VM}/{how}", {"node": "pve2"})


async def test_fail_back_is_said_both_ways() -> None:
    client = Recorder(READ, [None, None])
    for value in (True, False):
        await HaTools(client).update_ha_resource("vm:100", failback=value)
    assert [sent.params["failback"] for sent in client.sent] == [True, False]


@needs_schema
def test_only_9_knows_of_it() -> None:
    form = HaParams(sid="vm:100", failback=False).form()
    assert PveSchema("9.2").problems("POST", R, form) == []
    assert any("failback" in line for line in PveSchema("8.4").problems("POST", R, form))


@pytest.mark.parametrize("answer", [{}, {"digest": ""}, {"digest": 1}, [], None])
async def test_without_a_digest_nothing_is_sent(answer: object) -> None:
    client = Recorder({f"{R}/vm:100": data(answer)})
    with pytest.raises(UnexpectedAnswer):
        await HaTools(client).update_ha_resource("vm:100", state="stopped")
    assert client.sent == []


async def test_somebody_else_was_faster() -> None:
    client = Recorder(READ, [ConflictError("detected modified configuration", status=500)])
    with pytest.raises(ConflictError):
        await HaTools(client).update_ha_resource("vm:100", state="stopped")
    assert len(client.sent) == 1
