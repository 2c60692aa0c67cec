"""The options of a verb that say where its key comes from: apart, so that a dashboard opens without click."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from proxtui.cli.config_keys import KeyOptions

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--file", type=_FILE, metavar="FILE", help="Another file than `proxtui config path` says."),
    click.option("--passphrase-fd", type=click.IntRange(0), metavar="N", help="Read the passphrase from there."),
    click.option("--passphrase-file", type=_FILE, metavar="FILE", help="Read it from a file of mode 0400 or 0600."),
    click.option("--keyfile", type=_FILE, metavar="FILE", help="A file of 32 random bytes, of mode 0400 or 0600."),
    click.option("--passphrase-command", metavar="COMMAND", help="Run it, without a shell; it prints the passphrase."),
    click.option("--slot", metavar="LABEL", help="Whose passphrase it is, where several have one."),
)


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options above, given to a verb as one ``KeyOptions``."""

    @wraps(command)
    def taken(*given: Any, **said: Any) -> Any:
        mine = {name: said.pop(name) for name in KeyOptions._fields}
        root = click.get_current_context().find_root().params
        return command(*given, key=KeyOptions.given(mine, root, os.environ), **said)

    for option in reversed(_OPTIONS):
        taken = option(taken)
    return taken
