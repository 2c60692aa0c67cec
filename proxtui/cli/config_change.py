"""The verbs ``config`` that change values and keys. A secret comes by stdin or a descriptor, never as an argument."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxtui.cli.config_keys import KeyOptions, masked, new_typed
from proxtui.cli.key_options import key_options
from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.config.vault.opened import OpenVault
    from proxtui.config.vault.slots import Material

_FILE = click.Path(path_type=Path)


@click.command(name="set")
@click.argument("name", metavar="NAME")
@click.argument("value", required=False)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from stdin; a must for secrets.")
@key_options
@json_option
@click.pass_obj
def put(line: CommandLine, /, key: KeyOptions, name: str, value: str | None, from_stdin: bool, as_json: bool) -> None:
    """Set NAME, as in tenants.acme.colour or tenants.acme.servers.prod, to a text or to JSON.

    Names are those of a plain file, with tenants by their slug and servers and users by their name.
    """
    from proxtui.config.vault.edits import Put

    if (value is None) != from_stdin:
        raise UsageError("needs a value, or --stdin")
    names = _names(name)
    meant = _meant(names, value) if value is not None else _read(names)
    vault = key.open()
    _save(line, vault, "config.set", Put(names, meant))
    line.say({"name": name, "rev": vault.rev}, [f"{name}: set, revision {vault.rev}"], as_json=as_json)


@click.command()
@click.argument("name", metavar="NAME")
@key_options
@json_option
@click.pass_obj
def unset(line: CommandLine, /, key: KeyOptions, name: str, as_json: bool) -> None:
    """Take NAME away: a value, a server, a tenant or a user."""
    from proxtui.config.vault.edits import Delete

    vault = key.open()
    _save(line, vault, "config.unset", Delete(_names(name)))
    line.say({"name": name, "rev": vault.rev}, [f"{name}: gone, revision {vault.rev}"], as_json=as_json)


_new_key = (
    click.option(
        "--new-passphrase-fd", type=click.IntRange(0), metavar="N", help="Read the new passphrase from there."
    ),
    click.option("--new-keyfile", type=_FILE, metavar="FILE", help="Make this file with a new random key in it."),
)


@click.command(name="add-key")
@click.argument("label", metavar="LABEL")
@click.option("--every", type=click.Choice(["none", "monitor", "admin"]), default="none", help="Of all tenants.")
@click.option("--tenant", "tenants", multiple=True, metavar="SLUG=SCOPE", help="Of one: monitor or admin.")
@_new_key[0]
@_new_key[1]
@key_options
@json_option
@click.pass_obj
def add_key(
    line: CommandLine,
    /,
    key: KeyOptions,
    label: str,
    every: str,
    tenants: tuple[str, ...],
    as_json: bool,
    **new: Any,
) -> None:
    """Let LABEL open the configuration: a person by a passphrase, an unattended screen by a keyfile."""
    granted = dict(one.partition("=")[::2] for one in tenants)
    vault = key.open()
    made = new_material(**new)
    line.registered(lambda one: one.add_key(label, made, every=every, tenants=granted), repairs=vault)
    line.say({"label": label, "rev": vault.rev}, [f"{label}: added, revision {vault.rev}"], as_json=as_json)


@click.command(name="remove-key")
@click.argument("label", metavar="LABEL")
@key_options
@json_option
@click.pass_obj
def remove_key(line: CommandLine, /, key: KeyOptions, label: str, as_json: bool) -> None:
    """Take LABEL's key away: everything gets new keys. Names the credentials it could read, to be rotated in PVE."""
    vault = key.open()
    could_read = line.registered(lambda one: one.remove_key(label), repairs=vault)
    found = [{"tenant": one.place.tenant, "server": one.place.server, "who": one.who} for one in could_read]
    said = [f"{label}: removed, revision {vault.rev}; the earlier generations are gone"]
    said += [f"could read, rotate it in PVE: {one['tenant']} / {one['server']}: {one['who']}" for one in found]
    line.say({"label": label, "rev": vault.rev, "could_read": found}, said, as_json=as_json)


@click.command(name="change-key")
@_new_key[0]
@_new_key[1]
@key_options
@json_option
@click.pass_obj
def change_key(line: CommandLine, /, key: KeyOptions, as_json: bool, **new: Any) -> None:
    """Another passphrase or keyfile for the key in use. Earlier generations go."""
    vault = key.open()
    made = new_material(**new)
    line.registered(lambda one: one.change_material(made), repairs=vault)
    line.say({"label": vault.slot.label, "rev": vault.rev}, [f"changed, revision {vault.rev}"], as_json=as_json)


def new_material(new_passphrase_fd: int | None, new_keyfile: Path | None) -> Material:
    """A new passphrase, read or typed twice, or a new key in a file of its own. UsageError."""
    from proxtui.cli import ask
    from proxtui.config.vault.slots import keyfile, passphrase
    from proxtui.config.vault.sources import Sources

    if new_keyfile is None and new_passphrase_fd is not None:
        return new_typed(Sources(passphrase_fd=new_passphrase_fd).material(), again=False)
    if new_keyfile is None:
        if not ask.somebody_is_there():
            raise UsageError("no new key, and no terminal to ask on: --new-passphrase-fd or --new-keyfile name one")
        return new_typed(passphrase(ask.for_secret("New passphrase")), again=True)
    raw = os.urandom(32)
    try:
        handle = os.open(new_keyfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(handle)
    except OSError as error:
        raise UsageError(f"{new_keyfile}: {error.strerror}") from None
    return keyfile(raw)


def _save(line: CommandLine, vault: OpenVault, what: str, edit: Edit) -> None:
    """Recorded as every change is. Of a value only its place is told, but for a setting."""
    tenant, server = "", ""
    if edit.path[0] == "tenants":
        tenant, server = (*edit.path[1:2], "")[0], (*edit.path[3:4], "")[0]
    about = {"name": ".".join(edit.path)}
    if edit.path[0] == "settings":
        about["value"] = str(getattr(edit, "value", "-"))
    line.registered(lambda one: one.save(what, [edit], tenant=tenant, server=server, about=about), repairs=vault)


def _names(name: str) -> tuple[str, ...]:
    return tuple(name.split("."))


def _meant(names: tuple[str, ...], text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if masked(value, names[-1]) != value:
        raise UsageError("everybody can read the arguments of a command: give secrets by --stdin")
    return value


def _read(names: tuple[str, ...]) -> Any:
    from proxtui.config.vault.contents import SECRETS

    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageError("stdin is not UTF-8") from None
    if names[-1] in SECRETS:
        return text.removesuffix("\n").removesuffix("\r")
    try:
        return json.loads(text)
    except ValueError:
        return text.removesuffix("\n").removesuffix("\r")
