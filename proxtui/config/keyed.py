"""The configuration that a key slot opened: for one person, without what is closed to the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from proxtui.config.models import Config, Place, Role, Rules, Tenant, User
from proxtui.config.rules import role_of, rules_of

if TYPE_CHECKING:
    from proxtui.config.vault.noted import Ends
    from proxtui.config.vault.opened import OpenVault

_STRICTER = list(Role)
"""From the one who may most to the one who may least."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class KeyedConfig(Config):
    """``label`` names the person; ``limits`` count beside the rules of the installation and of each tenant."""

    label: str
    limits: Rules = field(default_factory=Rules)
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    file_id: str = ""
    ends: Ends | None = field(default=None, repr=False)

    @property
    def audit_keys(self) -> tuple[bytes, ...]:
        """As ``OpenVault.audit_keys`` gave them."""
        return self.chain

    @property
    def audit_ends(self) -> Ends | None:
        """Of the open file."""
        return self.ends

    @property
    def vault_id(self) -> str:
        """As ``OpenVault.file_id`` gave it."""
        return self.file_id

    @property
    def opened_by(self) -> str:
        """The label of the key slot."""
        return self.label

    def user(self, name: str) -> User | None:
        """The person of that name: whose key it is, is known, so nobody stands for somebody else."""
        return next((user for user in self.users if user.name == name), None)

    def rules(self, tenant: str) -> tuple[Rules, ...]:
        """The rules of the installation, those of the tenant, and the limits."""
        return (*super().rules(tenant), self.limits)


def keyed(vault: OpenVault, environ: Mapping[str, str]) -> KeyedConfig:
    """What the key opens, without servers that it has no credentials for. UsageError for a wrong variable."""
    found, label, without = vault.config, vault.slot.label, _unusable(vault)
    tenants = tuple(
        replace(one, servers=tuple(server for server in one.servers if (one.slug, server.name) not in without))
        for one in found.tenants
    )
    users = _capped(found.users, tenants, label, role_of(environ))
    limits = Rules(**rules_of(environ))
    return KeyedConfig(
        tenants=tenants,
        users=users,
        settings=found.settings,
        label=label,
        limits=limits,
        chain=vault.audit_keys,
        file_id=vault.file_id,
        ends=vault.ends,
    )


def left_out(vault: OpenVault) -> list[str]:
    """A line for each tenant and server that the key opens not at all, or only in part."""
    lines = [f"{place.tenant} / {place.server} is left out: {why}" for place, why in _unusable(vault).items()]
    for name, why in vault.hidden.items():
        kind = {"t": "tenant", "s": "server", "u": "user"}.get(name.partition("_")[0], "part")
        lines.append(f"{kind} {name} is left out: {why}")
    users = vault.config.users
    if users and all(user.name != vault.slot.label for user in users):
        lines.append(f"the key {vault.slot.label!a} is of no configured user: it may only look")
    return lines


def _unusable(vault: OpenVault) -> dict[Place, str]:
    """Why a server cannot be asked. Read-only credentials are enough for a key that does not open the others."""
    from proxtui.config.vault.contents import DAMAGED

    found = {}
    for place, server in vault.config.servers():
        why = vault.shut.get(place)
        if why == DAMAGED or not server.credentials.userid:
            found[place] = why or "it has neither a token nor a user"
    return found


def _capped(users: tuple[User, ...], tenants: tuple[Tenant, ...], label: str, most: Role) -> tuple[User, ...]:
    """Nobody may more than ``most``; where no users are configured, neither may the owner of the key."""
    if most is Role.ADMIN:
        return users
    owner = User(name=label, roles={tenant.slug: Role.ADMIN for tenant in tenants})
    return tuple(
        replace(user, roles={at: max(role, most, key=_STRICTER.index) for at, role in user.roles.items()})
        for user in users or (owner,)
    )
