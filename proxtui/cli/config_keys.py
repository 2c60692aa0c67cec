"""Where the command line takes the key of the configuration from: what was named, else a question on a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault, Seat
    from proxtui.config.vault.slots import Material
    from proxtui.config.vault.sources import Sources


class KeyOptions(NamedTuple):
    """What the options say of the file and its key."""

    file: Path | None = None
    passphrase_fd: int | None = None
    passphrase_file: Path | None = None
    keyfile: Path | None = None
    passphrase_command: str | None = None
    slot: str | None = None

    @classmethod
    def given(cls, said: Mapping[str, Any], root: Mapping[str, Any], environ: Mapping[str, str]) -> KeyOptions:
        """What a verb's options name, else the flag before the verb, else variables; the first of the three counts."""
        mine = cls(**said)
        mine = mine._replace(slot=mine.slot or environ.get("PROXTUI_SLOT") or None)
        if any(one is not None for one in mine[1:-1]):
            return mine
        if (number := root.get("passphrase_fd")) is not None:
            return mine._replace(passphrase_fd=number)
        file, key = environ.get("PROXTUI_PASSPHRASE_FILE"), environ.get("PROXTUI_KEYFILE")
        return mine._replace(
            passphrase_file=Path(file) if file else None,
            keyfile=Path(key) if key else None,
            passphrase_command=environ.get("PROXTUI_PASSPHRASE_COMMAND") or None,
        )

    @property
    def seat(self) -> Seat:
        """Where the file stands."""
        from proxtui.config.paths import config_file, state_folder
        from proxtui.config.vault.opened import Seat

        return Seat(self.file or config_file(), state_folder())

    @property
    def is_named(self) -> bool:
        """Whether a key was named, so that nobody needs to be asked."""
        named = (self.passphrase_fd, self.passphrase_file, self.keyfile, _credentials())
        return any(one is not None for one in named) or bool(_command(self.passphrase_command))

    def sources(self, prompt: Callable[[], str] | None) -> Sources:
        """The same as the vault wants it."""
        from proxtui.config.vault.sources import Sources

        command = _command(self.passphrase_command)
        named = (self.passphrase_fd, self.passphrase_file, self.keyfile, _credentials(), command)
        return Sources(prompt, *named, label=self.slot)

    def wanted(self, question: str = "Passphrase of the configuration") -> Sources:
        """What was named; a question where nothing was. UsageError when nobody is there to ask."""
        from proxtui.cli import ask

        if self.is_named:
            return self.sources(None)
        if not ask.somebody_is_there():
            raise UsageError(
                "no key for the configuration, and no terminal to ask on: "
                "--passphrase-fd, PROXTUI_PASSPHRASE_FILE, PROXTUI_KEYFILE or PROXTUI_PASSPHRASE_COMMAND names one"
            )
        return self.sources(lambda: ask.for_secret(question))

    def open(
        self, *, accept_older: bool = False, cure: str = "--accept-older", only_monitor: bool = False
    ) -> OpenVault:
        """The vault: see ``open_vault``."""
        from proxtui.cli.opening import open_vault

        return open_vault(self, accept_older=accept_older, cure=cure, only_monitor=only_monitor)

    def unasked(self, *, only_monitor: bool = False) -> OpenVault | None:
        """The vault, where a key is named or kept; None where somebody would have to be asked."""
        from proxtui.cli.opening import kept
        from proxtui.config.vault.cache import KernelKeyring

        if not os.path.lexists(self.seat.path):
            return None
        if self.is_named:
            return self.open(only_monitor=only_monitor)
        return kept(self, KernelKeyring(), only_monitor=only_monitor)

    def new(self) -> Material:
        """The key of a new vault: typed twice where none was named."""
        material = self.wanted("New passphrase of the configuration").material()
        return new_typed(material, again=not self.is_named) if material.kind == "passphrase" else material


def _credentials() -> Path | None:
    """The folder of systemd that holds the key; None without one."""
    if not (folder := os.environ.get("CREDENTIALS_DIRECTORY")):
        return None
    from proxtui.config.vault.sources import CREDENTIAL

    return Path(folder) if (Path(folder) / CREDENTIAL).exists() else None


def _command(text: str | None) -> tuple[str, ...]:
    """The words of a command line; UsageError when it cannot be taken apart."""
    if not text:
        return ()
    import shlex

    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise UsageError("--passphrase-command: a quotation mark is not closed") from None


def new_typed(material: Material, *, again: bool) -> Material:
    """A passphrase that is long enough, and typed the same again. UsageError."""
    from proxtui.cli import ask
    from proxtui.config.vault.slots import new_passphrase, passphrase

    made = new_passphrase(material.raw.decode("utf-8", "surrogateescape"))
    if again and passphrase(ask.for_secret("The same again")) != made:
        raise UsageError("the two passphrases differ; nothing was written")
    return made


def masked(value: Any, name: str = "") -> Any:
    """A copy in which no password and no secret of a token can be read."""
    from proxtui.config.vault.contents import SECRETS

    if isinstance(value, Mapping):
        return {key: masked(held, str(key)) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [masked(held, name) for held in value]
    return "**********" if name in SECRETS else value
