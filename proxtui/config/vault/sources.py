"""Where the key of a vault comes from: the first source that is named, and never a weaker one after it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from proxtui.config.vault.files import read_safely
from proxtui.config.vault.slots import LONGEST_BYTES, Material, keyfile, passphrase
from proxtui.errors import UsageError

CREDENTIAL = "proxtui.key"
"""The name of the systemd credential, below ``$CREDENTIALS_DIRECTORY``."""
COMMAND_SECONDS = 60.0
COMMAND_BYTES = 1024
_KEPT = ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR", "GNUPGHOME", "PASSWORD_STORE_DIR", "DBUS_SESSION_BUS_ADDRESS")


@dataclass(frozen=True)
class Sources:
    """What was named, in order of precedence."""

    prompt: Callable[[], str] | None = None
    """Asks a person; the only one that is asked again, after 1, 2 and 4 s."""
    passphrase_fd: int | None = None
    passphrase_file: Path | None = None
    keyfile: Path | None = None
    credentials_directory: Path | None = None
    """Of systemd: ``LoadCredentialEncrypted=proxtui.key:...``."""
    passphrase_command: tuple[str, ...] = ()
    label: str | None = None
    """Whose slot; needed where several have a passphrase."""

    def material(self) -> Material:
        """What the first named source gives. UsageError when none is named or it gives nothing, or UnsafeFile."""
        if self.prompt is not None:
            return passphrase(self.prompt())
        if self.passphrase_fd is not None:
            return _line(_from_descriptor(self.passphrase_fd), "the file descriptor")
        if self.passphrase_file is not None:
            return _line(read_safely(self.passphrase_file, ours=False), str(self.passphrase_file))
        if self.keyfile is not None:
            return keyfile(read_safely(self.keyfile, ours=False))
        if self.credentials_directory is not None and (self.credentials_directory / CREDENTIAL).exists():
            return keyfile(read_safely(self.credentials_directory / CREDENTIAL, ours=False))
        if self.passphrase_command:
            return _line(_from_command(self.passphrase_command), self.passphrase_command[0])
        raise UsageError("no key for the configuration: a passphrase, a keyfile or a command that prints one is needed")


def _line(raw: bytes, source: str) -> Material:
    """One line end goes, for editors and ``echo`` put it there; every other sign belongs to the passphrase."""
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError(f"{source} gives a passphrase that is not UTF-8") from None
    if not text:
        raise UsageError(f"{source} gives an empty passphrase")
    return passphrase(text)


def _from_descriptor(number: int) -> bytes:
    found = b""
    try:
        while len(found) <= LONGEST_BYTES and (more := os.read(number, LONGEST_BYTES)):
            found += more
    except OSError as error:
        raise UsageError(f"file descriptor {number}: {error.strerror}") from None
    return found


def _from_command(command: tuple[str, ...]) -> bytes:
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - the operator named it, and no shell reads it
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise UsageError(f"{command[0]} cannot be run: {getattr(error, 'strerror', None) or 'bad argument'}") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{command[0]} gave no passphrase within {COMMAND_SECONDS:.0f} s") from None
    if done.returncode:
        raise UsageError(f"{command[0]} ended with {done.returncode} and gives no passphrase")
    if len(done.stdout) > COMMAND_BYTES:
        raise UsageError(f"{command[0]} printed more than {COMMAND_BYTES} bytes: that is no passphrase")
    return done.stdout
