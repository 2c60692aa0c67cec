"""What happens to an error that nobody expected: one line, and a report without the values of variables."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from proxtui import __version__

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class CrashNet:
    """``with CrashNet() as net:`` reports what falls into it; ``net.caught`` says whether something did.

    A ``with`` and not an ``except``: it is the one place that may take every exception.
    """

    caught: BaseException | None = None

    def __enter__(self) -> CrashNet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        from proxtui.cli.output import narrate

        self.caught = error
        report = write_report(error)
        what = f"internal error, {type(error).__name__}"
        narrate(f"{what}; report: {report}" if report else f"{what}; the report could not be written")
        return True


def write_report(error: BaseException) -> Path | None:
    """Write the report, 0600, into the state directory and give its path; None when that is not possible."""
    try:
        folder = state_directory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(report_text(error))
    except OSError:
        return None
    return path


def report_text(error: BaseException) -> str:
    """Versions, the verb and where it happened; no locals, no arguments, no secrets."""
    import platform
    import traceback

    from proxtui.cli.redact import redact

    lines = traceback.TracebackException.from_exception(error, capture_locals=False).format()
    return redact(
        f"proxtui {__version__}\nPython {platform.python_version()} on {platform.platform()}\n"
        f"verb: {' '.join(word for word in sys.argv[1:3] if word.isalpha()) or '(dashboard)'}\n\n{''.join(lines)}"
    )


def state_directory() -> Path:
    """Where reports are kept: the XDG state directory or its equal on this system."""
    from platformdirs import user_state_path

    return user_state_path("proxtui", appauthor=False)
