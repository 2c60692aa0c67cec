"""Errors become one line on stderr, an exit code, and with ``--json`` an object on stdout. Nowhere else."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from proxtui.errors import AuthenticationError, ProxtuiError, TotpRequired

INTERRUPTED = 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What a disk or a terminal that takes no more says."""
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
)
"""What errors know beyond their line; ``details`` of ``--json`` has those that are set."""


def guarded(run: Callable[[], int], arguments: Sequence[str]) -> int:
    """Call ``run`` and give the exit code, whatever happens in it."""
    from proxtui.cli.crash import CrashNet

    net = CrashNet()
    with net:
        return _translated(run, arguments)
    tell_crash(net.caught, 1, as_json="--json" in arguments)
    return 1


def tell_crash(error: BaseException | None, code: int, *, as_json: bool) -> None:
    """Say in JSON too what a ``CrashNet`` has said on stderr."""
    if as_json:
        from proxtui.cli.output import Output

        details = {"kind": type(error).__name__, "exit_code": code}
        Output().json({"error": f"internal error, {type(error).__name__}", "details": details})


def _translated(run: Callable[[], int], arguments: Sequence[str]) -> int:
    try:
        return run()
    except ProxtuiError as error:
        return tell(line_of(error), error.exit_code, details_of(error), arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return error.exit_code
    except click.UsageError as error:
        return tell(usage_line(error), _usage_code(error), {"kind": "UsageError"}, arguments)
    except click.ClickException as error:
        return tell(error.format_message(), error.exit_code, {"kind": type(error).__name__}, arguments)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        if error.errno not in FULL:
            raise
        forget_stdout()
        return tell(f"cannot write to stdout: {error.strerror}", 1, {"kind": "OSError"}, ())


def forget_stdout() -> None:
    """What is left in the buffer must not raise once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(message: str, code: int, details: dict[str, Any], arguments: Sequence[str]) -> int:
    """Say it on stderr, and on stdout when JSON was asked for. Gives ``code`` back."""
    from proxtui.cli.output import Output, narrate

    if "--json" in arguments:
        Output().json({"error": message, "details": {**details, "exit_code": code}})
    narrate(message)
    return code


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
    line = " ".join(error.format_message().split())
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        top = error.ctx.find_root()
        if top is not error.ctx and any(error.option_name in option.opts for option in top.command.params):
            verb = error.ctx.command_path.removeprefix(f"{top.info_name} ")
            return f"{error.option_name} goes before the command: proxtui {error.option_name} ... {verb}"
    where = error.ctx.command_path if error.ctx else "proxtui"
    return f"{line} (see {where} --help)"


def _usage_code(error: click.UsageError) -> int:
    is_status = error.ctx is not None and error.ctx.info_name == "status"
    return STATUS_UNKNOWN if is_status else error.exit_code
