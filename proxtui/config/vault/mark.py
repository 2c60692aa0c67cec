"""The highest revision seen of each vault, in the state folder: so that an older copy does not come back unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from proxtui.config.vault.files import DISK, Disk, make_folder, put
from proxtui.errors import OlderCopy, SaveFailed

Confirm = Callable[[int, int], bool]
"""Asked with the file's revision and the one seen before: whether to use it all the same."""


class Mark:
    """The mark of one vault."""

    def __init__(self, folder: Path, file_id: str, disk: Disk = DISK) -> None:
        self._path = folder / f"vault-{file_id}.rev"
        self._disk = disk

    def seen(self) -> int:
        """The highest revision seen here; 0 when nothing is known."""
        try:
            return max(0, int(self._path.read_text(encoding="ascii")[:20]))
        except (OSError, ValueError):
            return 0

    def raise_to(self, rev: int) -> None:
        """Note a revision, unless a higher one is noted. SaveFailed when it cannot be written."""
        if rev > self.seen():
            self.set(rev)

    def set(self, rev: int) -> None:
        """Note exactly this one, after a restore that somebody asked for. SaveFailed when it cannot be written."""
        make_folder(self._path.parent)
        try:
            put(self._path, str(rev).encode(), self._disk)
        except OSError as error:
            raise SaveFailed(
                f"{self._path} cannot be written: {error.strerror}; the configuration itself is saved"
            ) from None


def check(rev: int, seen: int, confirm: Confirm | None) -> bool:
    """True when the file is older than one seen here and somebody confirmed it. OlderCopy when nobody did."""
    if rev >= seen:
        return False
    if confirm is None or not confirm(rev, seen):
        raise OlderCopy(
            f"config.toml is an older copy (revision {rev}, seen was {seen}): confirm it if you restored a backup",
            rev=rev,
            seen=seen,
        )
    return True
