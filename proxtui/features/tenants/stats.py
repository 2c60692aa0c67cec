"""``tenants stats SLUG``: the seven numbers of a tenant, out of one look at every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from proxtui.core.rows import UNKNOWN
from proxtui.core.verbs import CommandLine, json_option

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.runtime import Runtime
    from proxtui.core.tenant_stats import TenantStats


@click.command()
@click.argument("slug")
@json_option
@click.pass_obj
def stats(line: CommandLine, /, slug: str, as_json: bool) -> None:
    """Servers, guests, people and calls of a tenant. What is unknown is null, and never counted as offline."""
    found = line.look(lambda runtime, fleet: _count(runtime, fleet, slug))
    value = found.as_json()
    said = {name: UNKNOWN if number is None else str(number) for name, number in value.items()}
    if found.unseen_servers and found.total_vms is not None:
        said["totalVMs"] += f" or more, {found.unseen_servers} of {found.total_servers} servers unknown"
    if found.may_run_more and found.running_vms is not None:
        said["runningVMs"] += " or more"
    line.say({"stats": value}, [f"{name}: {text}" for name, text in said.items()], as_json=as_json)


async def _count(runtime: Runtime, fleet: Fleet, slug: str) -> TenantStats:
    from proxtui.core.recent_calls import recent_connections
    from proxtui.core.tenant_stats import tenant_stats

    calls = await recent_connections(runtime, slug)
    return tenant_stats(runtime.config, fleet, slug, recent_connections=calls)
