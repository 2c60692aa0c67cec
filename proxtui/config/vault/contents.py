"""Between the sealed data of the file and plain values by name: tenants by slug, servers and users by name."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from proxtui.config.models import Config, Place
from proxtui.config.reading import read_config
from proxtui.config.vault.crypto import NotOpened, canonical, decode, encode, padded, sealed, unpadded, unsealed

Plain = dict[str, Any]
FILE, SYSTEM = "file", "system"
SECRETS = ("password", "token_secret", "key_passphrase", "database_url")
DAMAGED = "locked: damaged credential"
CLOSED = "this key does not open it"
LOST = "damaged: it cannot be read"


def monitor_of(tenant_id: str) -> str:
    """The scope of all of a tenant but its ``credentials``."""
    return f"{tenant_id}.monitor"


def is_monitor(scope: str) -> bool:
    """Whether it is the scope ``monitor`` of some tenant."""
    return scope.endswith(".monitor")


def admin_of(tenant_id: str) -> str:
    """The scope of a tenant's ``credentials``; it authenticates the whole tenant."""
    return f"{tenant_id}.admin"


class Locker:
    """Seals and opens values. What did not change keeps its sealed text, so that two files can be compared."""

    def __init__(self, file_id: str, keys: dict[str, bytes]) -> None:
        self.keys = keys
        self._file_id = file_id
        self._known: dict[tuple[bytes, bytes], str] = {}

    def seal(self, scope: str, place: list[str], value: Any, binding: Any = None) -> str:
        """``enc:1:SCOPE:...`` of any JSON value, for this place and binding only."""
        about = ["value", 1, self._file_id, scope, place, binding]
        spelled = (canonical(about), canonical(value))
        if spelled not in self._known:
            raw = sealed(self.keys[scope], about, padded(spelled[1]))
            self._known[spelled] = f"enc:1:{scope}:{encode(raw)}"
        return self._known[spelled]

    def open(self, scope: str, place: list[str], text: str, binding: Any = None) -> Any:
        """The value. NotOpened when it is not what was sealed for this place and binding."""
        import json

        about = ["value", 1, self._file_id, scope, place, binding]
        start = f"enc:1:{scope}:"
        try:
            raw = decode(text.removeprefix(start) if text.startswith(start) else "?")
            value = json.loads(unpadded(unsealed(self.keys[scope], about, raw)))
        except ValueError:
            raise NotOpened from None
        self._known[canonical(about), canonical(value)] = text
        return value


@dataclass
class Contents:
    """What one key can read."""

    plain: Plain = field(default_factory=lambda: {"settings": {}, "users": {}, "tenants": {}})
    """``settings``, ``users`` by name, ``tenants`` by slug with their ``servers`` by name."""
    ids: dict[tuple[str, ...], str] = field(default_factory=dict)
    """From ``("tenants", slug)``, ``("tenants", slug, name)`` and ``("users", name)`` to the ids of the file."""
    shut: dict[Place, str] = field(default_factory=dict)
    """Servers whose ``credentials`` cannot be used, and why."""
    hidden: dict[str, str] = field(default_factory=dict)
    """Ids of tenants, servers and users that cannot be read at all, and why."""
    kept: dict[tuple[str, ...], Any] = field(default_factory=dict)
    """Sealed parts that nobody could read, by (tenant id, server id, part): a save copies them."""

    def config(self) -> Config:
        """The configuration, with the secrets that are open. ConfigError for values that cannot be meant."""
        return config_of(self.plain)


def config_of(plain: Plain, *, monitor: bool = False) -> Config:
    """From plain values by name to the configuration. A server without usable credentials has empty ones.

    ``monitor``: with the read-only credentials where a server has both.
    """
    tenants = []
    for slug, tenant in plain["tenants"].items():
        servers = [
            {"name": name}
            | {key: value for key, value in server.items() if key != "monitor"}
            | _usable(server, monitor)
            for name, server in tenant.get("servers", {}).items()
        ]
        tenants.append({"slug": slug} | tenant | {"servers": servers})
    users = [
        {"name": name} | user | {"roles": {at: r for at, r in user.get("roles", {}).items() if at in plain["tenants"]}}
        for name, user in plain["users"].items()
    ]
    return read_config({"settings": plain["settings"], "users": users, "tenants": tenants})


def _usable(server: Plain, monitor: bool) -> Plain:
    first, second = ("monitor", "credentials") if monitor else ("credentials", "monitor")
    held = server.get(first) or server.get(second)
    if not held and server.get("trust", {}).get("mode") == "off":
        # Only a token goes with "off", and nobody asks this server: it must not keep the others from being read.
        return {"credentials": {}, "trust": {}}
    return {"credentials": held or {}}


def plain_of(values: Plain) -> Plain:
    """From what stands in a plain TOML file (lists of tables) to plain values by name. ConfigError like reading it."""
    read_config(values)
    tenants = {}
    for tenant in values.get("tenants", []):
        rest = {key: value for key, value in tenant.items() if key not in ("slug", "servers")}
        servers = {one["name"]: {k: v for k, v in one.items() if k != "name"} for one in tenant.get("servers", [])}
        tenants[tenant["slug"]] = rest | {"servers": servers}
    users = {one["name"]: {k: v for k, v in one.items() if k != "name"} for one in values.get("users", [])}
    return {"settings": values.get("settings", {}), "users": users, "tenants": tenants}


def new_id(kind: str) -> str:
    """An id that says nothing: ``t_4f2a91c0``."""
    return f"{kind}_{os.urandom(4).hex()}"
