"""The view of tenants: make them, change how they look and are asked, switch them off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from proxtui.core.model import Fleet, Scope
from proxtui.core.rows import Tone
from proxtui.features.tenants import service
from proxtui.features.tenants.rows import COLUMNS, TenantRow, rows_of
from proxtui.kit.facts import Fact
from proxtui.kit.prepared import Prepared
from proxtui.kit.questions import Question
from proxtui.kit.setup_view import Deed, SetupView

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar
    from proxtui.core.runtime import Runtime


class TenantsView(SetupView[TenantRow, None]):
    """All tenants that the key opens."""

    NOUN = "tenant"
    SORT = "name"
    HELP_NAME: ClassVar[str] = "tenants"
    GROUPS = ("status",)
    DEEDS: ClassVar[tuple[Deed, ...]] = (
        Deed("tenants.create", "Create", "a tenant without servers", "a", "create", of_row=False),
        Deed("settings.change", "Edit", "name, colours, time-outs", "e", "edit"),
        Deed("tenants.update", "Switch off or on", "whether its servers are asked", "o", "switch"),
    )

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, COLUMNS, id=id)

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[TenantRow]:
        tenants = self.runtime.config.tenants if self.registrar is None else service.listed(self.registrar)
        return [row for row in rows_of(tenants) if scope.tenant in (None, row.key)]

    def tenant_of(self, row: TenantRow | None) -> str:
        return "" if row is None else row.key

    def label_of(self, row: TenantRow) -> str:
        return f"tenant {row.key}"

    def tell(self, row: TenantRow, detail: None) -> None:
        self.pane.tell(f"tenant {row.key}: {row.tenant.name}", facts_of(row), ())

    async def create(self, _row: TenantRow | None) -> None:
        """Ask for a name, and make it."""
        from proxtui.features.tenants.models import NewTenant

        registrar = self._mine()

        async def send(params: Any) -> str:
            made = await service.create(registrar, params)
            return f"tenant {made.slug} is there; a server is added to it in the view of servers"

        await self.fill("create a tenant", NewTenant, send)

    async def edit(self, row: TenantRow) -> None:
        """Change all that is said of it."""
        from proxtui.features.tenants.models import TenantChange

        registrar = self._mine()
        first = {name: getattr(row.tenant, name) for name in TenantChange.model_fields}

        async def send(params: Any) -> str:
            await service.update(registrar, row.key, params, whole=True)
            return f"tenant {row.key} is changed"

        await self.fill(f"edit tenant {row.key}", TenantChange, send, Prepared(initial=first))

    async def switch(self, row: TenantRow) -> None:
        """Ask its servers no more, or again."""
        is_on = row.tenant.is_active
        count = len(row.tenant.servers)
        lines = (
            f"{'Switch off' if is_on else 'Switch on'} tenant {row.key}?",
            f"It has {count} server{'' if count == 1 else 's'}.",
        )
        lost = "Its servers are asked nothing and shown nowhere until it is switched on." if is_on else ""
        if await self.confirmed(Question("tenant", lines, lost)):
            await partial(service.set_active, self._mine(), row.key)(not is_on)
            self.tell_user(f"tenant {row.key} is switched {'off' if is_on else 'on'}")

    def _mine(self) -> Registrar:
        assert self.registrar is not None  # noqa: S101  a deed is refused without one
        return self.registrar


def facts_of(row: TenantRow) -> list[Fact]:
    """All that is said of a tenant."""
    tenant = row.tenant
    colours = [one for one in (tenant.colour, tenant.secondary_colour, tenant.accent_colour) if one]
    said = (
        ("Status", row.status),
        ("Servers", ", ".join(server.name for server in tenant.servers) or "none"),
        ("About", tenant.description),
        ("Colours", ", ".join(colours)),
        ("Logo", tenant.logo_url),
        ("Mail", tenant.notification_email),
        ("Time-out", f"{tenant.default_timeout_ms} ms" if tenant.default_timeout_ms else ""),
        ("Look every", f"{tenant.health_check_ms} ms" if tenant.health_check_ms else ""),
        ("Changes", tenant.write_mode if tenant.write_mode != "always" else ""),
    )
    facts = [Fact(label, text, Tone.PLAIN) for label, text in said if text]
    return facts
