"""The shape of the configuration: tenants hold servers, servers hold endpoints, users hold roles.

Frozen values that refuse what cannot be meant with a ValueError of one line. ``config.reading`` makes them from what
stands in a file, with pydantic; they themselves do without it, for it takes as long to load as half of Textual does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from proxtui.config.checks import Value, check_looks, refuse_no_slug, refuse_outside, refuse_twins, title
from proxtui.config.database_url import check_database_url
from proxtui.config.secret import Secret
from proxtui.config.server import (
    DEFAULT_PORT,
    MAX_TIMEOUT_MS,
    MIN_TIMEOUT_MS,
    UNSAID,
    Credentials,
    Endpoint,
    JumpHost,
    Server,
    TlsTrust,
)
from proxtui.config.thresholds import Thresholds

if TYPE_CHECKING:
    from proxtui.config.vault.noted import Ends

__all__ = [
    "DEFAULT_PORT",
    "MAX_TIMEOUT_MS",
    "MIN_TIMEOUT_MS",
    "UNSAID",
    "Config",
    "Credentials",
    "Endpoint",
    "JumpHost",
    "Place",
    "Role",
    "Rules",
    "Server",
    "Settings",
    "Tenant",
    "TlsTrust",
    "User",
]


class Role(StrEnum):
    """What a user may do in one tenant."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


WriteMode = Literal["always", "timed", "never"]
Confirmation = Literal["risk", "all", "typed"]
SSH_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}")
_GLOB = re.compile(r"[a-z*?][a-z0-9_.*?-]{0,79}")


def check_globs(what: str, globs: Iterable[str]) -> None:
    """ValueError unless each may be the name of an operation, or a pattern for some."""
    if not all(_GLOB.fullmatch(glob) for glob in globs):
        raise ValueError(f"{what}: needs names such as guests.start or guests.*")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Rules(Value):
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


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class User(Value):
    """A person who uses proxtui."""

    name: str
    system_role: Literal["admin", "user"] = "user"
    roles: dict[str, Role] = field(default_factory=dict)
    """By the slug of the tenant."""

    def __post_init__(self) -> None:
        self._keep("name", title("name", self.name))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Tenant(Rules):
    """A customer, a site or a department: servers that belong together."""

    slug: str
    name: str
    description: str = ""
    is_active: bool = True
    """False: its servers are asked nothing."""
    colour: str | None = None
    """Of its mark in the tree and of its header, as ``#rrggbb`` or the name of a colour."""
    secondary_colour: str | None = None
    accent_colour: str | None = None
    logo_url: str | None = None
    """Kept and exported; nothing is fetched."""
    notification_email: str | None = None
    """Kept and exported; nothing is mailed."""
    default_timeout_ms: int | None = None
    """Deadline of an ordinary call to its servers that say none; 30 s without."""
    health_check_ms: int | None = None
    """Between two polls of its servers that are not in view; None: as the settings say."""
    servers: tuple[Server, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_no_slug("slug", self.slug)
        self._keep("name", title("name", self.name))
        colours = {
            "colour": self.colour,
            "secondary_colour": self.secondary_colour,
            "accent_colour": self.accent_colour,
        }
        check_looks(self.description, colours, self.logo_url, self.notification_email)
        refuse_twins("server", (server.name for server in self.servers))
        if self.health_check_ms is not None:
            refuse_outside("health_check_ms", self.health_check_ms, 1_000, 86_400_000)
        if self.default_timeout_ms is None:
            return
        refuse_outside("default_timeout_ms", self.default_timeout_ms, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)
        self._keep("servers", tuple(self._timed(server) for server in self.servers))

    def _timed(self, server: Server) -> Server:
        return server if server.timeout_ms else replace(server, timeout_ms=self.default_timeout_ms)


Sweep = Literal["off", "guests", "backups", "all"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Settings(Thresholds, Rules):
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
    key_cache_minutes: int = 15
    """How long the kernel keeps what a passphrase opened; 0: it is typed each time."""
    ssh_user: str = "root"
    """Who logs in where a shell on a node or in a guest is opened by SSH."""
    database_url: Secret | None = None
    """Of a PostgreSQL database for audit and metrics, shared with others; None: files in the state folder."""
    viewer: str = ""
    """What shows a screen: ``tigervnc``, ``remote-viewer``, ``print`` (nothing is started), or a command with
    ``{socket}`` or with ``{host}`` and ``{port}``; empty: what is there."""
    lock_idle_minutes: int = 15
    """Without a key for so long the dashboard asks for the passphrase of the configuration again; 0: never."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_thresholds()
        refuse_outside("write_idle_minutes", self.write_idle_minutes, 1, 480)
        refuse_outside("key_cache_minutes", self.key_cache_minutes, 0, 1440)
        refuse_outside("lock_idle_minutes", self.lock_idle_minutes, 0, 1440)
        if not SSH_LOGIN.fullmatch(self.ssh_user):
            raise ValueError("ssh_user: needs the name of a login, without blanks")
        if self.database_url is not None and not self.database_url.get_secret_value():
            self._keep("database_url", None)
        if self.database_url is not None:
            try:
                check_database_url(self.database_url)
            except ValueError as error:
                raise ValueError(f"database_url: {error}") from None
        refuse_outside("interval", self.interval, 1, 300)
        refuse_outside("background_interval", self.background_interval, 1, 3600)
        refuse_outside("wall_seconds", self.wall_seconds, 2, 3600)
        for name in self.wall_views:
            refuse_no_slug("wall_views", name)
        if self.sweep not in get_args(Sweep):
            raise ValueError(f"sweep: needs one of {', '.join(get_args(Sweep))}")


class Place(NamedTuple):
    """Where a server stands: ``(tenant slug, server name)``."""

    tenant: str
    server: str


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Config(Value):
    """Everything that is configured."""

    tenants: tuple[Tenant, ...] = ()
    users: tuple[User, ...] = ()
    settings: Settings = Settings()

    def __post_init__(self) -> None:
        slugs = [tenant.slug for tenant in self.tenants]
        refuse_twins("tenant", slugs)
        refuse_twins("user", (user.name for user in self.users))
        for user in self.users:
            if strangers := sorted(set(user.roles) - set(slugs)):
                raise ValueError(f"user {user.name} has a role in unknown tenant {strangers[0]}")

    def servers(self) -> list[tuple[Place, Server]]:
        """Every server with its place, in configured order."""
        return [(Place(tenant.slug, server.name), server) for tenant in self.tenants for server in tenant.servers]

    def active_servers(self) -> list[tuple[Place, Server]]:
        """Those of them that are asked."""
        asked = {tenant.slug for tenant in self.tenants if tenant.is_active}
        return [(place, server) for place, server in self.servers() if server.is_active and place.tenant in asked]

    def off_servers(self) -> list[Place]:
        """Servers that are switched off, of tenants that are not."""
        asked = {tenant.slug for tenant in self.tenants if tenant.is_active}
        return [place for place, server in self.servers() if not server.is_active and place.tenant in asked]

    @property
    def opened_by(self) -> str:
        """Whose key opened it; empty where none was needed."""
        return ""

    @property
    def audit_keys(self) -> tuple[bytes, ...]:
        """The keys that chain the audit, the current one first; none where no key opened it."""
        return ()

    @property
    def audit_ends(self) -> Ends | None:
        """Where audits ended, as the file that it was opened from knows it; None where there is none."""
        return None

    @property
    def vault_id(self) -> str:
        """The id of the file that it was opened from; empty where there is none."""
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
