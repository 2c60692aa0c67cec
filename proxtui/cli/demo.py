"""``proxtui demo``: the dashboard over a simulated fleet."""

from __future__ import annotations

import click

from proxtui.cli.session import Session

SCENARIOS = ("small", "fleet", "broken")


@click.command()
@click.option("--scenario", type=click.Choice(SCENARIOS), default="fleet", show_default=True, help="What is simulated.")
@click.pass_obj
def demo(session: Session, scenario: str) -> int:
    """Open the dashboard over a simulated fleet.

    Nothing to set up, nothing leaves this machine. Needs: pip install "proxtui[demo]".
    """
    from proxtui.cli.dashboard import open_over, require_terminal
    from proxtui.cli.extras import require_simulator
    from proxtui.cli.simulation import configuration, simulation

    require_simulator()
    require_terminal(session)
    session.start_log(to_stderr=False)
    with simulation(scenario) as servers:
        return open_over(session.with_looks(configuration(servers)), wall=bool(session.flags.get("wall")))
