"""The configuration for programs: what variables name, what is kept or what a named key opens; nobody is asked."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from proxtui.config.environment import ConnectionFlags, from_environment, wants_read_only
from proxtui.config.paths import config_file, state_folder
from proxtui.core.redact import redact
from proxtui.errors import NotConfigured, OlderCopy, Tampered, UsageError, WrongKey
from proxtui.functions.refusing import Locked

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault
    from proxtui.config.vault.sources import Sources
    from proxtui.functions.desk import Desk

log = logging.getLogger(__name__)

LOCKED = (
    "the configuration is locked: `proxtui unlock` opens it for some minutes; PROXTUI_KEYFILE, "
    "PROXTUI_PASSPHRASE_FILE or PROXTUI_PASSPHRASE_COMMAND names a key"
)


def usual_desk(environ: Mapping[str, str] | None = None, *, monitor: bool = False) -> Desk:
    """That of this user. Locked, NotConfigured, and whatever opening the file raises.

    ``monitor``: read-only credentials alone, whatever the key could open, and no change; as ``--monitor`` has it.
    """
    from proxtui.config.keyed import keyed
    from proxtui.functions.desk import Desk

    environ = os.environ if environ is None else environ
    read_only = monitor or wants_read_only(environ)
    config = from_environment(environ, overrides=ConnectionFlags())
    if config is not None:
        return Desk(config=config, environ=environ, read_only=read_only)
    vault = _opened(environ, only_monitor=monitor)
    _hide_secrets(vault)
    return Desk(config=keyed(vault, environ), vault=vault, environ=environ, read_only=read_only)


def _opened(environ: Mapping[str, str], *, only_monitor: bool) -> OpenVault:
    from proxtui.config.vault.cache import KernelKeyring
    from proxtui.config.vault.opened import Seat
    from proxtui.config.vault.unlocking import reopen, unlock

    seat = Seat(config_file(), state_folder())
    if not os.path.lexists(seat.path):
        raise NotConfigured(f"no configuration at {seat.path}, and no variable that names a server")
    sources = _named(environ)
    if sources is not None:
        return _noted(lambda: unlock(seat, sources, only_monitor=only_monitor), environ)
    vault = reopen(seat, KernelKeyring(), environ.get("PROXTUI_SLOT") or None, only_monitor=only_monitor)
    if vault is None:
        raise Locked(LOCKED)
    return vault


def _noted(open_it: Callable[[], OpenVault], environ: Mapping[str, str]) -> OpenVault:
    """A wrong key, an older copy and a changed file are told the audit, as when somebody types."""
    from proxtui.config.ledger import usual_ledger
    from proxtui.features.audit import checking
    from proxtui.features.audit.places import usual_files

    try:
        return open_it()
    except (WrongKey, Tampered) as error:
        event = {WrongKey: "unlock.failed", OlderCopy: "config.rollback"}.get(type(error), "config.tampered")
        said = {"slot": environ.get("PROXTUI_SLOT", "")} if isinstance(error, WrongKey) else {"place": error.place}
        files, told = usual_files(usual_ledger(environ)), {name: text for name, text in said.items() if text}
        if lost := checking.note(files, event, told, message=str(error), whole=False, vault=(), who="", first=True):
            log.warning("%s is not in the audit: %s", event, lost)
        raise


def _hide_secrets(vault: OpenVault) -> None:
    """Nothing that is logged or recorded from now on shows one."""
    for _, server in vault.config.servers():
        held = (server.credentials.password, server.credentials.token_secret)
        redact.hide(*(secret.get_secret_value() for secret in held if secret is not None))


def _named(environ: Mapping[str, str]) -> Sources | None:
    """The key that variables or systemd name; None where there is none."""
    from proxtui.config.vault.sources import CREDENTIAL, Sources

    folder, file = environ.get("CREDENTIALS_DIRECTORY"), environ.get("PROXTUI_PASSPHRASE_FILE")
    key, command = environ.get("PROXTUI_KEYFILE"), environ.get("PROXTUI_PASSPHRASE_COMMAND", "")
    credentials = Path(folder) if folder and (Path(folder) / CREDENTIAL).exists() else None
    if not (credentials or file or key or command):
        return None
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        raise UsageError("PROXTUI_PASSPHRASE_COMMAND: a quotation mark is not closed") from None
    return Sources(
        passphrase_file=Path(file) if file else None,
        keyfile=Path(key) if key else None,
        credentials_directory=credentials,
        passphrase_command=words,
        label=environ.get("PROXTUI_SLOT") or None,
    )
