"""What tests need beside Python: they are skipped where it is absent, and fail where everything should be there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from glob import glob
from pathlib import Path

import pytest

NEED_ALL = bool(os.environ.get("PROXTUI_TESTS_NEED_ALL"))
"""Set where all of ``.ci/packages`` is installed."""
_ELSEWHERE = ("/usr/sbin", "/usr/lib/postgresql/*/bin")
"""Where Debian keeps programs that are not on everybody's path."""


def program(name: str) -> str | None:
    """Path of a program; None where it is not installed."""
    places = [place for pattern in _ELSEWHERE for place in sorted(glob(pattern), reverse=True)]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))


def programs(*names: str) -> pytest.MarkDecorator:
    """A mark for tests that start these programs."""
    return _mark([name for name in names if program(name) is None], "needs the program")


def _mark(missing: Iterable[str], what: str) -> pytest.MarkDecorator:
    lacking = sorted(missing)
    reason = f"{what} {', '.join(lacking)} (Debian packages: {Path('.ci/packages')})"
    return pytest.mark.skipif(bool(lacking) and not NEED_ALL, reason=reason)
