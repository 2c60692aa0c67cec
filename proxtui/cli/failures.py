"""Errors become one line on stderr, an exit code, and with ``--json`` an object on stdout. Nowhere else."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proxtui.cli.streams import forget_stdout, takes_no_more
from proxtui.errors import AuthenticationError, ProxtuiError, TotpRequired
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    import click

INTERRUPTED = 130
STATUS_UNKNOWN = 3
"""What ``status`` exits with when it could not find out: 2 would tell a monitoring system "critical"."""

DETAILS = (
    "stage",
    "endpoint",
    "status",
    "method",
    "path",
    "errors",
    "acl_path",
    "privilege",
    "field",
    "rule",
    "sources",
    "certificate",
)
"""What errors know beyond their line; ``details`` of ``--json`` has those that are set."""


def guarded(run: Callable[[], int], arguments: Sequence[str]) -> int:
    """Call ``run`` and give the exit code, whatever happens in it."""
    from proxtui.cli.crash import CrashNet

    net = CrashNet()
    with net:
        return _translated(run, arguments)
    code = code_for(1, arguments)
    kind = type(net.caught).__name__
    report(f"internal error, {kind}", code, {"kind": kind}, arguments)
    return code


def _translated(run: Callable[[], int], arguments: Sequence[str]) -> int:
    try:
        return run()
    except ProxtuiError as error:
        return tell(line_of(error), error.exit_code, details_of(error), arguments)
    except _click().exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return int(error.exit_code)
    except _click().UsageError as error:
        return tell(usage_line(error), error.exit_code, {"kind": "UsageError"}, arguments)
    except _click().ClickException as error:
        return tell(error.format_message(), error.exit_code, {"kind": type(error).__name__}, arguments)
    except (_click().Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        if not takes_no_more(error):
            raise
        forget_stdout()
        return tell(f"cannot write to stdout: {error.strerror}", code_for(1, arguments), {"kind": "OSError"}, ())


def _click() -> Any:
    """click, which the dashboard starts without: an ``except`` asks for it only when something went wrong."""
    import click

    return click


def tell(message: str, code: int, details: dict[str, Any], arguments: Sequence[str]) -> int:
    """Say it on stderr, and on stdout what a program reads there. Gives the exit code."""
    from proxtui.cli.output import narrate

    code = code_for(code, arguments)
    report(message, code, details, arguments)
    narrate(message)
    return code


def report(message: str, code: int, details: dict[str, Any], arguments: Sequence[str]) -> None:
    """The failure on stdout: an object with ``--json``, a line for the monitoring system that asked for ``status``."""
    from proxtui.cli.output import Output

    try:
        if "--json" in arguments:
            Output().json({"error": message, "details": {**details, "exit_code": code}})
        elif asks_status(arguments):
            Output().text(f"UNKNOWN - {message}")
        # Now, and not when Python ends: nobody could be told of a failure then.
        sys.stdout.flush()
    except OSError as error:
        if not (isinstance(error, BrokenPipeError) or takes_no_more(error)):
            raise
        # Nobody reads it; stderr and the exit code say the same.
        forget_stdout()


def asks_status(arguments: Sequence[str]) -> bool:
    """Whether the verb is ``status``, also where the words before it make no sense."""
    from proxtui.cli.main import VERBS

    return next((word for word in arguments if word in VERBS), None) == "status"


def code_for(code: int, arguments: Sequence[str]) -> int:
    """``code``, but for ``status``: there it was not found out, and 2 would say that something is broken."""
    return STATUS_UNKNOWN if asks_status(arguments) else code


def line_of(error: ProxtuiError) -> str:
    """The error in one line; PVE's own word for a wrong login says nothing of where to look."""
    cause = getattr(error, "cause", error)
    if isinstance(cause, AuthenticationError) and not isinstance(cause, TotpRequired):
        return f"{error}: check {'user and password' if cause.method == 'POST' else 'the token and its secret'}"
    return str(error)


def details_of(error: ProxtuiError) -> dict[str, Any]:
    """Kind and causes of an error, for programs."""
    cause = getattr(error, "cause", None) or error
    known = {name: getattr(error, name, None) or getattr(cause, name, None) for name in DETAILS}
    return {"kind": type(cause).__name__} | {name: value for name, value in known.items() if value}


def usage_line(error: click.UsageError) -> str:
    """click's complaint in one line, with where to read on."""
    import click

    line = " ".join(error.format_message().split())
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        top = error.ctx.find_root()
        if top is not error.ctx and any(error.option_name in option.opts for option in top.command.params):
            verb = error.ctx.command_path.removeprefix(f"{top.info_name} ")
            return f"{error.option_name} goes before the command: proxtui {error.option_name} ... {verb}"
    where = error.ctx.command_path if error.ctx else "proxtui"
    return f"{_unknown_verb(error) or line} (see {where} --help)"


def _unknown_verb(error: click.UsageError) -> str:
    """What is told of a misspelt verb; empty of everything else. click knows no verb that was not loaded."""
    import difflib

    import click

    found = re.match(r"No such command '(.*)'\.", error.message, re.DOTALL)
    if found is None or error.ctx is None or not isinstance(error.ctx.command, click.Group):
        return ""
    near = difflib.get_close_matches(found[1], error.ctx.command.list_commands(error.ctx), n=3)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"there is no command '{clean(found[1], limit=40)}'{meant}"
