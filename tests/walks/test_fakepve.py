"""Against fakepve, somebody else's idea of PVE, as a process of its own: login, list, detail, tasks, bad weather."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proxtui.config.models import Credentials, Endpoint, Server, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.model import Fleet, SourceState
from proxtui.core.runtime import Runtime
from proxtui.errors import AuthenticationError, CertificateError
from proxtui.pve import (
    ClusterTools,
    ContainerTools,
    NodeTools,
    ProxmoxClient,
    ProxmoxConfig,
    TaskTools,
    VMTools,
)
from proxtui.pve.tls import probe_certificate
from proxtui.wiring import open_runtime

from .chaos import ChaosProxy, chaos_proxy
from .conftest import FakePve
from .fleets import fleet_of, until


@pytest.fixture
async def config(fakepve_server: FakePve) -> ProxmoxConfig:
    certificate = await probe_certificate(fakepve_server.host, fakepve_server.port)
    return ProxmoxConfig(
        host=fakepve_server.host,
        port=fakepve_server.port,
        username=fakepve_server.username,
        password=fakepve_server.password,
        fingerprints=(certificate.fingerprint,),
    )


async def test_login_list_and_detail(config: ProxmoxConfig) -> None:
    async with ProxmoxClient(config) as client:
        await client.authenticate()
        vms = await VMTools(client).list_vms()
        containers = await ContainerTools(client).list_containers()
        nodes = await NodeTools(client).list_nodes()
        web1 = await VMTools(client).get_vm_status("pve1", 100)
        settings = await VMTools(client).get_vm_config("pve1", 100)
    assert {(vm.vmid, vm.name, vm.status) for vm in vms} == {(100, "web1", "running"), (101, "db1", "stopped")}
    assert [(guest.vmid, guest.name) for guest in containers] == [(200, "ct1")]
    assert {node.node: node.status for node in nodes} == {"pve1": "online", "pve2": "online"}
    assert (web1.name, web1.status, web1.node) == ("web1", "running", "pve1")
    assert int(settings["cores"]) == 2


async def test_a_task_is_followed_from_its_upid(config: ProxmoxConfig) -> None:
    async with ProxmoxClient(config) as client:
        upid = await client.post("/nodes/pve1/qemu/100/status/reset")
        status = await TaskTools(client).get_task_status(upid)
        tasks = await NodeTools(client).get_node_tasks("pve1")
        log = await TaskTools(client).get_task_log(upid)
    assert (status.type, status.id, status.node) == ("qmreset", "100", "pve1")
    assert upid in {task.upid for task in tasks}
    assert log.lines is not None


async def test_a_wrong_password_is_an_authentication_error(config: ProxmoxConfig) -> None:
    wrong = ProxmoxConfig(
        host=config.host,
        port=config.port,
        username="root@pam",
        password="guessed",
        fingerprints=config.fingerprints,
    )
    async with ProxmoxClient(wrong) as client:
        with pytest.raises(AuthenticationError):
            await ClusterTools(client).inventory()


async def test_its_own_certificate_is_refused_by_system_trust(fakepve_server: FakePve) -> None:
    config = ProxmoxConfig(
        host=fakepve_server.host, port=fakepve_server.port, username="root@pam", password=fakepve_server.password
    )
    async with ProxmoxClient(config) as client:
        with pytest.raises(CertificateError) as refused:
            await client.get("/version")
    seen = (await probe_certificate(fakepve_server.host, fakepve_server.port)).fingerprint
    assert seen in str(refused.value)


@asynccontextmanager
async def dashboard_over(proxy: ChaosProxy, config: ProxmoxConfig) -> AsyncIterator[Runtime]:
    """The kernel as the dashboard runs it, with the proxy between."""
    server = Server(
        name="fake",
        endpoints=(Endpoint(host="127.0.0.1", port=proxy.port),),
        trust=TlsTrust(mode="fingerprint", fingerprints=config.fingerprints),
        credentials=Credentials(username=config.username, password=Secret(config.password or "")),
        timeout_ms=1_000,
    )
    async with open_runtime(fleet_of(server, interval=1.0)) as runtime:
        asking = asyncio.create_task(runtime.poller.run())
        try:
            yield runtime
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


def state(fleet: Fleet) -> SourceState:
    return fleet.snapshots[0].state


@pytest.mark.parametrize("weather", ["drop", "hang"])
async def test_rows_stay_with_their_age_and_recover(config: ProxmoxConfig, weather: str) -> None:
    async with chaos_proxy(config.host, config.port) as proxy, dashboard_over(proxy, config) as runtime:
        before = await until(runtime.store, lambda fleet: state(fleet) is SourceState.FRESH)
        proxy.mode = weather  # type: ignore[assignment]
        during = await until(runtime.store, lambda fleet: state(fleet) is SourceState.STALE)
        assert set(during.snapshots[0].guests) == set(before.snapshots[0].guests)
        assert during.snapshots[0].taken_at is not None
        assert (during.snapshots[0].age(during.now) or 0) > 0
        assert during.snapshots[0].error
        proxy.mode = "pass"
        runtime.poller.nudge()
        after = await until(runtime.store, lambda fleet: state(fleet) is SourceState.FRESH)
    assert after.snapshots[0].error is None
    assert (after.snapshots[0].taken_at or 0) > (during.snapshots[0].taken_at or 0)


async def test_a_slow_line_only_makes_answers_late(config: ProxmoxConfig) -> None:
    async with chaos_proxy(config.host, config.port) as proxy:
        proxy.delay = 0.05
        async with dashboard_over(proxy, config) as runtime:
            fleet = await until(runtime.store, lambda fleet: state(fleet) is SourceState.FRESH)
    assert len(fleet.snapshots[0].guests) == 3
