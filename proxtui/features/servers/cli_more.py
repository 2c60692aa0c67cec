"""The verbs ``servers trust | merge | import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar
    from proxtui.features.servers.importing import Row
    from proxtui.features.servers.service import Entry
    from proxtui.features.servers.trusting import Seen


@click.command()
@click.argument("name", metavar="SERVER")
@click.option("--fingerprint", "pins", multiple=True, metavar="SHA256", help="Trust exactly this certificate.")
@click.option("--add", "beside", is_flag=True, help="Beside those that are pinned: while one is being renewed.")
@click.option("--remove", "gone", metavar="SHA256", help="Trust this certificate no more.")
@click.option("--ca-file", metavar="FILE", help="Trust what this CA signed (PEM).")
@click.option("--system", is_flag=True, help="Trust the authorities of this system.")
@click.option("--fetch", is_flag=True, help="Ask it for the fingerprints of all its nodes; with --add pin them.")
@click.option("--new-cluster", is_flag=True, help="It was rebuilt or renamed: forget which cluster it was.")
@json_option
@click.pass_obj
def trust(
    line: CommandLine, /, name: str, pins: tuple[str, ...], beside: bool, gone: str | None, as_json: bool, **said: Any
) -> None:
    """Show whom SERVER is trusted by and the certificates that it shows now, or change that.

    Looking sends nothing. Compare a fingerprint on the node (`pvenode cert info`) before you pin it.
    """
    from proxtui.features.servers import trusting
    from proxtui.features.servers.service import found

    ways = {"pins": pins, "gone": gone, **said}
    _refuse_two(ways, beside=beside)
    looks = not any(ways.values())
    nodes: dict[str, str] = {}

    async def work(registrar: Registrar) -> tuple[Entry, list[Seen]]:
        entry = found(registrar, name)
        if said["fetch"]:
            nodes.update(await trusting.fetch(entry.place, entry.server))
        elif looks:
            return entry, await trusting.look(entry.server)
        return await _changed(registrar, entry, ways, nodes, beside=beside), []

    entry, seen = line.registered(work)
    held = entry.server.trust
    value: dict[str, Any] = {
        "tenant": entry.place.tenant,
        "name": entry.place.server,
        "mode": held.mode,
        "fingerprints": list(held.fingerprints),
        "ca_file": str(held.ca_file) if held.ca_file else None,
    }
    told = [f"{'/'.join(entry.place)}: trust {held.mode}", *(f"  pinned  {pin}" for pin in held.fingerprints)]
    told += [f"  CA      {held.ca_file}"] if held.ca_file else []
    if said["new_cluster"]:
        told.append("  the endpoint that answers next says which cluster it is")
    if said["fetch"]:
        value["nodes"] = nodes
        told += [f"  {node}  {pin}{' (pinned)' if pin in held.fingerprints else ''}" for node, pin in nodes.items()]
    if looks:
        value["seen"] = [_seen_json(one) for one in seen]
        told += [_seen_line(one) for one in seen]
    line.say(value, told, as_json=as_json)


def _refuse_two(ways: dict[str, Any], *, beside: bool) -> None:
    if sum(map(bool, ways.values())) > 1:
        raise UsageError("one of --fingerprint, --remove, --ca-file, --system, --fetch and --new-cluster at a time")
    if beside and not (ways["pins"] or ways["fetch"]):
        raise UsageError("--add goes with --fingerprint or --fetch")


async def _changed(
    registrar: Registrar, entry: Entry, ways: dict[str, Any], nodes: dict[str, str], *, beside: bool
) -> Entry:
    from proxtui.features.servers import trusting

    name = "/".join(entry.place)
    if ways["pins"]:
        return await trusting.pin(registrar, name, ways["pins"], beside=beside)
    if ways["gone"]:
        return await trusting.unpin(registrar, name, ways["gone"])
    if ways["ca_file"] or ways["system"]:
        return await trusting.trust_authority(registrar, name, ways["ca_file"])
    if ways["new_cluster"]:
        return await trusting.accept_cluster(registrar, name)
    if beside and nodes:
        return await trusting.pin(registrar, name, list(nodes.values()), beside=True, nodes=len(nodes))
    return entry


def _seen_json(one: Seen) -> dict[str, Any]:
    shown = one.certificate
    return {
        "endpoint": one.endpoint,
        "fingerprint": shown.fingerprint if shown else None,
        "subject": shown.subject if shown else None,
        "not_before": shown.not_before.isoformat() if shown else None,
        "not_after": shown.not_after.isoformat() if shown else None,
        "is_pinned": one.is_pinned,
        "error": one.error or None,
    }


def _seen_line(one: Seen) -> str:
    shown = one.certificate
    if shown is None:
        return f"  {one.endpoint} {one.error}"
    word = "pinned" if one.is_pinned else "not pinned"
    return f"  {one.endpoint} shows {shown.fingerprint} ({word}), {shown.subject}, until {shown.not_after:%Y-%m-%d}"


@click.command()
@click.argument("into", metavar="SERVER")
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def merge(line: CommandLine, /, into: str, others: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Make one server of several nodes of one cluster: SERVER gets the endpoints of the OTHERs, which go.

    Each is asked first whether it is the same cluster. The token of SERVER is kept.
    """
    from proxtui.features.servers.merging import merge as make
    from proxtui.features.servers.service import found

    async def work(registrar: Registrar) -> Entry:
        for name in (into, *others):
            found(registrar, name)
        line.agreed(f"Take {', '.join(others)} away and give {into} their endpoints", into, yes=yes)
        return await make(registrar, into, *others)

    entry = line.registered(work)
    labels = [one.label for one in entry.server.endpoints]
    value = {"tenant": entry.place.tenant, "name": entry.place.server, "endpoints": labels, "merged": list(others)}
    line.say(value, [f"{'/'.join(entry.place)}: {', '.join(labels)}"], as_json=as_json)


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--tenant", default="", metavar="SLUG", help="Of rows that name none.")
@click.option("--dry-run", is_flag=True, help="Judge every row, and add none.")
@json_option
@click.pass_obj
def import_csv(line: CommandLine, /, file: Path, tenant: str, dry_run: bool, as_json: bool) -> int:
    """Add servers from a CSV file, row by row: a bad one stops no other. None is asked; do a health-check afterwards.

    The first line has the headings: name, host; tenant, port, token (USER@REALM!ID=SECRET), or token_id and
    token_secret, fingerprint, ca_file, timeout (seconds), tailscale_hostname, use_tailscale, jumps, monitor_token.
    The file holds tokens: it must be readable by you alone. Exits 2 when a row failed.
    """
    from proxtui.features.servers.importing import import_servers

    async def work(registrar: Registrar) -> tuple[Row, ...]:
        return await import_servers(registrar, file, tenant=tenant, dry_run=dry_run)

    report = line.registered(work)
    failed = [one for one in report if not one.ok]
    done = "would be added" if dry_run else "added"
    value = {
        "success": len(report) - len(failed),
        "failed": [{"line": one.line, "name": one.name, "error": one.why} for one in failed],
        "message": f"{len(report) - len(failed)} of {len(report)} {done}",
        "dry_run": dry_run,
    }
    told = [f"line {one.line}: {one.name or 'no name'}: {done if one.ok else 'failed: ' + one.why}" for one in report]
    line.say(value, [*told, str(value["message"])], as_json=as_json)
    if not dry_run and not failed:
        line.note(f"{file} still holds the tokens: delete it")
    return 2 if failed else 0
