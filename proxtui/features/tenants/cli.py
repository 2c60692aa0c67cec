"""The verbs of the room: ``tenants list | show | stats | create | update | deactivate | activate``.

Only ``stats`` asks the servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, json_option, table_options
from proxtui.errors import UsageError
from proxtui.features.tenants.stats import stats

if TYPE_CHECKING:
    from proxtui.config.models import Tenant
    from proxtui.core.registrar import Registrar
    from proxtui.core.rows import Column
    from proxtui.features.tenants.rows import TenantRow


def _columns() -> Sequence[Column[TenantRow]]:
    from proxtui.features.tenants.rows import COLUMNS

    return COLUMNS


@click.group()
def tenants() -> None:
    """Tenants: customers, sites or departments whose servers belong together."""


tenants.add_command(stats)


@tenants.command("list")
@table_options(_columns, fields=lambda: ("tenant", "name", "status"))
@click.pass_obj
def list_tenants(line: CommandLine, /, options: TableOptions) -> None:
    """List the tenants that the key opens, those that are switched off too."""
    from proxtui.features.tenants.rows import rows_of
    from proxtui.features.tenants.service import listed

    async def read(registrar: Registrar) -> list[Tenant]:
        return listed(registrar)

    line.local(_columns(), lambda: Found(rows_of(line.registered(read))), options)


@tenants.command()
@click.argument("slug")
@json_option
@click.pass_obj
def show(line: CommandLine, /, slug: str, as_json: bool) -> None:
    """A tenant with its settings, as they count."""
    from proxtui.features.tenants.service import found

    async def read(registrar: Registrar) -> tuple[Tenant, dict[str, Any]]:
        return found(registrar, slug), _settings(registrar, slug)

    _say(line, *line.registered(read), as_json=as_json)


@tenants.command()
@click.argument("name")
@click.option("--slug", metavar="SLUG", help="Part of every key, so it never changes. [made of the name]")
@click.option("--description", default="", metavar="TEXT", help="A line about it.")
@json_option
@click.pass_obj
def create(line: CommandLine, /, name: str, slug: str | None, description: str, as_json: bool) -> None:
    """Make a tenant. Needs the system role admin, and a key of all tenants."""
    from proxtui.features.tenants.models import NewTenant
    from proxtui.features.tenants.service import create as make

    wanted = NewTenant(name=name, slug=slug, description=description)

    async def work(registrar: Registrar) -> tuple[Tenant, dict[str, Any]]:
        made = await make(registrar, wanted)
        return made, _settings(registrar, made.slug)

    _say(line, *line.registered(work), as_json=as_json)


@tenants.command()
@click.argument("slug")
@click.option("--name", metavar="NAME", help="Another name; the slug stays.")
@click.option("--description", metavar="TEXT", help="A line about it.")
@click.option("--colour", "--primary-colour", "colour", metavar="COLOUR", help="Of its mark and its header: #rrggbb.")
@click.option("--secondary-colour", metavar="COLOUR", help="#rrggbb or the name of a colour.")
@click.option("--accent-colour", metavar="COLOUR", help="#rrggbb or the name of a colour.")
@click.option("--logo-url", metavar="URL", help="Kept and exported; nothing is fetched.")
@click.option("--notification-email", metavar="MAIL", help="Kept and exported; nothing is mailed.")
@click.option("--timeout-ms", "default_timeout_ms", metavar="MS", help="Of calls to its servers that say none.")
@click.option("--health-check-ms", metavar="MS", help="Between two looks at its servers that are not in view.")
@json_option
@click.pass_obj
def update(line: CommandLine, /, slug: str, as_json: bool, **said: str | None) -> None:
    """Change what an option says; an empty text takes it away.

    Name and description need the system role admin, the rest the role admin in this tenant.
    """
    from proxtui.features.tenants.models import TenantChange

    given: dict[str, Any] = {name: text for name, text in said.items() if text is not None}
    if not given:
        raise UsageError("nothing to change: see `proxtui tenants update --help`")
    if given.get("name") == "":
        raise UsageError("a tenant needs a name")
    _change(line, slug, TenantChange(**given), as_json=as_json)


@tenants.command()
@click.argument("slug")
@json_option
@click.pass_obj
def deactivate(line: CommandLine, /, slug: str, as_json: bool) -> None:
    """Switch a tenant off: its servers are asked nothing, and all of it stays."""
    from proxtui.features.tenants.models import TenantChange

    _change(line, slug, TenantChange(is_active=False), as_json=as_json)


@tenants.command()
@click.argument("slug")
@json_option
@click.pass_obj
def activate(line: CommandLine, /, slug: str, as_json: bool) -> None:
    """Switch a tenant on again."""
    from proxtui.features.tenants.models import TenantChange

    _change(line, slug, TenantChange(is_active=True), as_json=as_json)


def _change(line: CommandLine, slug: str, change: Any, *, as_json: bool) -> None:
    from proxtui.features.tenants.service import update as make

    async def work(registrar: Registrar) -> tuple[Tenant, dict[str, Any]]:
        return await make(registrar, slug, change), _settings(registrar, slug)

    _say(line, *line.registered(work), as_json=as_json)


def _settings(registrar: Registrar, slug: str) -> dict[str, Any]:
    from proxtui.features.tenants.service import settings_of

    return settings_of(registrar, slug)


def _say(line: CommandLine, tenant: Tenant, settings: dict[str, Any], *, as_json: bool) -> None:
    from proxtui.features.tenants.rows import as_json as whole

    said = [f"{tenant.slug}: {tenant.name}, {'active' if tenant.is_active else 'switched off'}"]
    said += [f"  {tenant.description}"] if tenant.description else []
    said += [f"  {name}: {'–' if value is None else value}" for name, value in settings.items()]
    line.say(whole(tenant, settings), said, as_json=as_json)
