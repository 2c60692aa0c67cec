"""What is left of a bug: one line for the person, a report without secrets for whoever mends it."""

from __future__ import annotations

import os
import platform
import re
import time
import traceback
from pathlib import Path

from proxtui import __version__
from proxtui.errors import ProxtuiError
from proxtui.kit.safe import visible

_SECRETS = (
    (re.compile(r"(PVEAPIToken=[^=\s]+=)[^\s'\",]+"), r"\1***"),
    (re.compile(r"(PVE(?:VNC|SPICE|TFA|!tfa!)?:)[^\s'\",]{8,}"), r"\1***"),
    (
        re.compile(
            r"(?i)((?:password|passwd|passphrase|secret|token|ticket|csrf\w*|otp|authorization|cookie|key)"
            r"['\"]?\s*[=:]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,;'\"&)]+)"
        ),
        r"\1***",
    ),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "***"),
    (re.compile(r"(://[^/\s:@]+:)[^@\s]+@"), r"\1***@"),
)


def redact(text: str) -> str:
    """The text without what looks like a password, a token or a ticket."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def crash_line(error: BaseException, report: Path | None = None) -> str:
    """One line. Ours are said as they are; anything else is a bug of proxtui, and the report is named."""
    words = visible(redact(" ".join(str(error).split())))[:300]
    if isinstance(error, ProxtuiError):
        return words
    what = f"proxtui stopped, this is a bug: {type(error).__name__}{': ' + words if words else ''}"
    return f"{what} (report: {report})" if report is not None else what


def report_text(error: BaseException) -> str:
    """The stack by file, line and function; no local variables, no secrets."""
    frames = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    head = f"proxtui {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return redact(f"{head}\n{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n\n{frames}")


def write_report(error: BaseException, state_dir: Path) -> Path | None:
    """Keep the report as a new file that only its owner can read; None when it cannot be written."""
    path = state_dir / f"crash-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.txt"
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(report_text(error))
    except OSError:
        # A full or read-only disk must not hide the crash itself: its line is printed all the same.
        return None
    return path
