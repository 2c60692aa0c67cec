"""What verbs ask of the command line to change the configuration: the way to do it, secrets, a word of consent."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from proxtui.errors import NotConfigured, ReadOnlyError, UsageError

if TYPE_CHECKING:
    from proxtui.config.ledger import Ledger
    from proxtui.config.vault.opened import OpenVault
    from proxtui.config.vault.slots import Material
    from proxtui.core.registrar import Registrar

T = TypeVar("T")
OLDER = "copy it to config.toml.1 and run `proxtui config restore --generation 1`"
MOST = 65_536
"""Bytes of a secret or a table that somebody hands in."""


class Registering:
    """A part of ``Session``: see ``proxtui.core.verbs.CommandLine``."""

    flags: Mapping[str, Any]
    environ: Mapping[str, str]
    vault: OpenVault | None

    if TYPE_CHECKING:

        def audit_keys(self) -> tuple[bytes, ...]:
            """See ``CommandLine.audit_keys``."""

    @property
    def ascii_only(self) -> bool:
        """See ``CommandLine.ascii_only``."""
        return bool(self.flags.get("ascii"))

    def registered(
        self, work: Callable[[Registrar], Awaitable[T]], *, makes_first: bool = False, repairs: OpenVault | None = None
    ) -> T:
        """See ``CommandLine.registered``."""
        import asyncio

        from proxtui.cli import log
        from proxtui.wiring import open_registrar

        log.configure(self.environ.get("PROXTUI_LOG", ""), debug=bool(self.flags.get("debug")), to_stderr=True)
        vault, read_only = repairs or self._vault(makes_first=makes_first), self._is_read_only

        async def change() -> T:
            opened = open_registrar(vault, self.environ, read_only=read_only, key_alone=repairs is not None)
            async with opened as registrar:
                return await work(registrar)

        return asyncio.run(change())

    @property
    def _is_read_only(self) -> bool:
        from proxtui.config.environment import wants_read_only

        return bool(self.flags.get("read_only") or self.flags.get("monitor") or wants_read_only(self.environ))

    def _vault(self, *, makes_first: bool) -> OpenVault:
        from proxtui.cli.config_keys import KeyOptions
        from proxtui.config.paths import config_file

        if self.vault is not None:
            self.vault.reload()
            return self.vault
        key = KeyOptions.given({}, self.flags, self.environ)
        if os.path.lexists(config_file()):
            more: dict[str, Any] = {"only_monitor": True} if self.flags.get("monitor") else {}
            self.vault = key.open(cure=OLDER, **more)
        elif not makes_first:
            raise NotConfigured(f"no configuration at {config_file()}: `proxtui config init` makes one")
        elif self._is_read_only:
            raise ReadOnlyError("read-only: no configuration is made")
        else:
            from proxtui.config.vault.unlocking import create

            self.vault = create(key.seat, key.slot or "admin", key.new())
        return self.vault

    def ledger(self) -> Ledger:
        """See ``CommandLine.ledger``."""
        from proxtui.cli.records import ledger

        return ledger(self)

    def secret(self, what: str, *, stdin: bool = False, fd: int | None = None) -> str:
        """See ``CommandLine.secret``."""
        from proxtui.cli import ask
        from proxtui.cli.redact import redact

        if fd is not None:
            text = self._text(_from_descriptor(fd), f"file descriptor {fd}")
        elif stdin:
            text = self._text(sys.stdin.buffer.read(MOST + 1), "stdin")
        elif ask.somebody_is_there():
            text = ask.for_secret(what)
        else:
            raise UsageError(f"{what}: no terminal to ask on, and no option says where it comes from")
        if not (text := text.strip()):
            raise UsageError(f"{what}: is empty")
        redact.hide(text, text.rpartition("=")[2])
        return text

    def _text(self, raw: bytes, source: str) -> str:
        if len(raw) > MOST:
            raise UsageError(f"{source} gives more than {MOST} bytes")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise UsageError(f"{source} is not UTF-8") from None

    def new_key(self, passphrase_fd: int | None, keyfile: Path | None) -> Material:
        """See ``CommandLine.new_key``."""
        from proxtui.cli.config_change import new_material

        return new_material(passphrase_fd, keyfile)

    def agreed(self, question: str, word: str, *, yes: bool) -> None:
        """See ``CommandLine.agreed``."""
        from proxtui.cli import ask

        if yes:
            return
        if not ask.somebody_is_there():
            raise UsageError(f"{question}: needs --yes, for there is no terminal to ask on")
        if ask.for_answer(f"{question}. Type {word} to go on") != word:
            raise UsageError("that is another name: nothing was changed")


def _from_descriptor(number: int) -> bytes:
    found = b""
    try:
        while len(found) <= MOST and (more := os.read(number, MOST)):
            found += more
    except OSError as error:
        raise UsageError(f"file descriptor {number}: {error.strerror}") from None
    return found
