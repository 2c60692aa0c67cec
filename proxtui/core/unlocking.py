"""``--write TIME --reason TEXT``: the lock of ``write_mode`` timed, opened by a verb for as long as it lasts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.model import ServerRef
    from proxtui.core.write_lock import WriteLock

HOW: Final = "--write 15m --reason TEXT"
"""What opens the lock where there is no dashboard."""
_TIME: Final = re.compile(r"(\d{1,5})([smh])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> int | None:
    """``15m``, ``90s``, ``1h`` in seconds; None for what is no such time."""
    found = _TIME.fullmatch(text.strip())
    return None if found is None else int(found[1]) * _SECONDS[found[2]]


class Unlocking(NamedTuple):
    """What was said; ``seconds`` None: nothing."""

    seconds: int | None
    reason: str

    async def unlock(self, lock: WriteLock, refs: Iterable[ServerRef], note: Callable[[str], None]) -> None:
        """Open it for these servers. What is refused from now on names the options and not the dashboard's word.

        ``note`` is told of the tenants where nothing has to be opened. Raises what ``WriteLock.open`` does.
        """
        lock.how = HOW
        if self.seconds is None:
            return
        for ref in dict.fromkeys(refs):
            if lock.is_always_open(ref.tenant):
                note(f"--write: opens nothing, write_mode of {ref.tenant} is always")
            else:
                await lock.open(ref, self.seconds, self.reason)


def unlocking(write: str | None, reason: str) -> Unlocking:
    """Of the two options. ``UsageError`` for a time that is none, or without a reason."""
    if write is None:
        return Unlocking(None, reason)
    seconds = seconds_of(write)
    if seconds is None:
        raise UsageError(f"--write {write!r}: write a time such as 15m, 90s or 1h")
    if not reason.strip():
        raise UsageError("--write: say why with --reason; it stands in the audit beside every change")
    return Unlocking(seconds, reason)
