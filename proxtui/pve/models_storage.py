"""What PVE tells before a storage is changed."""

from __future__ import annotations

import msgspec


class UrlMetadata(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a node found under a URL."""

    filename: str | None = None
    size: int | None = None
    """Bytes; None when the server does not tell."""
    mimetype: str | None = None


class PruneMark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What pruning would do to one backup."""

    volid: str
    mark: str | None = None
    """``keep``, ``remove``, ``protected`` (kept in any case) or ``renamed`` (kept: its name does not tell its age)."""
    vmid: int | None = None
    type: str | None = None
    """``qemu``, ``lxc``, ``openvz`` or ``unknown``."""
    ctime: int | None = None
    """Seconds since the epoch."""

    @property
    def goes(self) -> bool:
        """Whether pruning would remove it."""
        return self.mark == "remove"
