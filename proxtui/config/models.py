"""The shape of the configuration: tenants hold servers, servers hold endpoints, users hold roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from proxtui.config.address import Address, parse_address, parse_fingerprint

MIN_TIMEOUT_MS = 1_000
MAX_TIMEOUT_MS = 600_000

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""The short name of a tenant or a server: part of every key, so it never changes by itself."""
Port = Annotated[int, Field(ge=1, le=65_535)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Fingerprint = Annotated[str, BeforeValidator(lambda value: parse_fingerprint(str(value)))]
"""SHA-256 of a certificate, kept as ``AA:BB:...``; read with or without colons, in either case."""


class _Model(BaseModel):
    """Frozen and strict about names: a mistyped key is an error, never silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TlsTrust(_Model):
    """How the certificate of a server is judged."""

    mode: Literal["system", "ca", "fingerprint", "off"] = "system"
    """``off`` checks nothing; it needs an API token and shows as a red badge."""
    fingerprints: tuple[Fingerprint, ...] = ()
    """Of the server's own certificate; several while one is being replaced."""
    ca_file: Path | None = None
    """PEM file, such as a copy of ``/etc/pve/pve-root-ca.pem``."""

    @model_validator(mode="after")
    def _mode_has_its_value(self) -> TlsTrust:
        if self.mode == "fingerprint" and not self.fingerprints:
            raise ValueError("trust mode fingerprint needs fingerprints")
        if self.mode == "ca" and self.ca_file is None:
            raise ValueError("trust mode ca needs ca_file")
        return self


class Endpoint(_Model):
    """One address of a server. ``host`` is kept without the brackets of an IPv6 address."""

    host: str
    port: Port = 8006

    @model_validator(mode="before")
    @classmethod
    def _read_pasted_address(cls, value: object) -> object:
        if not (isinstance(value, dict) and isinstance(value.get("host"), str)):
            return value
        host, port = parse_address(value["host"])
        if port is not None and value.get("port", port) != port:
            raise ValueError(f"host names port {port}, port says {value['port']}")
        return value | {"host": host} | ({} if port is None else {"port": port})

    @property
    def label(self) -> str:
        """``host:port``, IPv6 in brackets."""
        return Address(self.host, self.port).label


class Credentials(_Model):
    """An API token, or a user with a password. The token wins where both are given."""

    username: str = ""
    """With or without ``@realm``; may be empty when ``token_id`` names the user."""
    realm: str = "pam"
    password: SecretStr | None = None
    token_id: str | None = None
    """``id`` or ``user@realm!id``."""
    token_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _token_is_whole(self) -> Credentials:
        if (self.token_id is None) != (self.token_secret is None):
            raise ValueError("token_id and token_secret belong together")
        return self

    @property
    def lacks_password(self) -> bool:
        """True when somebody has to be asked before the first request."""
        return self.token_id is None and self.password is None

    @property
    def userid(self) -> str:
        """``user@realm`` as PVE writes it."""
        named = (self.token_id or "").partition("!")
        user = named[0] if named[1] else self.username
        return user if "@" in user or not user else f"{user}@{self.realm}"


class Server(_Model):
    """A cluster or a standalone node."""

    name: Slug
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    """In order of preference: the next one is used when one does not answer."""
    trust: TlsTrust = TlsTrust()
    credentials: Credentials = Credentials()
    timeout_ms: Annotated[int, Field(ge=MIN_TIMEOUT_MS, le=MAX_TIMEOUT_MS)] = 30_000
    """Total deadline of an ordinary call."""

    @model_validator(mode="after")
    def _unverified_only_with_token(self) -> Server:
        if self.trust.mode == "off" and self.credentials.token_id is None:
            raise ValueError("trust mode off is allowed with an API token only")
        return self


class Role(StrEnum):
    """What a user may do in one tenant."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class User(_Model):
    """A person who uses proxtui."""

    name: Title
    system_role: Literal["admin", "user"] = "user"
    roles: dict[Slug, Role] = Field(default_factory=dict)
    """By the slug of the tenant."""


class Tenant(_Model):
    """A customer, a site or a department: servers that belong together."""

    slug: Slug
    name: Title
    colour: str | None = None
    """Of its mark in the tree, as ``#rrggbb`` or the name of a colour."""
    servers: tuple[Server, ...] = ()

    @model_validator(mode="after")
    def _servers_differ(self) -> Tenant:
        _refuse_twins("server", (server.name for server in self.servers))
        return self


class Settings(_Model):
    """How this installation polls and looks."""

    interval: Annotated[float, Field(ge=1, le=300)] = 4.0
    """Seconds between two polls of a server in view."""
    background_interval: Annotated[float, Field(ge=1, le=3600)] = 30.0
    """Seconds between two polls of the other servers."""
    ascii: bool = False
    """Signs and charts in plain ASCII."""
    theme: str = "proxtui-dark"
    """Name of a shipped theme, or of one in the ``themes`` folder beside the configuration."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Keys of one's own, by action: ``pause = "f9"``, several with commas; a view's action is called as the view."""
    wall_views: tuple[Slug, ...] = ()
    """What ``--wall`` goes through; empty is every view."""
    wall_seconds: Annotated[float, Field(ge=2, le=3600)] = 15.0
    """How long each of them stays."""
    read_only: bool = False
    """Refuse every change before it reaches the wire."""


class Place(NamedTuple):
    """Where a server stands: ``(tenant slug, server name)``."""

    tenant: str
    server: str


class Config(_Model):
    """Everything that is configured."""

    tenants: tuple[Tenant, ...] = ()
    users: tuple[User, ...] = ()
    settings: Settings = Settings()

    @model_validator(mode="after")
    def _names_fit(self) -> Config:
        slugs = [tenant.slug for tenant in self.tenants]
        _refuse_twins("tenant", slugs)
        _refuse_twins("user", (user.name for user in self.users))
        for user in self.users:
            if strangers := sorted(set(user.roles) - set(slugs)):
                raise ValueError(f"user {user.name} has a role in unknown tenant {strangers[0]}")
        return self

    def servers(self) -> list[tuple[Place, Server]]:
        """Every server with its place, in configured order."""
        return [(Place(tenant.slug, server.name), server) for tenant in self.tenants for server in tenant.servers]

    def with_password(self, place: tuple[str, str], password: str) -> Config:
        """A copy in which one server has this password, typed by somebody just now."""
        tenants = tuple(
            tenant.model_copy(update={"servers": tuple(_keyed(s, tenant, place, password) for s in tenant.servers)})
            for tenant in self.tenants
        )
        return self.model_copy(update={"tenants": tenants})


def _keyed(server: Server, tenant: Tenant, place: tuple[str, str], password: str) -> Server:
    if (tenant.slug, server.name) != tuple(place):
        return server
    credentials = server.credentials.model_copy(update={"password": SecretStr(password)})
    return server.model_copy(update={"credentials": credentials})


def _refuse_twins(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{what} {name} is there {count} times")
