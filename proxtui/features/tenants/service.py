"""Makes and changes tenants, through the registrar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.config.models import Config, Role, Tenant
from proxtui.errors import InvalidInput, NotFoundError
from proxtui.features.tenants.models import SETTINGS, NewTenant, TenantChange, TenantSettings, slug_of

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.core.registrar import Registrar


def listed(registrar: Registrar) -> list[Tenant]:
    """All tenants that the key opens, those that are switched off too, by name."""
    return sorted(registrar.config.tenants, key=lambda tenant: tenant.name.lower())


def found(registrar: Registrar, slug: str) -> Tenant:
    """The tenant of that slug. NotFoundError when the key opens none."""
    there = {tenant.slug: tenant for tenant in registrar.config.tenants}
    if slug not in there:
        raise NotFoundError(f"there is no tenant {slug[:80]!r}; there are {', '.join(sorted(there)) or 'none'}")
    return there[slug]


async def create(registrar: Registrar, wanted: NewTenant) -> Tenant:
    """Make a tenant without servers. Whoever made it is its admin, where people are configured.

    InvalidInput for a slug that is taken or cannot be made of the name, and what ``Registrar.save`` raises.
    """
    from proxtui.config.vault.edits import Put, add_tenant

    slug = wanted.slug or slug_of(wanted.name)
    if not slug:
        raise InvalidInput("slug", wanted.name, "no slug can be made of this name: give one")
    if any(tenant.slug == slug for tenant in registrar.config.tenants):
        raise InvalidInput("slug", slug, "another tenant has it")
    more = {"description": wanted.description} if wanted.description else {}
    edits: list[Edit] = [add_tenant(slug, wanted.name, **more)]
    if any(user.name == registrar.who for user in registrar.config.users):
        edits.append(Put(("users", registrar.who, "roles", slug), Role.ADMIN.value))
    await registrar.save("tenants.create", edits, tenant="", about={"name": slug, "title": wanted.name})
    return found(registrar, slug)


async def update(
    registrar: Registrar, slug: str, change: TenantChange | TenantSettings, *, whole: bool = False
) -> Tenant:
    """Change what was said. ``whole``: what was not said is taken away, as a form means it (but the name).

    What only concerns its settings is ``settings.change`` and a tenant's admin may do it; the rest is
    ``tenants.update``. NotFoundError, and what ``Registrar.save`` raises. A change that changes nothing saves nothing.
    """
    from proxtui.config.vault.edits import Delete, Put

    tenant = found(registrar, slug)
    fields = type(change).model_fields if whole else change.model_fields_set
    edits: list[Edit] = []
    for name in fields:
        value, now = getattr(change, name), _said(tenant, name)
        if value in (None, "") and name in ("name", "is_active"):
            continue
        if value in (None, "") and now is not None:
            edits.append(Delete(("tenants", slug, name)))
        elif value not in (None, "") and value != now:
            edits.append(Put(("tenants", slug, name), value))
    if edits:
        only_settings = all(edit.path[-1] in SETTINGS for edit in edits)
        await registrar.save(
            "settings.change" if only_settings else "tenants.update",
            edits,
            tenant=slug,
            about={"name": slug} | {edit.path[-1]: str(getattr(edit, "value", "")) or "-" for edit in edits},
        )
    return found(registrar, slug)


async def set_active(registrar: Registrar, slug: str, active: bool) -> Tenant:
    """Switch a tenant off (its servers are asked nothing) or on again."""
    return await update(registrar, slug, TenantChange(is_active=active))


def settings_of(registrar: Registrar, slug: str) -> dict[str, Any]:
    """Of a tenant, by the names of seed B (``primaryColor``, ``defaultConnectionTimeout``, ...); as they count now.

    Time-out and interval are milliseconds. What nobody said of a colour is the seed's own.
    """
    return settings_in(registrar.config, slug)


def settings_in(config: Config, slug: str) -> dict[str, Any]:
    """The same of a configuration. NotFoundError when it has no such tenant."""
    tenant = next((one for one in config.tenants if one.slug == slug), None)
    if tenant is None:
        raise NotFoundError(f"there is no tenant {slug[:80]!r}")
    return {
        "primaryColor": tenant.colour or "#3b82f6",
        "secondaryColor": tenant.secondary_colour or "#1e40af",
        "accentColor": tenant.accent_colour or "#f59e0b",
        "logoUrl": tenant.logo_url,
        "notificationEmail": tenant.notification_email,
        "defaultConnectionTimeout": tenant.default_timeout_ms or 30_000,
        "autoHealthCheckInterval": tenant.health_check_ms or round(config.settings.background_interval * 1000),
    }


SEED_NAMES = {
    "primaryColor": "colour",
    "secondaryColor": "secondary_colour",
    "accentColor": "accent_colour",
    "logoUrl": "logo_url",
    "notificationEmail": "notification_email",
    "defaultConnectionTimeout": "default_timeout_ms",
    "autoHealthCheckInterval": "health_check_ms",
}
"""From the names of seed B to ours."""


def _said(tenant: Tenant, name: str) -> Any:
    value = getattr(tenant, name)
    return None if value == "" else value
