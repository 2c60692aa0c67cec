"""Adds, changes and takes away servers, through the registrar. Asking them is the part of ``checking``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxtui.config.models import Config, Place, Server
from proxtui.errors import ConfigError, InvalidInput, NotFoundError, UsageError
from proxtui.features.servers.models import NewServer, ServerChange
from proxtui.features.servers.spelling import about_of, event_of, plain_change, plain_server

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.core.registrar import Registrar

MOST = 50
"""Servers of a tenant."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A server as it is configured."""

    place: Place
    server: Server
    """Its deadline is the tenant's where it says none."""
    shut: str = ""
    """Why its credentials cannot be used by this key; empty when they can."""
    tenant_active: bool = True
    has_monitor: bool = False
    """It has a read-only token, too."""

    @property
    def is_asked(self) -> bool:
        """Whether the dashboard polls it."""
        return self.server.is_active and self.tenant_active


def listed(registrar: Registrar, tenant: str = "") -> list[Entry]:
    """All servers that the key opens, those that are switched off too; of one tenant (NotFoundError) or of all."""
    config, plain = registrar.config, registrar.vault.plain["tenants"]
    _refuse_strange(config, tenant)
    active = {one.slug: one.is_active for one in config.tenants}
    return [
        Entry(
            place,
            server,
            registrar.vault.shut.get(place, ""),
            active[place.tenant],
            "monitor" in plain[place.tenant]["servers"][place.server],
        )
        for place, server in config.servers()
        if tenant in ("", place.tenant)
    ]


def found(registrar: Registrar, name: str) -> Entry:
    """The server called ``SERVER`` or ``TENANT/SERVER``. NotFoundError (14), UsageError (2) when it is several."""
    entries = listed(registrar)
    meant = [one for one in entries if name in (one.place.server, "/".join(one.place))]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UsageError(f"{name} could be {', '.join('/'.join(one.place) for one in meant)}")
    there = ", ".join("/".join(one.place) for one in entries) or "none"
    raise NotFoundError(f"there is no server {name[:80]!a}; there are {there}")


def refuse_double(config: Config, tenant: str, server: Server, *, but: str = "") -> None:
    """InvalidInput when a tenant is full, or another server of it has one of these endpoints with the same user."""
    others = [
        other for place, other in config.servers() if place.tenant == tenant and place.server not in (but, server.name)
    ]
    if len(others) >= MOST:
        raise InvalidInput("tenant", tenant, f"has {MOST} servers already, which is the most")
    for other in others:
        for endpoint in set(other.endpoints) & set(server.endpoints):
            if other.credentials.userid == server.credentials.userid:
                who = server.credentials.userid or "nobody"
                raise InvalidInput("host", endpoint.label, f"{other.name} is there already with the user {who}")


def made_of(tenant: str, name: str, plain: dict[str, Any]) -> Server:
    """The server of plain values, before it is saved. UsageError when they cannot be meant."""
    from proxtui.config.vault.contents import config_of

    try:
        config = config_of(
            {"settings": {}, "users": {}, "tenants": {tenant: {"name": tenant, "servers": {name: plain}}}}
        )
    except ConfigError as error:
        raise UsageError(str(error).rpartition(f"{name}: ")[2]) from None
    return config.tenants[0].servers[0]


def wanted(config: Config, new: NewServer) -> tuple[Server, dict[str, Any]]:
    """The server that would be added, and its plain values. NotFoundError, InvalidInput or UsageError as ``add``."""
    _refuse_strange(config, new.tenant)
    plain = plain_server(new)
    server = made_of(new.tenant, new.name, plain)
    if Place(new.tenant, new.name) in dict(config.servers()):
        raise InvalidInput("name", new.name, f"{new.tenant} has a server of that name")
    refuse_double(config, new.tenant, server)
    return server, plain


async def add(registrar: Registrar, new: NewServer) -> Entry:
    """Add a server; it is not asked anything: see ``checking.tried`` for that.

    NotFoundError for the tenant, InvalidInput for what is there already or too much; and as ``Registrar.save``.
    """
    from proxtui.config.vault.edits import Put

    _, plain = wanted(registrar.config, new)
    edits: list[Edit] = [Put(("tenants", new.tenant, "servers", new.name), plain, is_new=True)]
    await registrar.save("servers.add", edits, tenant=new.tenant, server=new.name, about=about_of(plain))
    return found(registrar, f"{new.tenant}/{new.name}")


def changed(registrar: Registrar, name: str, change: ServerChange) -> tuple[Place, Server, dict[str, Any]]:
    """The server as it would be, and its plain values. Raises what ``update`` does, and saves nothing."""
    place = found(registrar, name).place
    before = registrar.vault.plain["tenants"][place.tenant]["servers"][place.server]
    plain = plain_change(before, change)
    now = Place(place.tenant, change.name or place.server)
    server = made_of(*now, plain)
    if now != place and now in dict(registrar.config.servers()):
        raise InvalidInput("name", now.server, f"{now.tenant} has a server of that name")
    if any(plain.get(name) != before.get(name) for name in ("endpoints", "credentials")):
        # One that is double already can still be switched off, pinned or renamed.
        refuse_double(registrar.config, place.tenant, server, but=place.server)
    return place, server, plain


async def update(registrar: Registrar, name: str, change: ServerChange) -> Entry:
    """Change what was said of a server; credentials go along to new addresses and pins.

    A change that changes nothing saves nothing. NotFoundError, UsageError, InvalidInput, ScopeClosed for a server
    whose credentials this key does not open, and what ``Registrar.save`` raises.
    """
    from proxtui.config.vault.edits import Delete, Put

    place, server, plain = changed(registrar, name, change)
    before = registrar.vault.plain["tenants"][place.tenant]["servers"][place.server]
    if plain == before and server.name == place.server:
        return found(registrar, "/".join(place))
    edits: list[Edit] = [Put(("tenants", place.tenant, "servers", server.name), plain)]
    if server.name != place.server:
        if why := registrar.vault.shut.get(place):
            raise UsageError(f"{'/'.join(place)} cannot get another name: {why}")
        edits.append(Delete(("tenants", *place[:1], "servers", place.server)))
    about = about_of(plain, before) | ({"new_name": server.name} if server.name != place.server else {})
    await registrar.save(event_of(about), edits, tenant=place.tenant, server=place.server, about=about)
    return found(registrar, f"{place.tenant}/{server.name}")


async def set_active(registrar: Registrar, name: str, active: bool) -> Entry:
    """Switch a server off (it is asked nothing) or on again."""
    return await update(registrar, name, ServerChange(is_active=active))


async def delete(registrar: Registrar, name: str) -> Entry:
    """Take a server away; gives what stood there. Its token is still good in PVE. Raises what ``update`` does."""
    from proxtui.config.vault.edits import Delete

    entry = found(registrar, name)
    tenant, server = entry.place
    edits: list[Edit] = [Delete(("tenants", tenant, "servers", server))]
    await registrar.save("servers.delete", edits, tenant=tenant, server=server, about={"name": server})
    return entry


def _refuse_strange(config: Config, tenant: str) -> None:
    there = [one.slug for one in config.tenants]
    if tenant and tenant not in there:
        raise NotFoundError(f"there is no tenant {tenant[:80]!a}; there are {', '.join(there) or 'none'}")
