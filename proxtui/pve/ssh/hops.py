"""What is known of a jump host before anybody asks it, and where the SSH things of this user lie."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field
from pathlib import Path

SSH_PORT = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One jump host. Secrets are not in the ``repr``."""

    host: str
    """Name or address, IPv6 without brackets."""
    port: int = SSH_PORT
    username: str = ""
    """Empty: the name of who runs proxtui."""
    host_keys: tuple[str, ...] = ()
    """``ssh-ed25519 AAAA...`` or ``SHA256:...``; empty: what the file of known hosts says counts."""
    key_file: Path | None = None
    """The only private key to use; None: those of the agent, then the usual ones in ``~/.ssh``."""
    key_passphrase: str | None = field(default=None, repr=False)
    is_end: bool = False
    """No jump host: the node or guest whose shell is wanted."""

    @property
    def title(self) -> str:
        """``jump host jump1:22``, as messages call it."""
        return self.label if self.is_end else f"jump host {self.label}"

    @property
    def label(self) -> str:
        """``jump1:22``, ``[::1]:22``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def login(self) -> str:
        """The name under which we log in there."""
        return self.username or getpass.getuser()

    @property
    def known_as(self) -> str:
        """As OpenSSH writes it into the file of known hosts: the port only where it is another than 22."""
        return self.host if self.port == SSH_PORT else f"[{self.host}]:{self.port}"


@dataclass(frozen=True, slots=True)
class Ours:
    """What this user brings along."""

    known_hosts: Path
    """Need not exist."""
    agent: str | None
    """Socket of the SSH agent."""

    @classmethod
    def of_this_user(cls) -> Ours:
        """``~/.ssh/known_hosts`` and ``SSH_AUTH_SOCK``."""
        return cls(Path("~/.ssh/known_hosts").expanduser(), os.environ.get("SSH_AUTH_SOCK") or None)
