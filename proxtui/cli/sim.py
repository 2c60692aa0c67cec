"""``proxtui sim``: hands its arguments to the simulator, which knows its own flags."""

from __future__ import annotations

import click


def _complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [word for word in ("serve",) if word.startswith(incomplete)]


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, shell_complete=_complete)
def sim(arguments: tuple[str, ...]) -> int:
    """Serve a simulated Proxmox VE over HTTPS: see proxtui sim serve --help."""
    from proxtui.cli.extras import require_simulator

    require_simulator()
    from proxtui.sim.__main__ import main

    try:
        return main(list(arguments))
    except SystemExit as end:
        # argparse leaves this way, after it has said why.
        return end.code if isinstance(end.code, int) else 2
