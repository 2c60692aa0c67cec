"""A click group that names its verbs without loading them: ``--help`` and completion stay quick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from proxtui.core.feature import load

LONGEST_SUMMARY = 400


class Verb(NamedTuple):
    """Where a verb is found, and its line in ``--help``."""

    target: str
    """``module:command``."""
    summary: str


class Whole(click.Group):
    """A group whose help cuts no line of its verbs: what does not fit goes on below."""

    def __init__(self, reading: click.Group) -> None:
        super().__init__(
            reading.name, reading.commands, help=reading.help, params=reading.params, callback=reading.callback
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(LONGEST_SUMMARY)) for name, one in self.commands.items()])


class LazyGroup(click.Group):
    """Gets its verbs from a table of names; loads the one that is called."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = self._verbs.get(cmd_name)
        if verb is None:
            return None
        command = load(verb.target)
        if not isinstance(command, click.Command):
            raise TypeError(f"{verb.target} is not a command")
        return Whole(command) if type(command) is click.Group else command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in self._verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [
            CompletionItem(name, help=verb.summary) for name, verb in self._verbs.items() if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)
