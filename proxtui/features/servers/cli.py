"""The verbs of the room that list and change servers. Those that trust, merge and import are in ``cli_more``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, json_option, table_options
from proxtui.errors import HostKeyError, UsageError
from proxtui.features.servers.cli_more import import_csv, merge, trust

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar
    from proxtui.core.rows import Column
    from proxtui.features.servers.checking import Checked
    from proxtui.features.servers.rows import ServerRow
    from proxtui.features.servers.service import Entry

_FD = click.IntRange(0)
_LISTS = {
    "more_hosts": "--more-host",
    "jumps": "--jump",
    "jump_host_keys": "--jump-host-key",
    "jump_key_files": "--jump-key-file",
}
"""Options that may be said more than once."""


def _columns() -> Sequence[Column[ServerRow]]:
    from proxtui.features.servers.rows import COLUMNS

    return COLUMNS


@click.group()
def servers() -> None:
    """Servers: clusters and standalone nodes. SERVER is its name, or TENANT/SERVER."""


def _ways(command: Any) -> Any:
    """Options that adding and changing share."""
    for option in reversed(
        (
            click.option("--port", metavar="PORT", help="Of its API. [8006]"),
            click.option("--more-host", "more_hosts", multiple=True, metavar="HOST[:PORT]", help="Another node of it."),
            click.option("--token-id", metavar="ID", help="API token, USER@REALM!ID; never with its secret."),
            click.option("--token-secret-stdin", is_flag=True, help="Read the secret, or the whole token, from stdin."),
            click.option("--token-secret-fd", type=_FD, metavar="N", help="Read it from this file descriptor."),
            click.option("--username", metavar="USER@REALM", help="A user with a password, where there is no token."),
            click.option("--password-fd", type=_FD, metavar="N", help="Read the password from there."),
            click.option("--monitor-token-id", metavar="ID", help="A read-only token, for keys that may only look."),
            click.option("--monitor-token-secret-fd", type=_FD, metavar="N", help="Read its secret from there."),
            click.option("--tailscale-hostname", metavar="HOST", help="Tried first; then the endpoints."),
            click.option("--jump", "jumps", multiple=True, metavar="USER@HOST:PORT", help="By SSH, the nearest first."),
            click.option("--jump-host-key", "jump_host_keys", multiple=True, metavar="[HOST=]KEY",
                         help="Key that a jump host shows, SHA256:... or a whole line."),
            click.option("--jump-key-file", "jump_key_files", multiple=True, metavar="[HOST=]FILE",
                         help="Private key for a jump host; without it the agent and the usual ones."),
            click.option("--timeout-ms", metavar="MS", help="Of an ordinary call. [as the tenant says]"),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def _secrets(line: CommandLine, said: dict[str, Any]) -> dict[str, Any]:
    """Take the options that lead to a secret out, and put the secrets in."""
    stdin, token_fd = said.pop("token_secret_stdin"), said.pop("token_secret_fd")
    password_fd, monitor_fd = said.pop("password_fd"), said.pop("monitor_token_secret_fd")
    if stdin or token_fd is not None or said.get("token_id"):
        said["token_secret"] = line.secret("Secret of the API token", stdin=stdin, fd=token_fd)
    if password_fd is not None:
        said["password"] = line.secret("Password", fd=password_fd)
    if monitor_fd is not None or said.get("monitor_token_id"):
        said["monitor_token_secret"] = line.secret("Secret of the read-only token", fd=monitor_fd)
    lists = {name: list(said.pop(name)) for name in _LISTS if name in said}
    given = {name: value for name, value in said.items() if value is not None}
    return given | {name: value for name, value in lists.items() if value}


@servers.command()
@click.option("--tenant", required=True, metavar="SLUG", help="Whose it is.")
@click.option("--name", required=True, metavar="NAME", help="Lower case letters, digits, - and _.")
@click.option("--host", required=True, metavar="HOST", help="Name or address of a node; a pasted URL works.")
@_ways
@click.option("--fingerprint", "fingerprints", multiple=True, metavar="SHA256", help="Trust exactly this certificate.")
@click.option("--ca-file", metavar="FILE", help="Trust this CA (PEM).")
@click.option("--unchecked", is_flag=True, help="Do not ask the server first.")
@json_option
@click.pass_obj
def add(line: CommandLine, /, fingerprints: tuple[str, ...], unchecked: bool, as_json: bool, **said: Any) -> None:
    """Add a server, once it answers and lets us in. Needs the role admin in this tenant.

    A certificate that is not trusted is shown, nothing is sent to it, and the exit code is 10: compare its fingerprint
    on the node (`pvenode cert info`), then call again with --fingerprint. So is the key of a jump host that nobody
    knows: --jump-host-key accepts it. Where there is no configuration yet, one is made, with this tenant in it.
    """
    from proxtui.features.servers.checking import Untrusted, tried
    from proxtui.features.servers.models import NewServer
    from proxtui.features.servers.service import add as make
    from proxtui.features.servers.service import wanted

    repeat = ["proxtui", "servers", "add", *_repeated(said)]
    repeat += [word for one in fingerprints for word in ("--fingerprint", one)]
    new = NewServer(**_secrets(line, dict(said)), **({"fingerprints": list(fingerprints)} if fingerprints else {}))

    async def work(registrar: Registrar) -> tuple[Entry, Checked | None]:
        await _tenant_of_first(registrar, new.tenant)
        server, _ = wanted(registrar.config, new)
        # Before the server is asked: whoever may not add it needs no answer of it.
        if (refused := registrar.refusal("servers.add", new.tenant)) is not None:
            await registrar.deny("servers.add", refused.partition(": ")[2], tenant=new.tenant)
        checked = None if unchecked else await tried(_place(new), server)
        return await make(registrar, new), checked

    try:
        entry, checked = line.registered(work, makes_first=True)
    except Untrusted as error:
        _show_certificate(line, error, repeat)
        raise
    except HostKeyError as error:
        _show_host_key(line, error, repeat)
        raise
    _say(line, entry, checked, "added", as_json=as_json)
    line.note("how it is: `proxtui servers health-check`; more nodes of it: `proxtui servers merge`")


def _place(new: Any) -> Any:
    from proxtui.config.models import Place

    return Place(new.tenant, new.name)


async def _tenant_of_first(registrar: Registrar, slug: str) -> None:
    """In a configuration that holds nothing yet, the first server brings its tenant."""
    if registrar.config.tenants or registrar.vault.hidden:
        return
    from proxtui.config.vault.edits import add_tenant

    await registrar.save("tenants.create", [add_tenant(slug, slug)], about={"name": slug})


def _repeated(said: dict[str, Any]) -> list[str]:
    """The words of this call, for another one: there is no secret among them."""
    words = []
    for name, value in said.items():
        option = _LISTS.get(name, f"--{name.replace('_', '-')}")
        if value is True:
            words.append(option)
        elif isinstance(value, tuple):
            words += [word for one in value for word in (option, one)]
        elif value not in (None, False):
            words += [option, str(value)]
    return words


def _show_certificate(line: CommandLine, error: Any, repeat: list[str]) -> None:
    import shlex

    shown = error.shown
    if shown is None:
        return
    line.note(f"certificate of {error.endpoint}, not trusted; nothing was sent to it")
    line.note(f"  subject      {shown.subject}")
    line.note(f"  for          {', '.join(shown.names) or 'no name'}")
    line.note(f"  issued by    {shown.issuer}")
    line.note(f"  valid        {shown.not_before:%Y-%m-%d} to {shown.not_after:%Y-%m-%d}")
    line.note(f"  SHA-256      {shown.fingerprint}")
    line.note(
        "if the node's `pvenode cert info` says the same: " + shlex.join([*repeat, "--fingerprint", shown.fingerprint])
    )


def _show_host_key(line: CommandLine, error: HostKeyError, repeat: list[str]) -> None:
    """The line that accepts the key of a jump host which nobody knows; of one that has changed there is none."""
    import shlex

    if error.kind == "unknown" and error.seen:
        more = ["--jump-host-key", f"{error.hop}={error.seen}"]
        line.note("if `ssh-keygen -lf` on the jump host says the same: " + shlex.join([*repeat, *more]))


@servers.command("list")
@click.option("--tenant", default="", metavar="SLUG", help="Of this tenant alone.")
@click.option("--check", is_flag=True, help="Ask each of them first: status, path, latency, certificate, error.")
@table_options(_columns, fields=lambda: ("tenant", "server", "name", "status"))
@click.pass_obj
def list_servers(line: CommandLine, /, options: TableOptions, tenant: str, check: bool) -> None:
    """List the servers that the key opens, those that are switched off too. None is asked without --check."""
    line.local(_columns(), lambda: Found(_rows(line, tenant, check=check)[0]), options)


@servers.command("health-check")
@click.argument("names", nargs=-1, metavar="[SERVER]...")
@click.option("--tenant", default="", metavar="SLUG", help="Of this tenant alone.")
@json_option
@click.pass_obj
def health_check(line: CommandLine, /, names: tuple[str, ...], tenant: str, as_json: bool) -> int:
    """Ask servers how they are: the given ones, or all. Nodes of one cluster that were added twice are named.

    Exits 0 when all are well, 10 for the network and TLS, 11 for the login, 1 for nodes and quorum.
    """
    from proxtui.features.servers.checking import one_cluster
    from proxtui.features.servers.rows import as_json as whole

    rows, checks = _rows(line, tenant, check=True, names=names)
    if as_json:
        line.say({"rows": [whole(row) for row in rows], "sources": []}, (), as_json=True)
    else:
        line.local(_columns(), lambda: Found(rows), TableOptions())
    for group in one_cluster(checks):
        called = " ".join("/".join(place) for place in group)
        line.note(f"one cluster, configured {len(group)} times: `proxtui servers merge {called}` makes it one server")
    codes = {one.exit_code for one in checks}
    return next((code for code in (10, 11, 1) if code in codes), 0)


def _rows(
    line: CommandLine, tenant: str, *, check: bool, names: tuple[str, ...] = ()
) -> tuple[list[ServerRow], list[Checked]]:
    import time

    from proxtui.features.servers.checking import check_all
    from proxtui.features.servers.rows import rows_of
    from proxtui.features.servers.service import found, listed

    async def read(registrar: Registrar) -> tuple[list[Entry], list[Checked]]:
        entries = [found(registrar, name) for name in names] if names else listed(registrar, tenant)
        asked = [(one.place, one.server) for one in entries if check and one.is_asked and not _is_shut(one)]
        return entries, await check_all(asked)

    entries, checks = line.registered(read)
    return rows_of(entries, checks, time.time()), checks


def _is_shut(entry: Entry) -> bool:
    # Read-only credentials are enough to ask it.
    return bool(entry.shut) and not entry.server.credentials.userid


@servers.command()
@click.argument("name", metavar="SERVER")
@click.option("--check", is_flag=True, help="Ask it first.")
@json_option
@click.pass_obj
def show(line: CommandLine, /, name: str, check: bool, as_json: bool) -> None:
    """A server as it is configured, without its secrets."""
    from proxtui.features.servers.rows import as_json as whole

    (row,), _ = _rows(line, "", check=check, names=(name,))
    value = whole(row)
    said = [f"{key}: {_text(one)}" for key, one in value.items() if one not in (None, [], "")]
    line.say(value, said, as_json=as_json)


@servers.command()
@click.argument("server", metavar="SERVER")
@click.option("--name", metavar="NAME", help="Another name; its history stays under the old one.")
@click.option("--host", metavar="HOST", help="The first endpoint.")
@_ways
@click.option("--no-tailscale", is_flag=True, help="Forget its Tailscale name.")
@click.option("--no-jump", is_flag=True, help="Go there without SSH.")
@click.option("--unchecked", is_flag=True, help="Do not log in on new jump hosts first.")
@json_option
@click.pass_obj
def update(
    line: CommandLine, /, server: str, no_tailscale: bool, no_jump: bool, unchecked: bool, as_json: bool, **said: Any
) -> None:
    """Change what an option says. Whom to trust there: `proxtui servers trust`.

    Of a jump host that stays, host keys and key file stay. Jump hosts that are said are logged in on before it is
    saved; a key that nobody knows is shown, and the exit code is 10.
    """
    from proxtui.features.servers.models import ServerChange
    from proxtui.features.servers.service import update as make

    repeat = ["proxtui", "servers", "update", server, *_repeated(said)]
    given = _secrets(line, said)
    given |= ({"tailscale_hostname": None} if no_tailscale else {}) | ({"jumps": []} if no_jump else {})
    if not given:
        raise UsageError("nothing to change: see `proxtui servers update --help`")
    change = ServerChange(**given)
    is_tried = not unchecked and any(given.get(name) for name in ("jumps", "jump_host_keys", "jump_key_files"))

    async def tried(registrar: Registrar, name: str, change: ServerChange) -> Entry:
        from proxtui.features.servers.checking import pass_jump_hosts
        from proxtui.features.servers.service import changed

        if is_tried:
            await pass_jump_hosts(changed(registrar, name, change)[1])
        return await make(registrar, name, change)

    try:
        _change(line, tried, server, change, "changed", as_json=as_json)
    except HostKeyError as error:
        _show_host_key(line, error, repeat)
        raise


@servers.command()
@click.argument("name", metavar="SERVER")
@json_option
@click.pass_obj
def deactivate(line: CommandLine, /, name: str, as_json: bool) -> None:
    """Switch a server off: it is asked nothing, and all of it stays."""
    from proxtui.features.servers.service import set_active

    _change(line, set_active, name, False, "switched off", as_json=as_json)


@servers.command()
@click.argument("name", metavar="SERVER")
@json_option
@click.pass_obj
def activate(line: CommandLine, /, name: str, as_json: bool) -> None:
    """Switch a server on again."""
    from proxtui.features.servers.service import set_active

    _change(line, set_active, name, True, "switched on", as_json=as_json)


@servers.command()
@click.argument("name", metavar="SERVER")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def delete(line: CommandLine, /, name: str, yes: bool, as_json: bool) -> None:
    """Take a server away from the configuration. Nothing happens to it in PVE: its token is still good there."""
    from proxtui.features.servers.service import delete as take_away
    from proxtui.features.servers.service import found

    async def work(registrar: Registrar) -> Entry:
        found(registrar, name)
        line.agreed(f"Delete the server {name} from the configuration", name, yes=yes)
        return await take_away(registrar, name)

    entry = line.registered(work)
    called, who = "/".join(entry.place), entry.server.credentials.token_id or entry.server.credentials.userid
    value = {"success": True, "tenant": entry.place.tenant, "name": entry.place.server, "still_good": who or None}
    line.say(value, [f"{called}: deleted; {who or 'its login'} is still good in PVE"], as_json=as_json)


def _change(line: CommandLine, make: Any, name: str, what: Any, done: str, *, as_json: bool) -> None:
    async def work(registrar: Registrar) -> Entry:
        entry: Entry = await make(registrar, name, what)
        return entry

    _say(line, line.registered(work), None, done, as_json=as_json)


def _say(line: CommandLine, entry: Entry, checked: Checked | None, done: str, *, as_json: bool) -> None:
    import time

    from proxtui.features.servers.rows import ServerRow
    from proxtui.features.servers.rows import as_json as whole

    row = ServerRow(entry, checked, time.time())
    told = f"{'/'.join(entry.place)}: {done}; {row.endpoints}, trust {entry.server.trust.mode}"
    if checked is not None:
        told += f", PVE {checked.version}, {checked.nodes if checked.nodes is not None else 'unknown'} nodes"
    line.say(whole(row), [told], as_json=as_json)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


for _command in (trust, merge, import_csv):
    servers.add_command(_command)
