"""A node, storage or task is changed only in the cluster in which it was chosen; a guest is known by its own name."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.connection import Connection, Route
from proxtui.core.operation import Kind, Target
from proxtui.core.run import RunState
from proxtui.errors import OtherCluster, TargetChanged
from proxtui.pve.limits import Breaker

from .gating import HERE, REF, FakePve, Stage, operation, stage

ANYTHING = operation(kinds=frozenset(Kind), name="guests.anything")
TARGETS = [
    Target(REF, Kind.NODE, "n1", "", "n1"),
    Target(REF, Kind.STORAGE, "local", "", "n1"),
    Target(REF, Kind.VOLUME, "local:iso/a.iso", "", "n1"),
    Target(REF, Kind.TASK, "UPID:n1:00000001:00000001:6B000000:qmstart:100:root@pam:", "", "n1"),
    Target(REF, Kind.POOL, "web"),
    Target(REF, Kind.SERVER, ""),
]
EACH = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.kind.value)
OTHERS = pytest.mark.parametrize(
    ("name", "nodes"), [("other", ("n1",)), ("prod", ("m1", "m2"))], ids=["of another name", "of other nodes"]
)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def change(client: Any, target: Target, _params: Any) -> None:
        await client.put(f"/{target.kind}/{target.id}")

    monkeypatch.setattr(f"{HERE}.start", change)


def connection_of(acting: Stage) -> Connection:
    return acting.acting._connections[REF]


async def known(acting: Stage) -> None:
    """As after the first polls of a server."""
    connection = connection_of(acting)
    await connection.belonging.learn(connection.client)


@EACH
@OTHERS
async def test_in_another_cluster_nothing_is_sent(target: Target, name: str, nodes: tuple[str, ...]) -> None:
    async with stage() as acting:
        await known(acting)
        # Another machine has the address now: every node is called n1 somewhere.
        acting.pve.cluster, acting.pve.nodes = name, nodes
        with pytest.raises(TargetChanged, match="nothing was sent"):
            await acting.gate.submit(ANYTHING, target)
        assert acting.pve.sent == []
        assert acting.journal.story == ["intent", "outcome denied"]
        assert {method for _at, method, _path in acting.pve.asked} == {"GET"}


@EACH
async def test_in_its_own_cluster_it_is_made(target: Target) -> None:
    async with stage() as acting:
        await known(acting)
        # A node joined meanwhile.
        acting.pve.nodes = ("n1", "n2")
        run = await acting.gate.submit(ANYTHING, target)
        assert (run.state, len(acting.pve.sent)) == (RunState.OK, 1)


async def test_one_endpoint_that_was_only_polled_is_measured_by_its_nodes() -> None:
    async with stage() as acting:
        connection_of(acting).belonging.note(frozenset({"n1", "n2"}))
        acting.pve.cluster, acting.pve.nodes = "other", ("m1",)
        # A poll of the other cluster does not make it ours.
        connection_of(acting).belonging.note(frozenset({"m1"}))
        with pytest.raises(TargetChanged, match=r"belongs to .*nothing was sent"):
            await acting.gate.submit(ANYTHING, TARGETS[0])
        assert acting.pve.sent == []


@EACH
@pytest.mark.parametrize("name", ["prod", "other"])
async def test_an_endpoint_that_takes_over_while_it_is_looked_is_asked_too(target: Target, name: str) -> None:
    async with stage() as acting:
        await known(acting)
        connection = connection_of(acting)
        second = FakePve(acting.clock, cluster=name)
        route = Route("a2:8006", lambda: second, Breaker(now=acting.clock.monotonic))  # type: ignore[arg-type,return-value]
        connection.routes = (*connection.routes, route)
        first_get = acting.pve.get

        async def failing_over(path: str, **more: Any) -> Any:
            connection.active = route
            return await first_get(path, **more)

        acting.pve.get = failing_over  # type: ignore[method-assign]
        (run,) = (await acting.gate.submit_all(ANYTHING, [target])).runs
        await run.answered()
        assert acting.pve.sent == []
        assert len(second.sent) == (name == "prod")
        assert run.state is (RunState.OK if name == "prod" else RunState.DENIED)


async def test_no_endpoint_is_used_before_it_told_whose_it_is() -> None:
    async with stage() as acting:
        await known(acting)
        connection = connection_of(acting)
        second = FakePve(acting.clock, cluster="other")
        route = Route("a2:8006", lambda: second, Breaker(now=acting.clock.monotonic))  # type: ignore[arg-type,return-value]
        connection.routes = (*connection.routes, route)
        connection.lost(connection.active, OtherCluster("gone"))
        connection.failed(OtherCluster("gone"))
        with pytest.raises(OtherCluster):
            await connection.choose(acting.clock.now)
        assert connection.active is not route
        await acting.gate.submit(ANYTHING, TARGETS[0])
        assert second.sent == []


async def test_many_of_one_server_share_the_look() -> None:
    async with stage() as acting:
        await known(acting)
        acting.pve.asked.clear()
        targets = [Target(REF, Kind.VOLUME, f"local:iso/{at}.iso", "", "n1") for at in range(20)]
        batch = await (await acting.gate.submit_all(ANYTHING, targets)).wait()
        assert batch.exit_code == 0
        assert len(acting.pve.sent) == 20
        assert len(acting.pve.times("/cluster/status")) < 5
