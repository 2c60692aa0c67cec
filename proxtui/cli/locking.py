"""The verbs ``unlock`` and ``lock``: let the kernel keep what a passphrase opens, and take it away again."""

from __future__ import annotations

import click

from proxtui.cli.config_keys import KeyOptions
from proxtui.cli.key_options import key_options
from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import ProxtuiError, ReadOnlyError, UsageError


@click.command()
@key_options
@json_option
@click.pass_obj
def unlock(line: CommandLine, /, key: KeyOptions, as_json: bool) -> None:
    """Ask for the passphrase once: for some minutes nothing of this login session asks again."""
    from proxtui.cli import ask
    from proxtui.cli.opening import note, open_vault
    from proxtui.config.vault.cache import KernelKeyring, NoKeyring
    from proxtui.config.vault.unlocking import keep

    if ask.is_unattended():
        raise ReadOnlyError("read-only: under --monitor no key is kept, it opens more than may be looked at")
    vault = open_vault(key, afresh=True)
    try:
        minutes = keep(vault, KernelKeyring())
    except NoKeyring as error:
        raise ProxtuiError(f"nothing is kept here, the passphrase is asked for each time: {error}") from None
    if not minutes:
        raise UsageError("nothing is kept: key_cache_minutes is 0 in the settings of the configuration")
    note("unlock.ok", {"slot": vault.slot.label, "minutes": str(minutes)}, vault=vault)
    value = {"slot": vault.slot.label, "minutes": minutes}
    line.say(value, [f"{vault.slot.label}: unlocked for {minutes} minutes"], as_json=as_json)


@click.command()
@json_option
@click.pass_obj
def lock(line: CommandLine, /, as_json: bool) -> None:
    """Take away what the kernel keeps for this login session. A dashboard that runs goes on."""
    from proxtui.cli.opening import note
    from proxtui.config.vault.cache import KernelKeyring, NoKeyring

    try:
        count = KernelKeyring().forget()
    except NoKeyring as error:
        line.say({"keys": 0}, [f"nothing is kept here: {error}"], as_json=as_json)
        return
    if count:
        note("locked", {"keys": str(count)})
    line.say({"keys": count}, ["locked" if count else "nothing was unlocked"], as_json=as_json)
