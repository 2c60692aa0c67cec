"""The name of this installation among others that share a database: random, made once, and no secret."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from proxtui.errors import SaveFailed

_NAME = re.compile(r"i_[0-9a-f]{16}")


def installation_id(folder: Path) -> str:
    """What stands in ``folder/installation``; made when it is missing. SaveFailed when that is not possible."""
    path = folder / "installation"
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SaveFailed(f"{path} is not what proxtui wrote: {error}") from error
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f"installation.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(f"i_{secrets.token_hex(8)}\n")
            file.flush()
            os.fsync(handle)
        try:
            # Unlike a rename it loses against another process that was quicker.
            os.link(new, path)
        except FileExistsError:
            return _read(path)
        finally:
            new.unlink()
        return _read(path)
    except (OSError, ValueError) as error:
        raise SaveFailed(f"{path} cannot be made: {error}") from error


def _read(path: Path) -> str:
    name = path.read_text(encoding="ascii").strip()
    if not _NAME.fullmatch(name):
        raise ValueError("it is no name of an installation")
    return name
