"""Which field of a tenant, a server or a user is sealed, by which scope, and bound to what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from proxtui.config.models import Place
from proxtui.config.vault.contents import (
    CLOSED,
    DAMAGED,
    FILE,
    LOST,
    SECRETS,
    Contents,
    Locker,
    Plain,
    admin_of,
    monitor_of,
    new_id,
)
from proxtui.config.vault.crypto import NotOpened
from proxtui.errors import Tampered

_PRIVATE = ("description", "logo_url", "notification_email")
"""Of a tenant: it names a customer."""
_SEALED_SETTINGS = ("database_url",)
"""Its password is in it."""
_WAYS = ("tailscale_hostname", "jumps")
"""Of a server: where it can be reached, beside its endpoints."""
_APART = ("slug", "name", "servers", "endpoints", "credentials", "monitor", "roles", *_PRIVATE, *_WAYS)


def open_all(data: dict[str, Any], locker: Locker) -> Contents:
    """All that the keys of the locker can read."""
    found = Contents()
    found.plain["settings"] = _open_settings(data["settings"], locker)
    for tenant_id, raw in data["tenants"].items():
        _open_tenant(found, tenant_id, raw, locker)
    slugs = {found.ids["tenants", slug]: slug for slug in found.plain["tenants"]}
    for user_id, raw in data["users"].items():
        try:
            name = locker.open(FILE, [user_id, "name"], raw["name"])
        except NotOpened:
            found.hidden[user_id] = LOST
            found.kept[(user_id,)] = raw
            continue
        found.ids["users", name] = user_id
        roles = {slugs.get(tenant_id, tenant_id): role for tenant_id, role in raw.get("roles", {}).items()}
        found.plain["users"][name] = _clear(raw) | {"roles": roles}
    return found


def _open_settings(raw: Plain, locker: Locker) -> Plain:
    try:
        return raw | _opened(locker, FILE, ["settings"], raw, _said(raw))
    except NotOpened:
        raise Tampered("a setting is damaged", place="settings") from None


def seal_settings(contents: Contents, locker: Locker) -> Plain:
    """The settings as they stand in the file: every key opens what is sealed of them."""
    plain: Plain = contents.plain["settings"]
    return plain | _sealed(locker, FILE, ["settings"], plain, _said(plain))


def _said(settings: Plain) -> list[str]:
    # An empty one is no secret, and tells who has no key that there is none.
    return [name for name in _SEALED_SETTINGS if settings.get(name)]


def _clear(raw: Plain) -> Plain:
    return {key: value for key, value in raw.items() if key not in _APART}


def _open_tenant(found: Contents, tenant_id: str, raw: Plain, locker: Locker) -> None:
    scope = monitor_of(tenant_id)
    if scope not in locker.keys:
        found.hidden[tenant_id] = CLOSED
        return
    try:
        slug = locker.open(scope, [tenant_id, "slug"], raw["slug"])
        name = locker.open(scope, [tenant_id, "name"], raw["name"])
        private = _opened(locker, scope, [tenant_id], raw, _PRIVATE)
    except NotOpened:
        found.hidden[tenant_id] = LOST
        return
    found.ids["tenants", slug] = tenant_id
    servers: Plain = {}
    found.plain["tenants"][slug] = {"name": name} | private | _clear(raw) | {"servers": servers}
    for server_id, held in raw.get("servers", {}).items():
        place = [tenant_id, server_id]
        try:
            server_name = locker.open(scope, [*place, "name"], held["name"])
            ways = _opened(locker, scope, place, held, ("endpoints", *_WAYS))
        except NotOpened:
            found.hidden[server_id] = LOST
            found.kept[tenant_id, server_id] = held
            continue
        found.ids["tenants", slug, server_name] = server_id
        server = servers[server_name] = _clear(held) | ways
        for part, opens in (("credentials", admin_of(tenant_id)), ("monitor", scope)):
            if part not in held:
                continue
            try:
                server[part] = _open_credentials(locker, opens, [*place, part], held[part], server)
            except NotOpened:
                found.kept[tenant_id, server_id, part] = held[part]
                found.shut[Place(slug, server_name)] = DAMAGED
            except KeyError:
                found.shut[Place(slug, server_name)] = CLOSED


def _opened(locker: Locker, scope: str, place: list[str], raw: Plain, names: Iterable[str]) -> Plain:
    return {name: locker.open(scope, [*place, name], raw[name]) for name in names if name in raw}


def _sealed(locker: Locker, scope: str, place: list[str], plain: Plain, names: Iterable[str]) -> Plain:
    return {name: locker.seal(scope, [*place, name], plain[name]) for name in names if name in plain}


def _open_credentials(locker: Locker, scope: str, place: list[str], raw: Plain, server: Plain) -> Plain:
    """KeyError when the scope is not open."""
    if scope not in locker.keys:
        raise KeyError(scope)
    found: Plain = {}
    for name in sorted(raw, key=lambda name: name in SECRETS):
        found[name] = locker.open(scope, [*place, name], raw[name], _binding(server, found, name))
    return found


def _binding(server: Plain, who: Plain, name: str) -> list[Any]:
    """Where a credential may be sent, and for a secret whose it is: elsewhere it does not open."""
    where = [server["endpoints"], server.get("trust", {})]
    if ways := {name: server[name] for name in _WAYS if name in server}:
        where.append(ways)
    return [*where, {key: value for key, value in who.items() if key not in SECRETS}] if name in SECRETS else where


def seal_tenant(contents: Contents, slug: str, locker: Locker) -> Plain:
    """A tenant as it stands in the file."""
    tenant = contents.plain["tenants"][slug]
    tenant_id = contents.ids["tenants", slug]
    scope = monitor_of(tenant_id)
    raw = {"slug": locker.seal(scope, [tenant_id, "slug"], slug)}
    raw |= _sealed(locker, scope, [tenant_id], tenant, ("name", *_PRIVATE)) | _clear(tenant)
    servers = {key[1]: value for key, value in contents.kept.items() if len(key) == 2 and key[0] == tenant_id}
    for name, server in tenant.get("servers", {}).items():
        server_id = contents.ids.setdefault(("tenants", slug, name), new_id("s"))
        place = [tenant_id, server_id]
        held: Plain = {"name": locker.seal(scope, [*place, "name"], name)}
        held |= _sealed(locker, scope, place, server, ("endpoints", *_WAYS)) | _clear(server)
        for part, seals in (("credentials", admin_of(tenant_id)), ("monitor", scope)):
            if part in server:
                held[part] = {
                    key: locker.seal(seals, [*place, part, key], value, _binding(server, server[part], key))
                    for key, value in server[part].items()
                }
            elif (tenant_id, server_id, part) in contents.kept:
                held[part] = contents.kept[tenant_id, server_id, part]
        servers[server_id] = held
    return raw | {"servers": servers}


def seal_users(contents: Contents, locker: Locker) -> Plain:
    """The users as they stand in the file."""
    sealed: Plain = {key[0]: value for key, value in contents.kept.items() if len(key) == 1}
    for name, user in contents.plain["users"].items():
        user_id = contents.ids.setdefault(("users", name), new_id("u"))
        roles = {contents.ids.get(("tenants", at), at): role for at, role in user.get("roles", {}).items()}
        sealed[user_id] = {"name": locker.seal(FILE, [user_id, "name"], name)} | _clear(user) | {"roles": roles}
    return sealed


def without_credentials(raw: Plain) -> Plain:
    """What the scope ``monitor`` of a tenant authenticates."""
    servers = {
        server_id: {key: value for key, value in held.items() if key != "credentials"}
        for server_id, held in raw.get("servers", {}).items()
    }
    return raw | {"servers": servers}
