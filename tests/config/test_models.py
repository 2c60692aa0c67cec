"""The models of the configuration, and the example that shows all of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

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

TOP = Path(__file__).resolve().parents[2]
PIN = ":".join(["AB"] * 32)
TOKEN = Credentials(token_id="root@pam!x", token_secret=SecretStr("s"))


def server(name: str = "prod", **more: Any) -> Server:
    return Server(**({"name": name, "endpoints": (Endpoint(host="pve1"),)} | more))


def config(*servers: Server) -> Config:
    return Config(tenants=(Tenant(slug="acme", name="Acme", servers=servers),))


def example() -> dict[str, Any]:
    return tomllib.loads((TOP / "config.example.toml").read_text(encoding="utf-8"))


def fields_below(model: type[BaseModel]) -> Iterator[str]:
    """``Server.name`` and so on, of this model and all that it holds."""
    for name, about in model.model_fields.items():
        yield f"{model.__name__}.{name}"
        for part in (about.annotation, *get_args(about.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from fields_below(part)


def keys_below(value: BaseModel) -> Iterator[str]:
    """The same of what was really set."""
    for name in value.model_fields_set:
        yield f"{type(value).__name__}.{name}"
        held = getattr(value, name)
        for part in held if isinstance(held, tuple) else (held,):
            if isinstance(part, BaseModel):
                yield from keys_below(part)


def test_the_example_is_accepted_and_shows_every_key() -> None:
    shown = Config.model_validate(example())
    assert set(keys_below(shown)) == set(fields_below(Config))


def test_the_example_explains_itself_and_holds_the_defaults() -> None:
    text = (TOP / "config.example.toml").read_text(encoding="utf-8")
    assert "later release" in text
    assert Settings.model_validate(example()["settings"]) == Settings()
    settings = text.split("[settings]")[1].split("[[tenants]]")[0]
    for name in Settings.model_fields:
        assert any(line.startswith(f"{name} = ") and "#" in line for line in settings.splitlines())


def test_a_mistyped_key_is_an_error() -> None:
    with pytest.raises(ValidationError, match="intervall"):
        Settings.model_validate({"intervall": 4})


@pytest.mark.parametrize("name", ["", "Prod", "a b", "-a", "é", "a" * 41, "a.b", "a/b"])
def test_a_slug_is_a_slug(name: str) -> None:
    with pytest.raises(ValidationError):
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
    with pytest.raises(ValidationError, match="server prod is there 2 times"):
        config(server(), server())
    with pytest.raises(ValidationError, match="tenant a is there 2 times"):
        Config(tenants=(Tenant(slug="a", name="A"), Tenant(slug="a", name="B")))
    with pytest.raises(ValidationError, match="user anna is there 2 times"):
        Config(users=(User(name="anna"), User(name="anna")))


def test_a_role_needs_its_tenant() -> None:
    with pytest.raises(ValidationError, match="user anna has a role in unknown tenant zeta"):
        Config.model_validate({"users": [{"name": "anna", "roles": {"zeta": "viewer"}}]})


def test_unverified_tls_needs_a_token() -> None:
    with pytest.raises(ValidationError, match="API token only"):
        server(trust=TlsTrust(mode="off"), credentials=Credentials(username="root", password=SecretStr("p")))
    assert server(trust=TlsTrust(mode="off"), credentials=TOKEN).trust.mode == "off"


def test_trust_needs_what_it_trusts() -> None:
    with pytest.raises(ValidationError, match="needs fingerprints"):
        TlsTrust(mode="fingerprint")
    with pytest.raises(ValidationError, match="needs ca_file"):
        TlsTrust(mode="ca")
    assert TlsTrust(mode="fingerprint", fingerprints=("ab" * 32,)).fingerprints == (PIN,)


def test_half_a_token_is_refused() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        Credentials(token_id="x")


def test_an_endpoint_reads_a_pasted_address() -> None:
    assert Endpoint(host="https://pve1:443/").label == "pve1:443"
    assert Endpoint(host="[::1]").host == "::1"
    assert Endpoint(host="::1").label == "[::1]:8006"
    with pytest.raises(ValidationError, match="host names port 443, port says 8006"):
        Endpoint(host="pve1:443", port=8006)
    with pytest.raises(ValidationError, match="not a host name"):
        Endpoint(host="a b")


@pytest.mark.parametrize(
    ("credentials", "userid", "lacks"),
    [
        (Credentials(username="root"), "root@pam", True),
        (Credentials(username="root@pve"), "root@pve", True),
        (Credentials(username="root", password=SecretStr("p")), "root@pam", False),
        (TOKEN, "root@pam", False),
        (Credentials(username="mo", realm="pve", token_id="x", token_secret=SecretStr("s")), "mo@pve", False),
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
    shown = config(server(credentials=Credentials(username="root", password=SecretStr("geheim"))))
    assert "geheim" not in repr(shown)
    assert "geheim" not in shown.model_dump_json()
    with pytest.raises(ValidationError) as caught:
        Credentials.model_validate({"token_secret": "geheim"})
    assert "geheim" not in str(caught.value)


def test_intervals_have_bounds() -> None:
    for wrong in ({"interval": 0.1}, {"interval": 301}, {"background_interval": 0}):
        with pytest.raises(ValidationError):
            Settings.model_validate(wrong)
