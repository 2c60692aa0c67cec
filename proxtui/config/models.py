"""The shape of the configuration: tenants hold servers, servers hold endpoints, users hold roles.

Frozen values that refuse what cannot be meant with a ValueError of one line. ``config.reading`` makes them from what
stands in a file, with pydantic; they themselves do without it, for it takes as long to load as half of Textual does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, get_args

from proxtui.config.address import Address, parse_address, parse_fingerprint
from proxtui.config.secret import Secret

MIN_TIMEOUT_MS = 1_000
MAX_TIMEOUT_MS = 600_000
DEFAULT_PORT = 8006
LONGEST_TITLE = 80
UNSAID = -1
"""The port of an endpoint that names none."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def _refuse_no_slug(what: str, text: str) -> None:
    if not _SLUG.fullmatch(text):
        raise ValueError(f"{what}: needs 1 to 40 lower case letters, digits, - or _, and no sign in front")


def _refuse_outside(what: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{what}: {value:g} is not from {least:g} to {most:g}")


def _refuse_twins(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{what} {name} is there {count} times")


def _title(what: str, text: str) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= LONGEST_TITLE:
        raise ValueError(f"{what}: needs 1 to {LONGEST_TITLE} characters")
    return stripped


class _Value:
    """Strict about names when it is read from a file: a mistyped key is an error, never silently ignored."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "hide_input_in_errors": True}

    def _keep(self, name: str, value: object) -> None:
        """Keep a field in its usual spelling; only while the value is being made."""
        object.__setattr__(self, name, value)


@dataclass(frozen=True, kw_only=True)
class TlsTrust(_Value):
    """How the certificate of a server is judged."""

    mode: Literal["system", "ca", "fingerprint", "off"] = "system"
    """``off`` checks nothing; it needs an API token and shows as a red badge."""
    fingerprints: tuple[str, ...] = ()
    """SHA-256 of the server's own certificate, kept as ``AA:BB:...``; several while one is being replaced."""
    ca_file: Path | None = None
    """PEM file, such as a copy of ``/etc/pve/pve-root-ca.pem``."""

    def __post_init__(self) -> None:
        self._keep("fingerprints", tuple(parse_fingerprint(one) for one in self.fingerprints))
        if self.mode == "fingerprint" and not self.fingerprints:
            raise ValueError("trust mode fingerprint needs fingerprints")
        if self.mode == "ca" and self.ca_file is None:
            raise ValueError("trust mode ca needs ca_file")


@dataclass(frozen=True, kw_only=True)
class Endpoint(_Value):
    """One address of a server. ``host`` may be a pasted one; it is kept without its port and the brackets of IPv6."""

    host: str
    port: int = UNSAID
    """8006 unless it is said here or in ``host``."""

    def __post_init__(self) -> None:
        host, named = parse_address(self.host)
        if named is not None and self.port not in (UNSAID, named):
            raise ValueError(f"host names port {named}, port says {self.port}")
        if self.port != UNSAID:
            _refuse_outside("port", self.port, 1, 65_535)
        self._keep("host", host)
        self._keep("port", named or (DEFAULT_PORT if self.port == UNSAID else self.port))

    @property
    def label(self) -> str:
        """``host:port``, IPv6 in brackets."""
        return Address(self.host, self.port).label


@dataclass(frozen=True, kw_only=True)
class Credentials(_Value):
    """An API token, or a user with a password. The token wins where both are given."""

    username: str = ""
    """With or without ``@realm``; may be empty when ``token_id`` names the user."""
    realm: str = "pam"
    password: Secret | None = None
    token_id: str | None = None
    """``id`` or ``user@realm!id``."""
    token_secret: Secret | None = None

    def __post_init__(self) -> None:
        if (self.token_id is None) != (self.token_secret is None):
            raise ValueError("token_id and token_secret belong together")

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


@dataclass(frozen=True, kw_only=True)
class Server(_Value):
    """A cluster or a standalone node."""

    name: str
    """A slug: part of every key, so it never changes by itself."""
    endpoints: tuple[Endpoint, ...]
    """In order of preference: the next one is used when one does not answer."""
    trust: TlsTrust = TlsTrust()
    credentials: Credentials = Credentials()
    timeout_ms: int = 30_000
    """Total deadline of an ordinary call."""

    def __post_init__(self) -> None:
        _refuse_no_slug("name", self.name)
        _refuse_outside("timeout_ms", self.timeout_ms, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)
        if not self.endpoints:
            raise ValueError(f"server {self.name} has no endpoints")
        if self.trust.mode == "off" and self.credentials.token_id is None:
            raise ValueError("trust mode off is allowed with an API token only")


class Role(StrEnum):
    """What a user may do in one tenant."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


WriteMode = Literal["always", "timed", "never"]
Confirmation = Literal["risk", "all", "typed"]
_GLOB = re.compile(r"[a-z*?][a-z0-9_.*?-]{0,79}")


def check_globs(what: str, globs: Iterable[str]) -> None:
    """ValueError unless each may be the name of an operation, or a pattern for some."""
    if not all(_GLOB.fullmatch(glob) for glob in globs):
        raise ValueError(f"{what}: needs names such as guests.start or guests.*")


@dataclass(frozen=True, kw_only=True)
class Rules(_Value):
    """What may be changed. Where an installation and a tenant both say something, the stricter word counts."""

    write_mode: WriteMode = "always"
    """``timed``: only while somebody opened the lock, for a time and with a reason; ``never``: not at all."""
    allowed_operations: tuple[str, ...] = ("*",)
    """Of those that the role may: names such as ``guests.start`` or ``guests.*``; empty allows nothing."""
    denied_operations: tuple[str, ...] = ()
    """Taken away again, whoever asks."""
    require_confirmation: Confirmation = "risk"
    """``risk``: as hard as each change asks; ``all``: nothing without a question; ``typed``: always by the name."""
    dry_run: bool = False
    """Show what would be sent, and send nothing."""

    def __post_init__(self) -> None:
        for name in ("allowed_operations", "denied_operations"):
            check_globs(name, getattr(self, name))
        for name, words in (("write_mode", WriteMode), ("require_confirmation", Confirmation)):
            if getattr(self, name) not in get_args(words):
                raise ValueError(f"{name}: needs one of {', '.join(get_args(words))}")


@dataclass(frozen=True, kw_only=True)
class User(_Value):
    """A person who uses proxtui."""

    name: str
    system_role: Literal["admin", "user"] = "user"
    roles: dict[str, Role] = field(default_factory=dict)
    """By the slug of the tenant."""

    def __post_init__(self) -> None:
        self._keep("name", _title("name", self.name))


@dataclass(frozen=True, kw_only=True)
class Tenant(Rules):
    """A customer, a site or a department: servers that belong together."""

    slug: str
    name: str
    colour: str | None = None
    """Of its mark in the tree, as ``#rrggbb`` or the name of a colour."""
    servers: tuple[Server, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_no_slug("slug", self.slug)
        self._keep("name", _title("name", self.name))
        _refuse_twins("server", (server.name for server in self.servers))


Sweep = Literal["off", "guests", "backups", "all"]


@dataclass(frozen=True, kw_only=True)
class Settings(Rules):
    """How this installation polls and looks, and what may be changed by it."""

    interval: float = 4.0
    """Seconds between two polls of a server in view."""
    background_interval: float = 30.0
    """Seconds between two polls of the other servers."""
    ascii: bool = False
    """Signs and charts in plain ASCII."""
    theme: str = "proxtui-dark"
    """Name of a shipped theme, or of one in the ``themes`` folder beside the configuration."""
    keys: dict[str, str] = field(default_factory=dict)
    """Keys of one's own, by action: ``pause = "f9"``, several with commas; a view's action is called as the view."""
    wall_views: tuple[str, ...] = ()
    """What ``--wall`` goes through; empty is every view."""
    wall_seconds: float = 15.0
    """How long each of them stays."""
    sweep: Sweep = "off"
    """What the dashboard asks slowly: guests for IP and system, one after the other; storages for backups; or both."""
    read_only: bool = False
    """Refuse every change before it reaches the wire."""
    write_idle_minutes: float = 10.0
    """Without a key for so long the lock of ``write_mode = "timed"`` closes by itself."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_outside("write_idle_minutes", self.write_idle_minutes, 1, 480)
        _refuse_outside("interval", self.interval, 1, 300)
        _refuse_outside("background_interval", self.background_interval, 1, 3600)
        _refuse_outside("wall_seconds", self.wall_seconds, 2, 3600)
        for name in self.wall_views:
            _refuse_no_slug("wall_views", name)
        if self.sweep not in get_args(Sweep):
            raise ValueError(f"sweep: needs one of {', '.join(get_args(Sweep))}")


class Place(NamedTuple):
    """Where a server stands: ``(tenant slug, server name)``."""

    tenant: str
    server: str


@dataclass(frozen=True, kw_only=True)
class Config(_Value):
    """Everything that is configured."""

    tenants: tuple[Tenant, ...] = ()
    users: tuple[User, ...] = ()
    settings: Settings = Settings()

    def __post_init__(self) -> None:
        slugs = [tenant.slug for tenant in self.tenants]
        _refuse_twins("tenant", slugs)
        _refuse_twins("user", (user.name for user in self.users))
        for user in self.users:
            if strangers := sorted(set(user.roles) - set(slugs)):
                raise ValueError(f"user {user.name} has a role in unknown tenant {strangers[0]}")

    def servers(self) -> list[tuple[Place, Server]]:
        """Every server with its place, in configured order."""
        return [(Place(tenant.slug, server.name), server) for tenant in self.tenants for server in tenant.servers]

    @property
    def opened_by(self) -> str:
        """Whose key opened it; empty where none was needed."""
        return ""

    def rules(self, tenant: str) -> tuple[Rules, ...]:
        """What may be changed in a tenant: the rules of the installation, then its own."""
        return (self.settings, *(own for own in self.tenants if own.slug == tenant))

    def user(self, name: str) -> User | None:
        """The person of that name; where only one is configured it is always that one."""
        if len(self.users) == 1:
            return self.users[0]
        return next((user for user in self.users if user.name == name), None)

    def with_settings(self, **said: Any) -> Config:
        """A copy in which these settings are as said. ValueError when they cannot be meant."""
        return replace(self, settings=replace(self.settings, **said))

    def with_password(self, place: tuple[str, str], password: str) -> Config:
        """A copy in which one server has this password, typed by somebody just now."""
        tenants = tuple(
            replace(tenant, servers=tuple(_keyed(server, tenant, place, password) for server in tenant.servers))
            for tenant in self.tenants
        )
        return replace(self, tenants=tenants)


def _keyed(server: Server, tenant: Tenant, place: tuple[str, str], password: str) -> Server:
    if (tenant.slug, server.name) != tuple(place):
        return server
    return replace(server, credentials=replace(server.credentials, password=Secret(password)))
