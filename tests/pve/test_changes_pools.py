"""Pools changed: the requests, PVE's schema, and what is refused before."""

from __future__ import annotations

import pytest

from proxtui.errors import ApiError
from proxtui.pve.params import PoolMembersParams
from proxtui.pve.pools import PoolTools

from .changing import Recorder, Sent
from .schema import VERSIONS, needs_schema
from .tables import Change, pve_takes, sends_nothing, sends_one_request

CHANGES = {
    "create": Change(
        lambda c: PoolTools(c).create_pool("team/web", "Web"),
        Sent("POST", "/pools", {"poolid": "team/web", "comment": "Web"}),
        task=False,
    ),
    "create without a comment": Change(
        lambda c: PoolTools(c).create_pool("p1"), Sent("POST", "/pools", {"poolid": "p1"}), task=False
    ),
    "no comment any more": Change(
        lambda c: PoolTools(c).update_pool("p1", ""), Sent("PUT", "/pools", {"poolid": "p1", "comment": ""}), task=False
    ),
    "delete": Change(
        lambda c: PoolTools(c).delete_pool("team/web"), Sent("DELETE", "/pools", {"poolid": "team/web"}), task=False
    ),
    "add": Change(
        lambda c: PoolTools(c).add_to_pool("p1", [100, 200], ["local", "ceph.1"]),
        Sent("PUT", "/pools", {"poolid": "p1", "vms": "100,200", "storage": "local,ceph.1"}),
        task=False,
    ),
    "move": Change(
        lambda c: PoolTools(c).add_to_pool("p1", (100,), move=True),
        Sent("PUT", "/pools", {"poolid": "p1", "vms": "100", "allow-move": True}),
        task=False,
    ),
    "remove": Change(
        lambda c: PoolTools(c).remove_from_pool("p1", storages=["local"]),
        Sent("PUT", "/pools", {"poolid": "p1", "storage": "local", "delete": True}),
        task=False,
    ),
}
WRONG = {
    "a name that climbs": (lambda c: PoolTools(c).create_pool("../x"), "poolid"),
    "no name": (lambda c: PoolTools(c).delete_pool(""), "poolid"),
    "four levels": (lambda c: PoolTools(c).add_to_pool("a/b/c/d", [100]), "poolid"),
    "an escape in the comment": (lambda c: PoolTools(c).update_pool("p1", "\x1b[2J"), "comment"),
    "nothing to add": (lambda c: PoolTools(c).add_to_pool("p1"), "vms"),
    "an empty list": (lambda c: PoolTools(c).remove_from_pool("p1", []), "vms"),
    "no guest": (lambda c: PoolTools(c).remove_from_pool("p1", [99]), "vms"),
    "no storage": (lambda c: PoolTools(c).add_to_pool("p1", storages=["a b"]), "storages"),
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


async def test_a_refusal_is_told() -> None:
    error = ApiError("delete pool failed: pool 'p1' is not empty (contains VM 100)", status=500)
    with pytest.raises(ApiError, match="not empty"):
        await PoolTools(Recorder(replies=[error])).delete_pool("p1")


def test_a_form_takes_lists_as_text() -> None:
    members = PoolMembersParams.model_validate({"vms": "100, 101;102", "storages": ""})
    assert members.form() == {"vms": "100,101,102"}
