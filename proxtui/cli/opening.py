"""Opening the configuration: by what the kernel kept, by a named key, or by asking; and what the audit hears of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from proxtui.config.vault.cache import KernelKeyring, KeyCache, NoKeyring
from proxtui.config.vault.unlocking import PAUSES, WRONG, keep, reopen, unlock
from proxtui.errors import OlderCopy, Tampered

if TYPE_CHECKING:
    from proxtui.cli.config_keys import KeyOptions
    from proxtui.config.vault.opened import OpenVault, Seat
    from proxtui.config.vault.sources import Sources

_log = logging.getLogger(__name__)


def open_vault(
    key: KeyOptions,
    *,
    accept_older: bool = False,
    cure: str = "--accept-older",
    only_monitor: bool = False,
    afresh: bool = False,
    cache: KeyCache | None = None,
) -> OpenVault:
    """The vault. What ``unlock`` raises; its secrets are hidden from every log from now on.

    ``afresh`` takes nothing from the cache, and leaves it to the caller to put something there. ``cure`` is what to do
    about an older copy than was seen before. Under ``--monitor`` it is always ``only_monitor``, whatever the verb.
    """
    from proxtui.cli import ask

    only_monitor = only_monitor or ask.is_unattended()
    cache = cache or KernelKeyring()
    is_typed = not key.is_named
    try:
        vault = (
            None if afresh or not is_typed else kept(key, cache, accept_older=accept_older, only_monitor=only_monitor)
        )
        is_kept = vault is not None
        vault = vault or _unlocked(key, accept_older=accept_older, only_monitor=only_monitor)
    except OlderCopy as error:
        said = {"rev": str(error.rev), "seen": str(error.seen)}
        note("config.rollback", said, message="not confirmed", went_well=False)
        raise OlderCopy(f"{error}: {cure}", rev=error.rev, seen=error.seen) from None
    except Tampered as error:
        note("config.tampered", {"place": error.place}, message=str(error), went_well=False)
        raise
    _hide_secrets(vault)
    if vault.is_older:
        note("config.rollback", {"rev": str(vault.rev)}, message="confirmed", vault=vault)
    if is_typed and not is_kept and not afresh:
        _keep(vault, cache)
        note("unlock.ok", {"slot": vault.slot.label}, vault=vault)
    return vault


def kept(
    key: KeyOptions, cache: KeyCache, *, accept_older: bool = False, only_monitor: bool = False
) -> OpenVault | None:
    """What the cache opens, without a question and without a derivation; else None."""
    return reopen(key.seat, cache, key.slot, confirm_older=lambda _rev, _seen: accept_older, only_monitor=only_monitor)


def note(
    event: str,
    params: Mapping[str, str],
    *,
    message: str = "",
    went_well: bool = True,
    vault: OpenVault | None = None,
) -> None:
    """Write it into the audit. Reading goes on where that cannot be: the log says why."""
    from proxtui.config.ledger import ledger_of
    from proxtui.features.audit import checking
    from proxtui.features.audit.places import usual_files

    keys, who = (vault.audit_keys, vault.slot.label) if vault is not None else ((), "")
    said = {name: value for name, value in params.items() if value}
    files = usual_files(ledger_of(vault, os.environ) if vault is not None else None)
    lost = checking.note(files, event, said, message=message, whole=went_well, vault=keys, who=who, first=True)
    if lost:
        _log.warning("%s (uid %d, process %d) is not in the audit: %s", event, os.getuid(), os.getpid(), lost)


def _unlocked(key: KeyOptions, *, accept_older: bool, only_monitor: bool) -> OpenVault:
    """By the named key, or by asking; who is asked is told of a wrong passphrase before the next question."""
    from proxtui.cli import ask

    sources, left = _asked(key), len(PAUSES)

    def pause(seconds: float) -> None:
        nonlocal left
        left -= 1
        if sources.prompt is not None:
            more = f"{left} more tr{'y' if left == 1 else 'ies'}" if left else "no more tries"
            ask.wait_unheard(f"wrong passphrase: {more}", seconds)

    return unlock(
        key.seat,
        sources,
        confirm_older=lambda _rev, _seen: accept_older,
        only_monitor=only_monitor,
        on_wrong=lambda: _note_wrong(sources.label),
        pause=pause,
    )


def _note_wrong(label: str | None) -> None:
    """At once: who gives up after the first one was there all the same."""
    # Nobody opened it, so the row is under the key file of this user.
    note("unlock.failed", {"slot": label or ""}, message=WRONG, went_well=False)


def _asked(key: KeyOptions) -> Sources:
    """Whose passphrase is asked before it is typed."""
    sources = key.wanted()
    if key.is_named or sources.label is not None:
        return sources
    return replace(sources, label=_whose(key.seat))


def _whose(seat: Seat) -> str | None:
    import getpass

    from proxtui.cli import ask

    labels = [slot.label for slot in seat.read().header.slots if slot.kind == "passphrase"]
    if len(labels) < 2:
        return None
    me = getpass.getuser()
    return ask.for_choice("Whose passphrase", labels, me if me in labels else None)


def _keep(vault: OpenVault, cache: KeyCache) -> None:
    try:
        keep(vault, cache)
    except NoKeyring as error:
        # As in most containers: then it is typed each time.
        _log.info("%s", error)


def _hide_secrets(vault: OpenVault) -> None:
    from proxtui.cli.redact import redact
    from proxtui.config.database_url import password_of

    if (url := vault.config.settings.database_url) is not None:
        redact.hide(url.get_secret_value(), password_of(url))
    for _, server in vault.config.servers():
        held = (server.credentials.password, server.credentials.token_secret)
        redact.hide(*(secret.get_secret_value() for secret in held if secret is not None))
        redact.hide(*(hop.key_passphrase.get_secret_value() for hop in server.jumps if hop.key_passphrase))
