"""Tenants as rows of a table, and as objects for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxtui.config.models import Tenant
from proxtui.core.rows import Column, Scalar, Tone


@dataclass(frozen=True, slots=True)
class TenantRow:
    """One tenant."""

    tenant: Tenant

    @property
    def key(self) -> str:
        return self.tenant.slug

    @property
    def muted(self) -> bool:
        """One that is switched off steps back."""
        return not self.tenant.is_active

    @property
    def haystack(self) -> str:
        return f"{self.tenant.slug} {self.tenant.name} {self.tenant.description} {self.status}".lower()

    @property
    def status(self) -> str:
        return "active" if self.tenant.is_active else "off"

    def field(self, name: str) -> Scalar:
        known: Mapping[str, Scalar] = {"tenant": self.tenant.slug, "name": self.tenant.name, "status": self.status}
        return known.get(name)


def rows_of(tenants: Iterable[Tenant]) -> list[TenantRow]:
    """One row each."""
    return [TenantRow(tenant) for tenant in tenants]


def as_json(tenant: Tenant, settings: Mapping[str, Any]) -> dict[str, Any]:
    """A tenant for programs, by the names of seed B."""
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "description": tenant.description,
        "isActive": tenant.is_active,
        "servers": [server.name for server in tenant.servers],
        "settings": dict(settings),
    }


COLUMNS: Sequence[Column[TenantRow]] = (
    Column("slug", "Tenant", lambda row: row.tenant.slug, lambda row: row.tenant.slug, 12, priority=1),
    Column("name", "Name", lambda row: row.tenant.name, lambda row: row.tenant.name, 16, priority=2),
    Column(
        "status", "Status", lambda row: row.status, lambda row: row.status, 7, priority=1,
        tone=lambda row: Tone.GOOD if row.tenant.is_active else Tone.MUTED,
    ),
    Column(
        "servers", "Servers", lambda row: len(row.tenant.servers), lambda row: str(len(row.tenant.servers)), 7,
        priority=3, align="right",
    ),
    Column(
        "colour", "Colour", lambda row: row.tenant.colour, lambda row: row.tenant.colour or "–", 9, priority=5,
        swatch=lambda row: row.tenant.colour or "",
    ),
    Column(
        "description", "Description", lambda row: row.tenant.description, lambda row: row.tenant.description, 20,
        priority=4, grow=True,
    ),
)  # fmt: skip
