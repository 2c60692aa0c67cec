"""When two endpoints are of one cluster."""

from __future__ import annotations

import pytest

from proxtui.core.belonging import Identity, ask_identity, is_same
from proxtui.errors import PermissionDenied, UnexpectedAnswer

from .fakes import FakeClient, FakeClock, node_row


def one(name: str | None, *nodes: str, alone: bool = False, **prints: str) -> Identity:
    return Identity(name, frozenset(nodes), prints, alone)


@pytest.mark.parametrize(
    ("known", "told", "same"),
    [
        (one("prod", "n1", "n2"), one("prod", "n2", "n3"), True),
        (one("prod", "n1"), one("prod", "n9"), False),
        (one("prod", "n1"), one("lab", "n1"), False),
        (one("prod", "n1"), one(None, "n1", alone=True, n1="AA"), False),
        (one(None, "pve", alone=True, pve="AA"), one(None, "pve", alone=True, pve="AA"), True),
        (one(None, "pve", alone=True, pve="AA"), one(None, "pve", alone=True, pve="BB"), False),
        (one(None, "pve", alone=True, pve="AA"), one("new", "pve", "pve2"), True),
        (one(None, "n1", "n2", n1="AA", n2="BB"), one(None, "n1", "n2", n1="renewed", n2="BB"), True),
        (one(None, "n1"), one("prod", "n1", "n2"), True),
        (one(None, "n1"), one(None, "n2"), False),
    ],
)
def test_a_name_or_else_a_node_with_its_certificate(known: Identity, told: Identity, same: bool) -> None:
    assert is_same(known, told) is same


async def test_a_cluster_is_asked_for_its_name_alone() -> None:
    client = FakeClient(FakeClock(), node_row("n1"), node_row("n2"))
    told = await ask_identity(client)
    assert (told.name, told.nodes, str(told)) == ("prod", {"n1", "n2"}, "cluster prod")
    assert [path for _, path in client.asked] == ["/cluster/status"]


async def test_a_node_alone_is_known_by_its_certificate() -> None:
    client = FakeClient(FakeClock(), node_row("pve"))
    client.cluster, client.prints = None, {"pve": "AA"}
    told = await ask_identity(client)
    assert (told.name, told.prints, told.stands_alone, str(told)) == (None, {"pve": "AA"}, True, "the node pve")


async def test_without_the_privilege_the_nodes_are_compared() -> None:
    client = FakeClient(FakeClock(), node_row("n1"), node_row("n2"))
    client.cluster, client.prints = PermissionDenied("no", status=403), {"n1": "AA"}
    told = await ask_identity(client)
    assert (told.nodes, told.prints, told.stands_alone) == ({"n1", "n2"}, {"n1": "AA"}, False)
    assert str(told) == "the cluster of n1, n2"


async def test_who_names_no_node_is_nobody() -> None:
    client = FakeClient(FakeClock())
    client.rows, client.cluster = [], None
    with pytest.raises(UnexpectedAnswer, match="nobody knows whose"):
        await ask_identity(client)
