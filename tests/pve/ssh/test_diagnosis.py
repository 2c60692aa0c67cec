"""A connectivity test through jump hosts: a stage of its own for them, all others as the last of them sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from proxtui.pve.diagnosis import diagnose
from proxtui.pve.probes import TunnelNetwork
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.ssh.hops import Hop
from proxtui.pve.ssh.tunnel import Tunnel
from proxtui.pve.stages import SSH_STAGES, Diagnosis
from tests.pve.conftest import SECRET
from tests.pve.diagnosing import NOW, Pve
from tests.pve.servers import Certificates, Server
from tests.pve.ssh.jumps import Home, Jump, jump_host, public


@asynccontextmanager
async def pve(folder: Path) -> AsyncIterator[tuple[Server, ProxmoxConfig]]:
    context, pin = Certificates(folder).server("pve1", "127.0.0.1")
    async with Server(Pve(), context) as server:
        yield (
            server,
            ProxmoxConfig(
                host="127.0.0.1", port=server.port, token_id="root@pam!watch", token_secret=SECRET, fingerprints=(pin,)
            ),
        )


async def examined(home: Home, config: ProxmoxConfig, hop: Hop) -> Diagnosis:
    tunnel = Tunnel([hop], ours=home.ours)
    try:
        return await diagnose(config, network=TunnelNetwork(tunnel), now=lambda: NOW)
    finally:
        await tunnel.aclose()


async def test_a_sound_way_is_measured_stage_by_stage(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with pve(tmp_path) as (server, config), jump_host([host_key], user_key) as jump:
        found = await examined(home, config, home.hop(jump, public(host_key)))
        assert found.success, found
        assert [stage.name for stage in found.stages] == list(SSH_STAGES)
        ssh, resolve = found.stages[:2]
        assert (ssh.state, ssh.line) == ("ok", f"through 127.0.0.1:{jump.port}")
        assert ssh.ms is not None
        assert (resolve.state, resolve.line) == ("skipped", f"127.0.0.1:{jump.port} resolves it")
        assert len(jump.asked) == server.connections + 1, "a connection went past the jump host, or the knock did"


def unknown(hop: Hop) -> Hop:
    return replace(hop, host_keys=())


def stranger(hop: Hop) -> Hop:
    return replace(hop, host_keys=("SHA256:" + "A" * 43,))


def nobody(hop: Hop) -> Hop:
    return replace(hop, port=1)


def keyless(hop: Hop) -> Hop:
    return replace(hop, key_file=hop.key_file.with_name("absent") if hop.key_file else None)


@pytest.mark.parametrize(
    ("broken", "advice"),
    [(unknown, "host_keys"), (stranger, "in between"), (nobody, "sshd runs"), (keyless, "authorized_keys")],
)
async def test_a_broken_way_is_told_from_a_broken_server(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path, broken: object, advice: str
) -> None:
    assert callable(broken)
    async with pve(tmp_path) as (server, config), jump_host([host_key], user_key) as jump:
        found = await examined(home, config, broken(home.hop(jump, public(host_key))))
        assert found.verdict == "ssh"
        assert advice in found.advice
        assert [stage.state for stage in found.stages] == ["failed", *["skipped"] * (len(SSH_STAGES) - 1)]
        assert server.connections == 0
        assert found.exit_code == 10


async def test_an_endpoint_behind_that_is_not_there_is_a_matter_of_the_route(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, tmp_path: Path
) -> None:
    async with pve(tmp_path) as (_, config), jump_host([host_key], user_key) as jump:
        found = await examined(home, replace(config, port=1), _to(home, jump, host_key))
        assert found.verdict == "route"
        assert f"jump host 127.0.0.1:{jump.port} cannot reach 127.0.0.1:1" in (found.error or "")


def _to(home: Home, jump: Jump, host_key: asyncssh.SSHKey) -> Hop:
    return home.hop(jump, public(host_key))
