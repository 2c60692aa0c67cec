"""Tenants: slugs, what counts as a setting, who may change which of it, rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxtui.config.models import Role
from proxtui.errors import InvalidInput, NotFoundError, RoleRefused
from proxtui.features.tenants.models import NewTenant, TenantChange, TenantSettings, slug_of
from proxtui.features.tenants.rows import COLUMNS, as_json, rows_of
from proxtui.features.tenants.service import create, found, listed, set_active, settings_of, update
from proxtui.features.users.models import NewUser
from proxtui.features.users.service import add as add_user

from .registrars import KEYS, Desk


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme"),
        ("Acme GmbH & Co.", "acme-gmbh-co"),
        ("  Äther / Nord ", "ther-nord"),
        ("web_shop", "web_shop"),
        ("x" * 60, "x" * 40),
        ("a" * 39 + " b", "a" * 39),
        ("!!!", ""),
        ("_-_", ""),
    ],
)
def test_a_slug_is_offered_for_a_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


async def test_create_list_and_what_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    made = await create(desk.registrar, NewTenant(name="Acme GmbH", description="Web shops"))
    assert (made.slug, made.name, made.description, made.is_active) == ("acme-gmbh", "Acme GmbH", "Web shops", True)
    await create(desk.registrar, NewTenant(name="Älpha", slug="alpha"))
    assert [one.slug for one in listed(desk.registrar)] == ["acme-gmbh", "alpha"]
    with pytest.raises(InvalidInput, match="another tenant has it"):
        await create(desk.registrar, NewTenant(name="Acme GmbH"))
    with pytest.raises(InvalidInput, match="no slug can be made"):
        await create(desk.registrar, NewTenant(name="!!!"))
    with pytest.raises(NotFoundError, match="acme-gmbh"):
        found(desk.registrar, "nobody")
    assert desk.done == ["tenants.create", "tenants.create"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "#12345"),
        ("colour", "Red!"),
        ("accent_colour", "#12345g"),
        ("logo_url", "javascript:alert(1)"),
        ("notification_email", "nobody"),
        ("default_timeout_ms", 999),
        ("default_timeout_ms", 600_001),
        ("health_check_ms", 1),
        ("name", "x" * 81),
        ("description", "x" * 401),
        ("description", "a\x1b[2Jb"),
    ],
)
def test_wrong_values_are_told_at_their_field(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        TenantChange(**{field: value})
    assert caught.value.field == field


async def test_update_changes_what_was_said_and_a_form_means_the_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    change = TenantChange(colour="#112233", notification_email="ops@example.com", default_timeout_ms=5000)
    tenant = await update(desk.registrar, "acme", change)
    assert (tenant.colour, tenant.default_timeout_ms) == ("#112233", 5000)
    tenant = await update(desk.registrar, "acme", TenantChange(colour=""))
    assert (tenant.colour, tenant.notification_email) == (None, "ops@example.com")
    tenant = await update(desk.registrar, "acme", TenantChange(name="Acme Ltd", description="x"), whole=True)
    assert (tenant.name, tenant.description, tenant.notification_email) == ("Acme Ltd", "x", None)
    assert tenant.default_timeout_ms is None
    tenant = await update(desk.registrar, "acme", TenantSettings(logo_url="https://example.com/l.svg"), whole=True)
    assert (tenant.name, tenant.logo_url) == ("Acme Ltd", "https://example.com/l.svg")
    await update(desk.registrar, "acme", TenantChange(name="Acme Ltd"))
    assert desk.done == ["settings.change", "settings.change", "tenants.update", "settings.change"]


async def test_the_names_and_units_of_the_seed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    assert settings_of(desk.registrar, "acme") == {
        "primaryColor": "#3b82f6",
        "secondaryColor": "#1e40af",
        "accentColor": "#f59e0b",
        "logoUrl": None,
        "notificationEmail": None,
        "defaultConnectionTimeout": 30_000,
        "autoHealthCheckInterval": 30_000,
    }
    await update(desk.registrar, "acme", TenantChange(health_check_ms=300_000, colour="red"))
    now = settings_of(desk.registrar, "acme")
    assert (now["autoHealthCheckInterval"], now["primaryColor"]) == (300_000, "red")


async def test_who_makes_a_tenant_is_its_admin_and_its_admin_may_set_but_not_rename_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    await add_user(desk.registrar, NewUser(name="ben", roles={"acme": Role.ADMIN}), KEYS["ben"])
    await create(desk.registrar, NewTenant(name="Beta"))
    (anna,) = [user for user in desk.registrar.config.users if user.name == "anna"]
    assert anna.roles == {"acme": Role.ADMIN, "beta": Role.ADMIN}
    ben = desk.by(KEYS["ben"])
    assert (await update(ben, "acme", TenantChange(colour="red"))).colour == "red"
    for change in (
        TenantChange(name="Mine"),
        TenantChange(is_active=False),
        TenantChange(description="x", colour="blue"),
    ):
        with pytest.raises(RoleRefused):
            await update(ben, "acme", change)
    with pytest.raises(RoleRefused):
        await create(ben, NewTenant(name="Gamma"))
    assert desk.denied == ["tenants.update"] * 3 + ["tenants.create"]


async def test_switched_off_and_on_and_as_rows(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme", "beta")
    assert (await set_active(desk.registrar, "acme", False)).is_active is False
    rows = rows_of(listed(desk.registrar))
    assert [(row.key, row.status, row.muted) for row in rows] == [("acme", "off", True), ("beta", "active", False)]
    assert [column.text(rows[0]) for column in COLUMNS][:4] == ["acme", "Acme", "off", "0"]
    assert rows[0].field("status") == "off"
    told = as_json(found(desk.registrar, "acme"), settings_of(desk.registrar, "acme"))
    assert (told["isActive"], told["servers"]) == (False, [])
    assert (await set_active(desk.registrar, "acme", True)).is_active is True
