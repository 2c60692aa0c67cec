"""``proxtui exporter``: the fleet as OpenMetrics text over HTTP, until a signal ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from proxtui.cli.session import Session
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.config.models import Config
    from proxtui.exporter.http import Address

DEFAULT = "127.0.0.1:9221"


@click.command()
@click.option("--listen", default=DEFAULT, show_default=True, metavar="HOST:PORT", help="Where; port 0 takes any.")
@click.option("--allow-remote", is_flag=True, help="Listen beyond this machine, without login and encryption.")
@click.pass_obj
def exporter(session: Session, /, listen: str, allow_remote: bool) -> int:
    """Serve metrics of every server at /metrics, for a Prometheus-compatible store.

    Polls as an idle dashboard does, and changes nothing. Ends by SIGTERM or ctrl+c.
    """
    from proxtui.core.heeding import heeding_signals
    from proxtui.exporter.http import address_of

    address = address_of(listen)
    if not address.is_loopback and not allow_remote:
        raise UsageError(
            f"--listen {address}: whoever reaches this address may read everything; --allow-remote says so"
        )
    config = session.configured()
    code = asyncio.run(heeding_signals(_serve(session, config, address)))
    # To be ended is what it waits for.
    return 0 if code > 128 else code


async def _serve(session: Session, config: Config, address: Address) -> int:
    from proxtui.cli import ask
    from proxtui.exporter.gathering import Gathering
    from proxtui.exporter.http import serving
    from proxtui.wiring import open_runtime

    async with open_runtime(config, read_only=True, ask_totp=ask.for_totp, record=True) as runtime:
        if runtime.recording is not None:
            runtime.recording.tell = session.note
        gathering = Gathering(runtime)
        # Nobody looks at single seconds here: PVE itself measures every ten.
        runtime.poller.rest(True)
        async with serving(address, gathering.page) as here, asyncio.TaskGroup() as group:
            session.note(f"metrics at http://{here}/metrics")
            group.create_task(runtime.poller.run(), name="poller")
            group.create_task(gathering.run(), name="gathering")
    return 0
