"""Which configuration a dashboard is over, and whether it is another one by now. Knows no widget."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from proxtui.config.models import Config

if TYPE_CHECKING:
    from pathlib import Path

    from proxtui.config.vault.opened import OpenVault
    from proxtui.kit.left_views import Left
    from proxtui.kit.places import Place

Dress = Callable[[Config], Config]
"""Puts what flags and variables say over what a file says."""


def _as_it_is(config: Config) -> Config:
    return config


class Configured:
    """Lives as long as the program; each dashboard is over what is the configuration then."""

    def __init__(
        self, config: Config, vault: OpenVault | None = None, dress: Dress = _as_it_is, unattended: bool = False
    ) -> None:
        self.config = config
        self.vault = vault
        self.dress = dress
        self.unattended = unattended
        """Nobody is asked for a second factor."""
        self.place: Place | None = None
        """Where somebody is brought at first; None: where they were in the last session."""
        self.left: Left | None = None
        """What the dashboard before this one left; None at first, and once it was taken up."""
        self.touched_at: float | None = None
        """``Clock.boottime`` when somebody was at the keys of the one before; None at first."""

    def renewed(self, found: Config) -> Config | None:
        """What the dashboard should be over when this is what the file says now; None when that is no other."""
        new = _with_passwords(self.dress(found), self.config)
        return None if new == self.config else new


def _with_passwords(new: Config, old: Config) -> Config:
    """Nobody is asked again for a password of a server that is where it was."""
    known = dict(old.servers())
    for place, server in new.servers():
        before = known.get(place)
        if before is None or not server.credentials.lacks_password or before.credentials.password is None:
            continue
        same = (before.endpoints, before.credentials.userid) == (server.endpoints, server.credentials.userid)
        if same:
            new = new.with_password(place, before.credentials.password.get_secret_value())
    return new


def stamp(path: Path) -> tuple[int, ...]:
    """Another value whenever the file was saved; empty while it is not there."""
    try:
        about = os.stat(path)
    except OSError:
        return ()
    return about.st_ino, about.st_mtime_ns, about.st_size
