"""What a process with secrets in its memory does first: nobody else reads it, and nothing of it lands on the disk."""

from __future__ import annotations

import contextlib
import os
import sys

UMASK = 0o077
_SET_DUMPABLE = 4


def harden() -> None:
    """Files only for their owner, no core dump, and no other process of this user that reads memory or environment."""
    os.umask(UMASK)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        # Where the kernel does not know it, it says so and nothing else happens.
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
