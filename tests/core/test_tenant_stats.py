"""The seven numbers of a tenant: what is unknown is never a zero, and never offline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxtui.config.models import Config, Credentials, Endpoint, Role, Server, Tenant, User
from proxtui.config.secret import Secret
from proxtui.core.model import Fleet, ServerRef, SourceState
from proxtui.core.tenant_stats import TenantStats, tenant_stats
from proxtui.errors import NotFoundError
from tests.features.fleets import ACME, NOW, ZETA, container, fleet, node, snapshot, vm

LAB = ServerRef("acme", "lab")
DEAD = {"state": SourceState.DOWN, "error": "no route to host"}


def server(name: str, **more: Any) -> Server:
    login = Credentials(token_id="root@pam!t", token_secret=Secret("s"))
    return Server(name=name, endpoints=(Endpoint(host="pve.example"),), credentials=login, **more)


def config(*servers: Server, **more: Any) -> Config:
    acme = Tenant(slug="acme", name="Acme", servers=servers or (server("berlin"), server("lab")), **more)
    zeta = Tenant(slug="zeta", name="Zeta", servers=(server("paris"),))
    people = (
        User(name="ada", roles={"acme": Role.ADMIN, "zeta": Role.VIEWER}),
        User(name="bob", roles={"acme": Role.VIEWER}),
        User(name="cy", system_role="admin"),
    )
    return Config(tenants=(acme, zeta), users=people)


def stats(known: Fleet, of: Config | None = None, calls: int | None = 7) -> TenantStats:
    return tenant_stats(of or config(), known, "acme", recent_connections=calls)


def guests() -> Fleet:
    here = (vm(100), vm(101, status="paused"), vm(102, status="stopped"), vm(9, template=True), container(200))
    return fleet(snapshot(ACME, here, (node("pve1"),)), snapshot(LAB), snapshot(ZETA, (vm(1), vm(2))))


def test_exactly_the_documented_numbers() -> None:
    assert stats(guests()).as_json() == {
        "totalServers": 2,
        "onlineServers": 2,
        "offlineServers": 0,
        "totalVMs": 4,
        "runningVMs": 3,
        "totalUsers": 2,
        "recentConnections": 7,
    }


@pytest.mark.parametrize("state", [SourceState.WAITING, SourceState.STALE, SourceState.FORBIDDEN])
def test_unknown_is_not_offline(state: SourceState) -> None:
    found = stats(fleet(snapshot(ACME), snapshot(LAB, state=state)))
    assert (found.online_servers, found.offline_servers, found.unknown_servers) == (1, 0, 1)
    found = stats(fleet(snapshot(ACME, state=state), snapshot(LAB, state=state)))
    assert (found.total_servers, found.online_servers, found.offline_servers) == (2, None, None)


def test_a_dead_server_is_offline_and_its_old_rows_are_not_counted() -> None:
    found = stats(fleet(snapshot(ACME, (vm(100),)), snapshot(LAB, (vm(1), vm(2)), **DEAD)))
    assert (found.online_servers, found.offline_servers, found.total_vms, found.running_vms) == (1, 1, 1, 1)
    assert (found.unseen_servers, found.may_run_more) == (1, True)


def test_nothing_known_is_null_and_no_zero() -> None:
    dead = fleet(snapshot(ACME, (vm(1),), taken_at=None, **DEAD), snapshot(LAB, **DEAD))
    assert stats(dead, calls=None).as_json() == {
        "totalServers": 2,
        "onlineServers": 0,
        "offlineServers": 2,
        "totalVMs": None,
        "runningVMs": None,
        "totalUsers": 2,
        "recentConnections": None,
    }


def test_a_configured_server_that_the_fleet_lacks_is_unknown() -> None:
    found = stats(Fleet((), NOW))
    assert (found.total_servers, found.online_servers, found.unknown_servers) == (2, None, 2)


def test_guests_that_may_not_be_seen_are_unknown() -> None:
    found = stats(fleet(snapshot(ACME, guests_unseen=True)), config(server("berlin")))
    assert (found.online_servers, found.total_vms, found.running_vms) == (1, None, None)


def test_what_runs_on_an_offline_node_is_unknown() -> None:
    nodes = (node("pve1"), node("pve2", status="offline"))
    some = fleet(snapshot(ACME, (vm(100), vm(101, node="pve2")), nodes))
    found = stats(some, config(server("berlin")))
    assert (found.total_vms, found.running_vms, found.may_run_more) == (2, 1, True)
    none = fleet(snapshot(ACME, (vm(101, node="pve2"), vm(102, status="unknown")), nodes))
    assert stats(none, config(server("berlin"))).running_vms is None


def test_an_empty_tenant_is_known_to_be_empty() -> None:
    empty = replace(config(), tenants=(Tenant(slug="acme", name="Acme"), config().tenants[1]))
    assert list(stats(Fleet((), NOW), empty, calls=0).as_json().values()) == [0, 0, 0, 0, 0, 2, 0]


def test_what_is_switched_off_is_not_counted() -> None:
    some = config(server("berlin"), server("lab", is_active=False))
    assert stats(fleet(snapshot(ACME)), some).total_servers == 1
    assert stats(Fleet((), NOW), config(is_active=False)).total_servers == 0


def test_an_unknown_tenant_is_an_error() -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        tenant_stats(config(), Fleet((), NOW), "nobody")
