"""``proxtui demo``: the dashboard over a simulated fleet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from proxtui.cli.session import Session
from proxtui.errors import UsageError

SCENARIOS = ("small", "fleet", "broken", "huge")
MANY, LEAST, MOST = 10_000, 100, 50_000
"""Guests of ``huge``: by itself, at least, at most."""


@click.command()
@click.option("--scenario", type=click.Choice(SCENARIOS), default="fleet", show_default=True, help="What is simulated.")
@click.option("--guests", type=click.IntRange(LEAST, MOST), metavar="N", help=f"How many guests huge has. [{MANY}]")
@click.pass_obj
def demo(session: Session, scenario: str, guests: int | None) -> int:
    """Open the dashboard over a simulated fleet.

    Nothing to set up, nothing leaves this machine. Needs the extra `demo` of proxtui.
    """
    from proxtui.cli.dashboard import open_over, require_terminal
    from proxtui.cli.extras import require_simulator
    from proxtui.cli.output import narrate
    from proxtui.cli.simulation import configuration, simulation

    if guests is not None and scenario != "huge":
        raise UsageError("--guests goes with --scenario huge only")
    require_simulator()
    require_terminal(session)
    session.start_log(to_stderr=False)
    if scenario == "huge":
        narrate(f"making {guests or MANY:,} guests ...")
    with state_of_its_own(), simulation(scenario, guests) as servers:
        return open_over(session.with_looks(configuration(servers)), session, remember=False)


@contextmanager
def state_of_its_own() -> Iterator[None]:
    """Keep what is recorded of simulated servers apart: it goes with the demo, and never stands between real rows."""
    from tempfile import TemporaryDirectory

    places = ("XDG_STATE_HOME", "PROXTUI_DATABASE_URL")
    before = {name: os.environ.pop(name) for name in places if name in os.environ}
    with TemporaryDirectory(prefix="proxtui-demo-") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["XDG_STATE_HOME"]
            os.environ.update(before)
