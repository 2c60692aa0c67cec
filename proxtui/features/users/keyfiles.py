"""A keyfile for a new person: one that is there, or one that is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from proxtui.errors import InvalidInput
from proxtui.features.users.models import Member
from proxtui.pve.params.base import Text

if TYPE_CHECKING:
    from proxtui.config.vault.slots import Material

BYTES = 32


class NewFileUser(Member):
    """The same person, whose key is a file."""

    keyfile: Text = Field(title="Keyfile", description="A full path; where no file is, one is made with mode 0600.")


def material_of(text: str) -> Material:
    """What the file holds; made of random bytes where there is none. InvalidInput, or UnsafeFile as when opening it."""
    from proxtui.config.vault.files import read_safely
    from proxtui.config.vault.slots import keyfile

    path = Path(text).expanduser()
    if not path.is_absolute():
        raise InvalidInput("keyfile", text, "needs a full path, such as /etc/proxtui/ben.key")
    if not path.exists() and not path.is_symlink():
        _make(path)
    return keyfile(read_safely(path, ours=False))


def _make(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InvalidInput("keyfile", str(path), f"cannot be made: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(os.urandom(BYTES))
