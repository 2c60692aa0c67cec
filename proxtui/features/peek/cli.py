"""The verb ``peek``: one look at the screen of a VM."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.seats import Wish, console_options, wish_of
from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import ProxtuiError, UsageError

if TYPE_CHECKING:
    from proxtui.core.model import Fleet
    from proxtui.core.runtime import Runtime
    from proxtui.features.peek.service import Shot
    from proxtui.features.peek.text import Reading


class NoText(ProxtuiError):
    """The screen shows a picture, and text was asked for."""


async def look_once(line: CommandLine, runtime: Runtime, fleet: Fleet, wish: Wish) -> Shot:
    """One look at the VM that is meant. Raises what finding it and opening its console raise."""
    from proxtui.features.peek.service import console_of, watching

    target = await wish.target(line, runtime, fleet, machines_only=True)
    async with watching(partial(console_of, runtime.consoles, target, wish.reason), runtime.clock.time) as watch:
        return await watch.look()


@click.command("peek")
@click.argument("vm", metavar="ID|NAME")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Save it as a new file.")
@click.option("--text", "as_text", is_flag=True, help="Print what stands on a text screen.")
@console_options
@json_option
@click.pass_obj
def peek(line: CommandLine, /, vm: str, png: Path | None, as_text: bool, as_json: bool, **said: Any) -> int:
    """Look once at the screen of a VM, and print it in as many colours as the terminal knows.

    View only, yet a console: it needs VM.Console and the role operator, the lock refuses it and the audit tells it.
    With --json: size, text and which part of it was recognised.
    """
    from proxtui.features.peek import rows
    from proxtui.features.peek.text import read

    if png is not None and os.path.lexists(png):
        # Before anybody is asked for anything; looked at again when it is written.
        raise UsageError(f"{png} exists already: it is not overwritten")
    wish = wish_of(vm, said["server"], said["reason"], said["write"])
    shot = line.acting(lambda runtime, fleet: look_once(line, runtime, fleet, wish))
    reading = read(shot.picture)
    if png is not None:
        from proxtui.features.peek.png import save

        line.note(f"saved {save(png, shot.picture)} bytes as {png}")
    if as_json:
        line.say(rows.as_json(shot.picture, reading, shot.taken_at), (), as_json=True)
    elif as_text:
        _print_text(line, reading)
    elif png is None:
        _print_picture(line, shot)
    return os.EX_OK


def _print_text(line: CommandLine, reading: Reading) -> None:
    from proxtui.features.peek.rows import percent

    if not reading.is_text:
        raise NoText(f"no text screen: {percent(reading.share)} of it are letters that are known here")
    line.say({}, reading.lines, as_json=False)


def _print_picture(line: CommandLine, shot: Shot) -> None:
    from proxtui.features.peek.picture import ansi, paint
    from proxtui.features.peek.rows import depth_for

    depth = depth_for(dict(os.environ), is_terminal=sys.stdout.isatty(), ascii_only=line.ascii_only)
    size = shutil.get_terminal_size((80, 24))
    # A line is left for the prompt that follows.
    painting = paint(shot.picture, size.columns, max(1, size.lines - 1), depth)
    for one in ansi(painting, depth):
        click.echo(one, color=True)
