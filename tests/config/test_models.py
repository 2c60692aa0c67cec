"""The models of the configuration, and the example that shows all of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import TypeAdapter

from proxtui.config.models import (
    Config,
    Credentials,
    Endpoint,
    Place,
    Server,
    Settings,
    Tenant,
    TlsTrust,
    User,
)
from proxtui.config.reading import read_config
from proxtui.config.secret import Secret
from proxtui.errors import ConfigError

TOP = Path(__file__).resolve().parents[2]
PIN = ":".join(["AB"] * 32)
TOKEN = Credentials(token_id="root@pam!x", token_secret=Secret("s"))


def server(name: str = "prod", **more: Any) -> Server:
    return Server(**({"name": name, "endpoints": (Endpoint(host="pve1"),)} | more))


def config(*servers: Server) -> Config:
    return Config(tenants=(Tenant(slug="acme", name="Acme", servers=servers),))


def example() -> dict[str, Any]:
    return tomllib.loads((TOP / "config.example.toml").read_text(encoding="utf-8"))


def fields_below(model: type[Any]) -> Iterator[str]:
    """``Server.name`` and so on, of this model and all that it holds."""
    kinds = get_type_hints(model)
    for about in fields(model):
        yield f"{model.__name__}.{about.name}"
        kind = kinds[about.name]
        for part in (kind, *get_args(kind)):
            if isinstance(part, type) and is_dataclass(part):
                yield from fields_below(part)


def keys_below(model: type[Any], said: dict[str, Any]) -> Iterator[str]:
    """The same of what stands in a file."""
    kinds = get_type_hints(model)
    for name, held in said.items():
        yield f"{model.__name__}.{name}"
        kind = next((part for part in (kinds[name], *get_args(kinds[name])) if is_dataclass(part)), None)
        for part in held if isinstance(held, list) else (held,):
            if isinstance(kind, type) and isinstance(part, dict):
                yield from keys_below(kind, part)


def test_the_example_is_accepted_and_shows_every_key() -> None:
    assert read_config(example()).tenants
    assert set(keys_below(Config, example())) == set(fields_below(Config))


def test_the_example_explains_itself_and_holds_the_defaults() -> None:
    text = (TOP / "config.example.toml").read_text(encoding="utf-8")
    assert "proxtui config init --from" in text
    assert read_config({"settings": example()["settings"]}).settings == Settings()
    settings = text.split("[settings]")[1].split("[[tenants]]")[0]
    for about in fields(Settings):
        assert any(line.startswith(f"{about.name} = ") and "#" in line for line in settings.splitlines())


def test_a_mistyped_key_is_an_error_that_names_its_place() -> None:
    with pytest.raises(ConfigError, match=r"^configuration: settings\.intervall: "):
        read_config({"settings": {"intervall": 4}})


def test_a_file_may_hold_wrong_types() -> None:
    for wrong in ({"interval": "often"}, {"ascii": "maybe"}, {"keys": ["f9"]}):
        with pytest.raises(ConfigError, match=rf"^configuration: settings\.{next(iter(wrong))}"):
            read_config({"settings": wrong})
    with pytest.raises(ConfigError, match=r"tenants\.0\.servers\.0\.endpoints\.0: port: 70000"):
        read_config(tenant_of({"name": "b", "endpoints": [{"host": "pve1", "port": 70_000}]}))
    with pytest.raises(ConfigError, match="has no endpoints"):
        read_config(tenant_of({"name": "b", "endpoints": []}))


def tenant_of(server: dict[str, Any]) -> dict[str, Any]:
    return {"tenants": [{"slug": "a", "name": "A", "servers": [server]}]}


@pytest.mark.parametrize("name", ["", "Prod", "a b", "-a", "é", "a" * 41, "a.b", "a/b"])
def test_a_slug_is_a_slug(name: str) -> None:
    with pytest.raises(ValueError, match="lower case letters"):
        server(name)


def test_servers_come_with_their_place_in_order() -> None:
    both = Config(
        tenants=(
            Tenant(slug="b", name="B", servers=(server("two"), server("one"))),
            Tenant(slug="a", name="A", servers=(server("two"),)),
        )
    )
    assert [place for place, _ in both.servers()] == [Place("b", "two"), Place("b", "one"), Place("a", "two")]


def test_twins_are_refused() -> None:
    with pytest.raises(ValueError, match="server prod is there 2 times"):
        config(server(), server())
    with pytest.raises(ValueError, match="tenant a is there 2 times"):
        Config(tenants=(Tenant(slug="a", name="A"), Tenant(slug="a", name="B")))
    with pytest.raises(ValueError, match="user anna is there 2 times"):
        Config(users=(User(name="anna"), User(name="anna")))


def test_a_role_needs_its_tenant() -> None:
    with pytest.raises(ConfigError, match="user anna has a role in unknown tenant zeta"):
        read_config({"users": [{"name": "anna", "roles": {"zeta": "viewer"}}]})


def test_unverified_tls_needs_a_token() -> None:
    with pytest.raises(ValueError, match="API token only"):
        server(trust=TlsTrust(mode="off"), credentials=Credentials(username="root", password=Secret("p")))
    assert server(trust=TlsTrust(mode="off"), credentials=TOKEN).trust.mode == "off"


def test_trust_needs_what_it_trusts() -> None:
    with pytest.raises(ValueError, match="needs fingerprints"):
        TlsTrust(mode="fingerprint")
    with pytest.raises(ValueError, match="needs ca_file"):
        TlsTrust(mode="ca")
    assert TlsTrust(mode="fingerprint", fingerprints=("ab" * 32,)).fingerprints == (PIN,)


def test_half_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Credentials(token_id="x")


def test_an_endpoint_reads_a_pasted_address() -> None:
    assert Endpoint(host="https://pve1:443/").label == "pve1:443"
    assert Endpoint(host="[::1]").host == "::1"
    assert Endpoint(host="::1").label == "[::1]:8006"
    with pytest.raises(ValueError, match="host names port 443, port says 8006"):
        Endpoint(host="pve1:443", port=8006)
    with pytest.raises(ValueError, match="not a host name"):
        Endpoint(host="a b")


@pytest.mark.parametrize(
    ("credentials", "userid", "lacks"),
    [
        (Credentials(username="root"), "root@pam", True),
        (Credentials(username="root@pve"), "root@pve", True),
        (Credentials(username="root", password=Secret("p")), "root@pam", False),
        (TOKEN, "root@pam", False),
        (Credentials(username="mo", realm="pve", token_id="x", token_secret=Secret("s")), "mo@pve", False),
        (Credentials(), "", True),
    ],
)
def test_credentials_know_who_they_are(credentials: Credentials, userid: str, lacks: bool) -> None:
    assert credentials.userid == userid
    assert credentials.lacks_password is lacks


def test_a_typed_password_goes_to_one_server_only() -> None:
    before = config(server("one"), server("two"))
    after = before.with_password(("acme", "two"), "geheim")
    one, two = (each for _, each in after.servers())
    assert one.credentials.password is None
    assert two.credentials.password is not None
    assert two.credentials.password.get_secret_value() == "geheim"
    assert before.servers()[1][1].credentials.password is None


def test_secrets_do_not_show() -> None:
    shown = config(server(credentials=Credentials(username="root", password=Secret("geheim"))))
    assert "geheim" not in f"{shown!r} {shown}"
    assert b"geheim" not in TypeAdapter(Config).dump_json(shown)
    half = {"name": "b", "endpoints": [{"host": "pve1"}], "credentials": {"token_secret": "geheim"}}
    with pytest.raises(ConfigError, match="belong together") as caught:
        read_config(tenant_of(half))
    assert "geheim" not in str(caught.value)


def test_a_secret_of_a_file_is_one() -> None:
    whole = {"token_id": "root@pam!x", "token_secret": "geheim"}
    read = read_config(tenant_of({"name": "b", "endpoints": [{"host": "pve1"}], "credentials": whole}))
    assert read.servers()[0][1].credentials.token_secret == Secret("geheim")
    with pytest.raises(ConfigError):
        read_config(tenant_of({"name": "b", "endpoints": [{"host": "pve1"}], "credentials": whole | {"token_id": 1}}))


@pytest.mark.parametrize("wrong", [{"interval": 0.1}, {"interval": 301}, {"background_interval": 0}])
def test_intervals_have_bounds(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        read_config({"settings": wrong})
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Config().with_settings(**wrong)
