"""``proxtui completion``: the script that teaches a shell our verbs and options."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from proxtui.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  eval "$(proxtui completion bash)"           in ~/.bashrc
    zsh:   eval "$(proxtui completion zsh)"            in ~/.zshrc
    fish:  proxtui completion fish | source            in ~/.config/fish/config.fish
    """
    from proxtui.cli.main import root

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"click knows no completion for {shell}")
    sys.stdout.write(kind(root, {}, "proxtui", "_PROXTUI_COMPLETE").source() + "\n")
