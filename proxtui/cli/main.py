"""The way in: global flags, the table of verbs, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from proxtui import __version__
from proxtui.cli.lazy import LazyGroup, Verb
from proxtui.cli.session import Session
from proxtui.cli.streams import forget_stdout, prepare
from proxtui.config.variables import VARIABLES
from proxtui.registry import FEATURES

VERBS: dict[str, Verb] = {
    "demo": Verb("proxtui.cli.demo:demo", "Open the dashboard over a simulated fleet."),
    **{feature.name: Verb(feature.commands, feature.summary) for feature in FEATURES if feature.commands},
    "status": Verb("proxtui.cli.status:status", "One line per server; exits as a monitoring plugin."),
    "exporter": Verb("proxtui.cli.exporter:exporter", "Serve metrics of the fleet for a Prometheus-compatible store."),
    "connectivity-test": Verb(
        "proxtui.features.connectivity.cli:connectivity_test", "Test every way to a server, stage by stage."
    ),
    "console": Verb("proxtui.features.terminals.cli:console", "Attach this terminal to a guest or a node."),
    "ssh": Verb("proxtui.features.terminals.cli:ssh", "A shell by SSH on a node or in a guest."),
    "spice": Verb("proxtui.features.terminals.cli:spice", "Open the SPICE display of a VM in remote-viewer."),
    "db": Verb("proxtui.cli.db:db", "Where audit and metrics are kept; move them to PostgreSQL."),
    "relay": Verb("proxtui.features.consoles.cli:relay", "Show the screen of a guest or node in a viewer of its own."),
    "call": Verb("proxtui.cli.call:call", "Call a documented function: JSON in, JSON out."),
    "config": Verb("proxtui.cli.config:config", "Keep servers, tokens and people in an encrypted file."),
    "unlock": Verb("proxtui.cli.locking:unlock", "Ask for the passphrase once, for some minutes."),
    "lock": Verb("proxtui.cli.locking:lock", "Ask for the passphrase again from now on."),
    "keys": Verb("proxtui.cli.keys:keys", "Names of what the dashboard's keys do, to give them other keys."),
    "sim": Verb("proxtui.cli.sim:sim", "Serve a simulated Proxmox VE over HTTPS."),
    "completion": Verb("proxtui.cli.completion:completion", "Print the completion script of a shell."),
}
CHANGES = {feature.name: feature.operations for feature in FEATURES if feature.operations}
"""Rooms that can change something, and where it is declared."""


class Root(LazyGroup):
    """``proxtui`` itself; its help ends with the variables."""

    def invoke(self, ctx: click.Context) -> Any:
        answer: Any = os.EX_OK
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has gone, as in "| head".
            forget_stdout()
        return answer

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is None or not (operations := CHANGES.get(cmd_name)):
            return command
        from proxtui.cli.changing import with_changes

        return with_changes(command, operations)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Environment (a flag beats its variable; secrets have no flag)"):
            formatter.write_dl(
                [(item.name, item.meaning + (f" [{item.default}]" if item.default else "")) for item in VARIABLES]
            )


@click.command(
    cls=Root,
    verbs=VERBS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--host", metavar="HOST", help="Host name or address of a PVE node; a pasted URL works.")
@click.option("--port", metavar="PORT", help="Port of its API.")
@click.option("--username", metavar="USER", help="User, with or without @REALM.")
@click.option("--realm", metavar="REALM", help="Realm of the user.")
@click.option("--token-id", metavar="ID", help="API token, USER@REALM!ID or ID; its secret is PROXMOX_TOKEN_SECRET.")
@click.option("--fingerprint", metavar="SHA256", help="Trust exactly this certificate.")
@click.option("--ca-file", metavar="FILE", help="Trust this CA (PEM).")
@click.option("--passphrase-fd", type=click.IntRange(0), metavar="N", help="Read the passphrase of config.toml there.")
@click.option("--read-only", is_flag=True, help="Refuse every change, on the wire.")
@click.option("--monitor", is_flag=True, help="Unattended: read-only credentials alone, no change, no question.")
@click.option("--ascii", is_flag=True, help="Signs and charts in plain ASCII.")
@click.option("--theme", metavar="NAME", help="Colours: a shipped theme, or one of yours.")
@click.option("--sweep", is_flag=True, help="Dashboard: ask guests slowly for IP and OS, storages for backups.")
@click.option("--wall", is_flag=True, help="For a screen on the wall: one view after the other, read-only.")
@click.option("--debug", is_flag=True, help="Log more: to PROXTUI_LOG; commands without it to stderr.")
@click.version_option(__version__, prog_name="proxtui", message="%(prog)s %(version)s")
@click.pass_context
def root(ctx: click.Context, /, **flags: Any) -> int:
    """Run a fleet of Proxmox VE clusters from the terminal. Without a command: the dashboard."""
    ctx.obj = Session(flags)
    ctx.obj.check_theme()
    if ctx.invoked_subcommand is None:
        from proxtui.cli.dashboard import open_configured

        return open_configured(ctx.obj)
    return os.EX_OK


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code. Prints one line for whatever goes wrong, never a traceback."""
    from proxtui.cli.failures import guarded

    asked = list(sys.argv[1:] if arguments is None else arguments)
    prepare()
    return guarded(lambda: run(asked), asked)


def run(arguments: Sequence[str]) -> int:
    """Let click do its work. Its answer is the verb's exit code, if it gave one."""
    answer = root.main(args=list(arguments), prog_name="proxtui", standalone_mode=False)
    return answer if isinstance(answer, int) else os.EX_OK
