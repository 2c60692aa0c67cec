"""``tenants``, ``tenant-settings`` and ``tenant-stats``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from proxtui.config.models import Tenant
from proxtui.core.model import Fleet, ServerRef
from proxtui.core.runtime import Runtime
from proxtui.core.tenant_stats import TenantStats, tenant_stats
from proxtui.errors import StoreUnavailable
from proxtui.features.tenants import service
from proxtui.features.tenants.models import NewTenant, TenantChange
from proxtui.features.tenants.models import TenantSettings as SettingsChange
from proxtui.functions.desk import Desk, sources_of
from proxtui.functions.shapes import Call, Function, Request, Response, Slug, Source


class ListTenants(Request):
    """All tenants that the key opens."""

    action: Literal["list"]


class CreateTenant(Request):
    """A tenant without servers."""

    action: Literal["create"]
    name: str
    slug: str
    description: str | None = None


class UpdateTenant(Request):
    """What is not said stays as it is."""

    action: Literal["update"]
    tenant_id: Slug
    name: str | None = None
    description: str | None = None
    is_active: bool | None = None


class TenantShown(Response):
    """``id`` is the slug."""

    id: str
    slug: str
    name: str
    description: str
    is_active: bool
    server_count: int


class TenantList(Response):
    """``list``."""

    tenants: list[TenantShown]


class TenantSaved(Response):
    """``create`` and ``update``."""

    tenant: TenantShown


class Wanted(Request):
    """Settings to change; null takes away what was said, and the usual value counts again."""

    primary_color: str | None = None
    secondary_color: str | None = None
    accent_color: str | None = None
    logo_url: str | None = None
    notification_email: str | None = None
    default_connection_timeout: int | None = None
    auto_health_check_interval: int | None = None


class GetSettings(Request):
    """As they count."""

    action: Literal["get"]
    tenant_id: Slug


class UpdateSettings(Request):
    """What is not said stays as it is."""

    action: Literal["update"]
    tenant_id: Slug
    settings: Wanted


class Settings(Response):
    """Colours as ``#rrggbb`` or by name; times in milliseconds."""

    primary_color: str
    secondary_color: str
    accent_color: str
    logo_url: str | None
    notification_email: str | None
    default_connection_timeout: int
    auto_health_check_interval: int


class SettingsShown(Response):
    """``get`` and ``update``."""

    settings: Settings


class AskStats(Request):
    """``tenant-stats``."""

    tenant_id: Slug


class Stats(Response):
    """The seven numbers; null is unknown, and never 0."""

    total_servers: int
    online_servers: int | None
    offline_servers: int | None
    total_vms: int | None = Field(alias="totalVMs")
    running_vms: int | None = Field(alias="runningVMs")
    total_users: int
    recent_connections: int | None


class StatsShown(Response):
    """``sources`` tells which servers did not answer: their guests are not counted."""

    stats: Stats
    sources: list[Source]


async def list_tenants(desk: Desk, _asked: ListTenants) -> TenantList:
    """By name."""
    return TenantList(tenants=[_shown(one) for one in sorted(desk.known.tenants, key=lambda one: one.name.lower())])


async def create_tenant(desk: Desk, asked: CreateTenant) -> TenantSaved:
    """Needs the system role admin."""
    async with desk.registrar() as registrar:
        new = NewTenant(name=asked.name, slug=asked.slug, description=asked.description or "")
        return TenantSaved(tenant=_shown(await service.create(registrar, new)))


async def update_tenant(desk: Desk, asked: UpdateTenant) -> TenantSaved:
    """Needs the system role admin."""
    said = {name: getattr(asked, name) for name in asked.model_fields_set & {"name", "description", "is_active"}}
    async with desk.registrar() as registrar:
        return TenantSaved(tenant=_shown(await service.update(registrar, asked.tenant_id, TenantChange(**said))))


async def get_settings(desk: Desk, asked: GetSettings) -> SettingsShown:
    """The file alone, no flag and no variable."""
    desk.check_tenant(asked.tenant_id)
    return SettingsShown(settings=Settings(**service.settings_in(desk.known, asked.tenant_id)))


async def update_settings(desk: Desk, asked: UpdateSettings) -> SettingsShown:
    """Needs role admin in the tenant."""
    said = asked.settings.model_dump(by_alias=True, exclude_unset=True)
    change: dict[str, Any] = {service.SEED_NAMES[name]: value for name, value in said.items()}
    async with desk.registrar() as registrar:
        await service.update(registrar, asked.tenant_id, SettingsChange(**change))
        return SettingsShown(settings=Settings(**service.settings_of(registrar, asked.tenant_id)))


async def stats_of(desk: Desk, asked: AskStats) -> StatsShown:
    """``GET /cluster/resources`` of each of its servers."""
    refs = desk.asked(None, asked.tenant_id)
    if not refs:
        nobody = tenant_stats(desk.known, Fleet((), 0.0), asked.tenant_id, recent_connections=0)
        return StatsShown(stats=_stats(nobody), sources=[])
    async with desk.runtime(refs) as runtime:
        recent = await _recent(runtime, refs)
        fleet = runtime.store.fleet()
        numbers = tenant_stats(runtime.config, fleet, asked.tenant_id, recent_connections=recent)
        return StatsShown(stats=_stats(numbers), sources=sources_of(fleet.snapshots))


async def _recent(runtime: Runtime, refs: list[ServerRef]) -> int | None:
    """Calls of the last 24 hours; None where they are not recorded."""
    if runtime.recording is None:
        return None
    await runtime.recording.flush()
    try:
        return await runtime.recording.ask(lambda known: sum(known.summary(ref).attempts for ref in refs))
    except StoreUnavailable:
        # Unknown, and the other six numbers are good without it.
        return None


def _stats(numbers: TenantStats) -> Stats:
    return Stats.model_validate(numbers.as_json())


def _shown(tenant: Tenant) -> TenantShown:
    return TenantShown(
        id=tenant.slug,
        slug=tenant.slug,
        name=tenant.name,
        description=tenant.description,
        is_active=tenant.is_active,
        server_count=len(tenant.servers),
    )


TENANTS = Function(
    "tenants",
    Call(ListTenants, TenantList, list_tenants),
    Call(CreateTenant, TenantSaved, create_tenant),
    Call(UpdateTenant, TenantSaved, update_tenant),
)
TENANT_SETTINGS = Function(
    "tenant-settings",
    Call(GetSettings, SettingsShown, get_settings),
    Call(UpdateSettings, SettingsShown, update_settings),
)
TENANT_STATS = Function("tenant-stats", Call(AskStats, StatsShown, stats_of))
