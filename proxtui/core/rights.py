"""What one person may change of an open configuration: the role, the read-only lock, and what their key opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxtui.config.keyed import KeyedConfig, keyed
from proxtui.config.models import Role
from proxtui.config.rules import role_of
from proxtui.errors import ReadOnlyError, RoleRefused, ScopeClosed

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault

TENANTS_OWN = ("servers", "tls", "settings")
"""First words of changes that the admin of a tenant may make in it; the others need the system role."""
SETTINGS = "settings.change"
OWN_KEY = "keys.change"


class Rights:
    """As the vault stood when it was last ``learn``ed."""

    def __init__(
        self, vault: OpenVault, environ: Mapping[str, str], *, read_only: bool, key_alone: bool = False
    ) -> None:
        self._vault = vault
        self._environ = environ
        self._read_only = read_only
        self._key_alone = key_alone
        self.polled: KeyedConfig = keyed(vault, environ)

    def learn(self) -> None:
        """The vault was read or saved."""
        self.polled = keyed(self._vault, self._environ)

    @property
    def is_system_admin(self) -> bool:
        """Whether this person may change tenants, users, settings and keys, as far as the role goes."""
        user = self.polled.user(self._vault.slot.label)
        is_admin = not self.polled.users if user is None else user.system_role == "admin"
        return is_admin and role_of(self._environ) is Role.ADMIN

    def role(self, tenant: str) -> Role:
        """The role of this person in a tenant; a system admin is admin of each."""
        if not tenant or self.is_system_admin:
            return Role.ADMIN if self.is_system_admin else Role.VIEWER
        user = self.polled.user(self._vault.slot.label)
        return Role.VIEWER if user is None else user.roles.get(tenant, Role.VIEWER)

    def refused(self, name: str, tenant: str) -> ReadOnlyError | None:
        """Why this person may not make this change, of this tenant alone or of all; None when they may."""
        from proxtui.config.vault.opened import may_change

        who = self._vault.slot.label
        by_file = self._vault.config.settings.read_only and name != SETTINGS and not self._key_alone
        if self._read_only or by_file:
            return ReadOnlyError(f"{name}: refused, proxtui is read-only")
        if name == OWN_KEY or self._key_alone:
            return None
        if not self.is_system_admin and (not tenant or name.partition(".")[0] not in TENANTS_OWN):
            return RoleRefused(f"{name}: needs the system role admin, which {who} has not")
        if tenant and self.role(tenant) is not Role.ADMIN:
            return RoleRefused(f"{name}: needs role admin in {tenant}, {who} is {self.role(tenant).value}")
        if not may_change(self._vault, tenant):
            what = f"the scope admin of {tenant}" if tenant else "settings, users, keys and the list of tenants"
            return ScopeClosed(f"{name}: the key of {who} does not open {what}")
        return None
