"""Consoles through jump hosts: the same tunnel, the same pin."""

from __future__ import annotations

import asyncio

import asyncssh
import pytest

from proxtui.errors import CertificateError
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.console import ConsoleTools, open_socket
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.ssh.backend import TunnelBackend
from proxtui.pve.ssh.tunnel import Tunnel
from proxtui.pve.vnc import open_screen
from proxtui.sim.running import running
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.world import World
from tests.pve.ssh.jumps import Home, jump_host, public


async def test_a_screen_through_a_jump_host(home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey) -> None:
    world = World(seed=1, auth_delay=0.0)
    SCENARIOS["small"](world)
    async with running(world, alive=False) as told, jump_host([host_key], user_key) as jump:
        server = told["servers"][0]
        guest = next(one for one in world.sites["lab"].guests.values() if one.kind == "qemu" and one.running)
        login = {"token_id": server["token_id"], "token_secret": server["token_secret"]}
        place = {"host": server["host"], "port": server["port"]}
        tunnel = Tunnel([home.hop(jump, public(host_key))], ours=home.ours)
        config = ProxmoxConfig(**place, **login, fingerprints=(server["fingerprint"],))
        async with ProxmoxClient(config, backend=TunnelBackend(tunnel)) as client:
            async with open_screen(client, guest.node, guest.vmid, "qemu", asyncio.Lock()) as screen:
                assert len(await screen.read_exactly(24)) == 24
            ticket = await ConsoleTools(client).vnc_proxy(guest.node, guest.vmid, "qemu")
        wrong = ProxmoxConfig(**place, **login, fingerprints=("AA:" * 31 + "AA",))
        async with ProxmoxClient(wrong, backend=TunnelBackend(tunnel)) as client:
            with pytest.raises(CertificateError) as caught:
                await open_socket(client, ticket.path, ticket)
        assert caught.value.seen == server["fingerprint"]
        assert set(jump.asked) == {(server["host"], server["port"])}
        await tunnel.aclose()
