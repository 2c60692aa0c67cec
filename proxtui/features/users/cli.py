"""The verbs of the room: ``users list | add | update | delete``. No server is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, json_option, table_options
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.config.vault.opened import Readable
    from proxtui.core.registrar import Registrar
    from proxtui.core.rows import Column
    from proxtui.features.users.rows import UserRow
    from proxtui.features.users.service import Person


def _columns() -> Sequence[Column[UserRow]]:
    from proxtui.features.users.rows import COLUMNS

    return COLUMNS


_roles = click.option("--role", "roles", multiple=True, metavar="SLUG=ROLE", help="admin, operator or viewer there.")
_system = click.option("--system-role", type=click.Choice(["admin", "user"]), help="admin changes everything here.")


@click.group()
def users() -> None:
    """People: each opens the configuration with a key of their own and has a role in each tenant."""


@users.command("list")
@table_options(_columns, fields=lambda: ("name", "user", "type"))
@click.pass_obj
def list_users(line: CommandLine, /, options: TableOptions) -> None:
    """List users and keys: whoever has only one of the two, too."""
    from proxtui.features.users.rows import rows_of
    from proxtui.features.users.service import listed

    async def read(registrar: Registrar) -> list[Person]:
        return listed(registrar)

    line.local(_columns(), lambda: Found(rows_of(line.registered(read))), options)


@users.command()
@click.argument("name")
@_roles
@_system
@click.option(
    "--scope",
    type=click.Choice(["monitor", "admin"]),
    help="What their key opens of these tenants. [monitor for viewers, else admin]",
)
@click.option("--new-passphrase-fd", type=click.IntRange(0), metavar="N", help="Read their passphrase from there.")
@click.option(
    "--new-keyfile",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make this file with a new random key in it.",
)
@click.option("--without-key", is_flag=True, help="They have a key already, or get one later: `config add-key NAME`.")
@json_option
@click.pass_obj
def add(
    line: CommandLine,
    /,
    name: str,
    roles: tuple[str, ...],
    new_passphrase_fd: int | None,
    new_keyfile: Path | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Add a person and their key in one go. Needs the system role admin. Their passphrase is typed if none is named.

    Where nobody is configured yet, you become the first system admin.
    """
    from proxtui.features.users.models import NewUser
    from proxtui.features.users.service import add as make
    from proxtui.features.users.service import refuse

    without_key = said.pop("without_key")
    wanted = NewUser(name=name, roles=list(roles), **{key: word for key, word in said.items() if word})
    if without_key and (new_keyfile or new_passphrase_fd is not None):
        raise UsageError("--without-key, or a new key, not both")

    async def work(registrar: Registrar) -> Person:
        refuse(registrar, wanted)
        refused = registrar.refusal("users.add")
        # Nobody is to type a passphrase, and no keyfile to be made, for nothing.
        key = None if without_key or refused else line.new_key(new_passphrase_fd, new_keyfile)
        return await make(registrar, wanted, key)

    _say(line, line.registered(work), "added", as_json=as_json)


@users.command()
@click.argument("name")
@_roles
@click.option("--no-role", "gone", multiple=True, metavar="SLUG", help="Take the role in this tenant away.")
@_system
@json_option
@click.pass_obj
def update(
    line: CommandLine,
    /,
    name: str,
    roles: tuple[str, ...],
    gone: tuple[str, ...],
    system_role: str | None,
    as_json: bool,
) -> None:
    """Give NAME other roles; those that are not named stay. Needs the system role admin.

    What their key opens stays, too: who is to see less needs another key.
    """
    from proxtui.features.users.models import UserChange
    from proxtui.features.users.service import found
    from proxtui.features.users.service import update as make

    said: dict[str, Any] = {"system_role": system_role} if system_role else {}
    wanted = UserChange(roles=list(roles), **said)

    async def work(registrar: Registrar) -> Person:
        user = found(registrar, name).user
        now = dict(user.roles) if user else {}
        if unknown := sorted(set(gone) - set(now)):
            raise UsageError(f"{name} has no role in {unknown[0]}")
        meant = {slug: role for slug, role in (now | (wanted.roles or {})).items() if slug not in gone}
        return await make(registrar, name, UserChange(roles=meant, **said))

    _say(line, line.registered(work), "changed", as_json=as_json)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def delete(line: CommandLine, /, name: str, yes: bool, as_json: bool) -> None:
    """Take NAME away: user, roles and key; everything gets new keys. The audit keeps the name.

    Names the credentials they could read, to be rotated in PVE. Needs the system role admin; nobody deletes themselves.
    """
    from proxtui.features.users.service import delete as take_away

    line.agreed(f"Delete the user {name} and their key", name, yes=yes)

    async def work(registrar: Registrar) -> tuple[Readable, ...]:
        return await take_away(registrar, name)

    could_read = line.registered(work)
    told = [{"tenant": one.place.tenant, "server": one.place.server, "who": one.who} for one in could_read]
    said = [f"{name}: deleted; everything has new keys, and the earlier generations are gone"]
    said += [f"could read, rotate it in PVE: {one['tenant']} / {one['server']}: {one['who']}" for one in told]
    line.say({"success": True, "id": name, "could_read": told}, said, as_json=as_json)


def _say(line: CommandLine, person: Person, done: str, *, as_json: bool) -> None:
    from proxtui.features.users.rows import UserRow
    from proxtui.features.users.rows import as_json as whole

    row = UserRow(person)
    key = f"opens {row.opens} by a {person.key}" if person.key else "has no key yet"
    said = f"{person.name}: {done}; system role {row.system_role}, {row.roles or 'no role in any tenant'}, {key}"
    line.say(whole(person), [said], as_json=as_json)
