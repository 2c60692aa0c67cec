"""The ways to a server and the face of a tenant: what may be meant, and that the vault seals it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxtui.config.models import Config, Endpoint, JumpHost, Server, Tenant
from proxtui.config.reading import read_config
from proxtui.config.vault.edits import Put
from proxtui.errors import ConfigError
from tests.config.vaults import fill, new_vault, opened, seat_in

KEY = "ssh-ed25519 " + "A" * 68


def test_a_jump_host_has_the_port_of_ssh() -> None:
    assert JumpHost(host="jump").label == "jump:22"
    assert JumpHost(host="jump:2222").port == 2222
    assert JumpHost(host="[2001:db8::1]", port=22).label == "[2001:db8::1]:22"


@pytest.mark.parametrize("said", ["", "rsa", "SHA256:short", "ssh-ed25519"])
def test_a_host_key_that_cannot_be_one_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="host_keys"):
        JumpHost(host="jump", host_keys=(said,))


def test_a_host_key_is_kept_without_its_comment() -> None:
    assert JumpHost(host="jump", host_keys=(f"{KEY}  root@jump",)).host_keys == (KEY,)


def test_tailscale_needs_a_name_and_takes_the_port_of_the_first_endpoint() -> None:
    with pytest.raises(ValueError, match="tailscale_hostname"):
        Server(name="a", endpoints=(Endpoint(host="pve1"),), use_tailscale=True)
    server = Server(name="a", endpoints=(Endpoint(host="pve1:443"),), use_tailscale=True, tailscale_hostname="pve1.ts")
    assert server.tailscale is not None
    assert server.tailscale.label == "pve1.ts:443"


def test_a_server_without_a_deadline_has_that_of_its_tenant() -> None:
    def deadline(tenant: dict[str, int], server: dict[str, int]) -> int:
        said = {"name": "a", "endpoints": [{"host": "pve1"}], **server}
        config = read_config({"tenants": [{"slug": "t", "name": "T", "servers": [said], **tenant}]})
        return config.tenants[0].servers[0].deadline_ms

    assert deadline({}, {}) == 30_000
    assert deadline({"default_timeout_ms": 10_000}, {}) == 10_000
    assert deadline({"default_timeout_ms": 10_000}, {"timeout_ms": 5_000}) == 5_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "#12345"),
        ("accent_colour", "RED"),
        ("logo_url", "javascript:alert(1)"),
        ("notification_email", "nobody"),
        ("health_check_ms", 10),
        ("default_timeout_ms", 10),
        ("description", "x" * 401),
    ],
)
def test_what_a_tenant_cannot_mean_is_named(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=field):
        read_config({"tenants": [{"slug": "t", "name": "T", field: value}]})


def test_a_server_or_a_tenant_that_is_off_is_asked_nothing() -> None:
    on = Server(name="on", endpoints=(Endpoint(host="pve1"),))
    off = Server(name="off", endpoints=(Endpoint(host="pve2"),), is_active=False)
    config = Config(
        tenants=(
            Tenant(slug="a", name="A", servers=(on, off)),
            Tenant(slug="b", name="B", servers=(on,), is_active=False),
        )
    )
    assert [tuple(place) for place, _ in config.active_servers()] == [("a", "on")]
    assert len(config.servers()) == 3


def test_ways_and_faces_are_sealed_in_the_file_and_come_back(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    vault = fill(new_vault(seat), "acme")
    jumps = [{"host": "jump.secret.example", "username": "ops", "key_passphrase": "hunter2hunter2"}]
    vault.save(
        Put(("tenants", "acme", "description"), "A very private customer"),
        Put(("tenants", "acme", "notification_email"), "ops@private.example"),
        Put(("tenants", "acme", "servers", "prod", "jumps"), jumps),
        Put(("tenants", "acme", "servers", "prod", "tailscale_hostname"), "pve1.private.ts.net"),
    )
    text = seat.path.read_text(encoding="utf-8")
    for private in ("jump.secret", "hunter2", "private customer", "ops@private", "private.ts.net"):
        assert private not in text
    config = opened(seat).config
    tenant = config.tenants[0]
    assert (tenant.description, tenant.notification_email) == ("A very private customer", "ops@private.example")
    server = tenant.servers[0]
    assert server.tailscale_hostname == "pve1.private.ts.net"
    assert server.jumps[0].label == "jump.secret.example:22"
    assert server.jumps[0].key_passphrase is not None
    assert server.jumps[0].key_passphrase.get_secret_value() == "hunter2hunter2"
    assert "hunter2" not in repr(config)
