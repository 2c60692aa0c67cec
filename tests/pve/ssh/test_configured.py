"""From configured jump hosts to the way that a connection takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from proxtui.config.models import Credentials, Endpoint, Server
from proxtui.config.secret import Secret
from proxtui.config.server import JumpHost
from proxtui.core.clock import SystemClock
from proxtui.core.connecting import connect, tunnel_to
from proxtui.core.model import ServerRef

PLAIN = Server(
    name="lab",
    endpoints=(Endpoint(host="10.0.0.1"), Endpoint(host="10.0.0.2")),
    credentials=Credentials(token_id="root@pam!t", token_secret=Secret("11111111-2222-3333-4444-555555555555")),
)
JUMPS = (
    JumpHost(host="near.example"),
    JumpHost(
        host="[fd00::1]:2222", username="ops", key_file=Path("key"), key_passphrase=Secret("pass"),
        host_keys=("SHA256:" + "A" * 43,),
    ),
)  # fmt: skip


def test_each_jump_host_becomes_a_hop_with_all_that_was_said_of_it() -> None:
    tunnel = tunnel_to(replace(PLAIN, jumps=JUMPS))
    assert tunnel is not None
    near, far = tunnel.hops
    assert (near.label, near.host_keys, near.key_file) == ("near.example:22", (), None)
    assert (far.label, far.login, far.host_keys) == ("[fd00::1]:2222", "ops", JUMPS[1].host_keys)
    assert (far.key_file, far.key_passphrase) == (Path("key"), "pass")
    assert "pass'" not in repr(far)


def test_a_server_without_jump_hosts_has_no_tunnel() -> None:
    assert tunnel_to(PLAIN) is None
    assert connect(ServerRef("acme", "lab"), PLAIN, SystemClock(), read_only=True).tunnel is None


def test_endpoints_share_one_tunnel_and_tailscale_goes_past_it() -> None:
    server = replace(PLAIN, jumps=JUMPS, use_tailscale=True, tailscale_hostname="lab.ts.example")
    connection = connect(ServerRef("acme", "lab"), server, SystemClock(), read_only=True)
    assert [route.path for route in connection.routes] == ["tailscale", "ssh", "ssh"]
    assert connection.tunnel is not None
