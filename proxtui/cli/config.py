"""The verbs ``config``: make, show, check, bring back and re-key the encrypted configuration. No server is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxtui.cli.config_change import add_key, change_key, put, remove_key, unset
from proxtui.cli.config_edit import edit
from proxtui.cli.config_keys import KeyOptions, masked
from proxtui.cli.key_options import key_options
from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import ConfigError, NotConfigured, ReadOnlyError, UsageError

if TYPE_CHECKING:
    from proxtui.config.models import Config
    from proxtui.config.vault.opened import OpenVault

_FILE = click.Path(path_type=Path)
_older = click.option("--accept-older", is_flag=True, help="Use it although a newer one was seen: a restored backup.")


_READING = ("path", "show", "check")


@click.group()
@click.pass_context
def config(ctx: click.Context) -> None:
    """Keep servers, tokens and people in an encrypted file. No server is asked.

    The key is typed, or comes from what an option names, or from the systemd credential proxtui.key.
    """
    flags = ctx.find_root().params
    if ctx.invoked_subcommand not in _READING and (flags.get("read_only") or flags.get("monitor")):
        raise ReadOnlyError(f"read-only: config {ctx.invoked_subcommand} is refused, nothing was written")


@config.command()
@json_option
@click.pass_obj
def path(line: CommandLine, /, as_json: bool) -> None:
    """Where the configuration stands."""
    from proxtui.config.paths import config_file, state_folder

    found = config_file()
    value = {"path": str(found), "exists": found.exists(), "state": str(state_folder())}
    line.say(value, [str(found)], as_json=as_json)


@config.command()
@click.option("--from", "example", type=_FILE, metavar="TOML", help="Take all values of a plain file; - is stdin.")
@click.option("--label", default="admin", show_default=True, metavar="LABEL", help="Whose key it is.")
@key_options
@json_option
@click.pass_obj
def init(line: CommandLine, /, key: KeyOptions, example: Path | None, label: str, as_json: bool) -> None:
    """Make an encrypted configuration; one that is there is not overwritten."""
    from proxtui.config.vault.contents import config_of, plain_of
    from proxtui.config.vault.shape import parse_toml
    from proxtui.config.vault.unlocking import create

    seat = key.seat
    if seat.path.exists():
        raise UsageError(f"{seat.path} is there already: it is not overwritten")
    plain = None if example is None else plain_of(parse_toml(_content(example), example.name))
    if plain is not None:
        _refuse_wrong(config_of(plain))
    vault = create(seat, key.slot or label, key.new(), plain)
    said = [f"{seat.path}: {_counted(vault)}"]
    if example is not None and str(example) != "-":
        said.append(f"{example} still holds the secrets in plain text: delete it")
    line.say(_summary(key, vault), said, as_json=as_json)


@config.command()
@_older
@key_options
@json_option
@click.pass_obj
def show(line: CommandLine, /, key: KeyOptions, accept_older: bool, as_json: bool) -> None:
    """What the key may read, without passwords and secrets of tokens."""
    import tomli_w

    vault = key.open(accept_older=accept_older)
    plain = masked(vault.plain)
    text = tomli_w.dumps(plain).splitlines()
    notes = [f"# {place.tenant} / {place.server}: {why}" for place, why in vault.shut.items()]
    notes += [f"# {what}: {why}" for what, why in vault.hidden.items()]
    line.say(_summary(key, vault) | plain, text + notes, as_json=as_json)


@config.command()
@click.argument("plain_file", required=False, type=_FILE)
@_older
@key_options
@json_option
@click.pass_obj
def check(line: CommandLine, /, key: KeyOptions, plain_file: Path | None, accept_older: bool, as_json: bool) -> None:
    """Judge the configuration, or a plain TOML file (- is stdin) before `config init --from` takes it."""
    if plain_file is not None:
        from proxtui.config.reading import read_config
        from proxtui.config.vault.shape import parse_toml

        found = read_config(parse_toml(_content(plain_file), plain_file.name))
        _refuse_wrong(found)
        value: dict[str, Any] = {
            "path": str(plain_file),
            "tenants": len(found.tenants),
            "servers": len(found.servers()),
        }
        line.say(value, [f"{plain_file}: can be used"], as_json=as_json)
        return
    vault = key.open(accept_older=accept_older)
    _refuse_wrong(vault.config)
    line.say(_summary(key, vault), [f"{key.seat.path}: {_counted(vault)}, as it was written"], as_json=as_json)


@config.command()
@click.option(
    "--generation", type=click.IntRange(1, 3), metavar="N", help="1 is the newest, 3 the oldest. [the newest]"
)
@click.option("--file", type=_FILE, metavar="FILE", help="Another file than `proxtui config path` says.")
@json_option
@click.pass_obj
def restore(line: CommandLine, /, generation: int | None, file: Path | None, as_json: bool) -> None:
    """Put an earlier generation in the place of the configuration, which is kept as the first one."""
    from proxtui.config.vault.unlocking import generations
    from proxtui.config.vault.unlocking import restore as bring_back

    seat = KeyOptions(file=file).seat
    if not (kept := generations(seat.path)):
        raise NotConfigured(f"no earlier generation beside {seat.path}")
    number = generation or kept[0]
    rev = bring_back(seat, number)
    value = {"path": str(seat.path), "generation": number, "rev": rev}
    line.say(value, [f"{seat.path}: revision {rev} is back; what stood there is {seat.path.name}.1"], as_json=as_json)


@config.command()
@key_options
@json_option
@click.pass_obj
def rekey(line: CommandLine, /, key: KeyOptions, as_json: bool) -> None:
    """Give everything new keys; every passphrase and keyfile opens what it did before. Earlier generations go."""
    vault = key.open()
    line.registered(lambda one: one.rekey(), repairs=vault)
    said = f"{key.seat.path}: new keys, revision {vault.rev}; the earlier generations are gone"
    line.say(_summary(key, vault), [said], as_json=as_json)


for _command in (edit, put, unset, add_key, remove_key, change_key):
    config.add_command(_command)


def _refuse_wrong(found: Config) -> None:
    from proxtui.core.complaints import complaints
    from proxtui.registry import FEATURES

    if wrong := complaints(FEATURES, found):
        raise ConfigError(wrong[0])


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


def _counted(vault: OpenVault) -> str:
    def many(number: int, what: str) -> str:
        return f"{number} {what}{'' if number == 1 else 's'}"

    of = vault.config
    return (
        f"{many(len(of.tenants), 'tenant')}, {many(len(of.servers()), 'server')}, {many(len(vault.slots), 'key slot')}"
    )


def _summary(key: KeyOptions, vault: OpenVault) -> dict[str, Any]:
    return {
        "path": str(key.seat.path),
        "rev": vault.rev,
        "is_older": vault.is_older,
        "slot": vault.slot.label,
        "slots": [{"label": slot.label, "kind": slot.kind, "every": slot.every} for slot in vault.slots],
        "shut": [{"tenant": at.tenant, "server": at.server, "why": why} for at, why in vault.shut.items()],
        "hidden": dict(vault.hidden),
    }
