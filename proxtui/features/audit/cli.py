"""The verbs of the room: ``audit list``, ``show``, ``verify``, ``export`` and ``prune``. None asks a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Details, TableOptions, json_option, table_options
from proxtui.errors import NotFoundError, ReadOnlyError, Tampered, UsageError
from proxtui.features.audit.choosing import chosen, filter_options, query_of, reading

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.features.audit.chain import Record
    from proxtui.features.audit.rows import AuditRow


def _columns() -> Sequence[Column[AuditRow]]:
    from proxtui.features.audit.rows import COLUMNS

    return COLUMNS


FIELDS = ("type", "status", "name", "id", "vmid", "node", "server", "tenant", "user", "age")
"""What filter terms find in a row."""


@click.group()
def audit() -> None:
    """Who changed what, with which result, and the proof that nobody altered it."""


@audit.command("list")
@filter_options
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="At most so many rows."
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the newest so many.")
@table_options(_columns, fields=lambda: FIELDS)
@click.pass_obj
def list_audit(line: CommandLine, /, options: TableOptions, limit: int, offset: int, **said: Any) -> None:
    """List what was done, the newest first.

    Such as: --since 7d --result failed  --filter "status:outcome user:alice"
    """
    from proxtui.features.audit.places import usual_files

    query = query_of(said, limit=limit, offset=offset)
    files = usual_files(line.ledger())
    line.local(_columns(), lambda: chosen(files, query, options), options)


@audit.command("show")
@click.argument("row", metavar="ROW|ID")
@json_option
@click.pass_obj
def show_audit(line: CommandLine, row: str, as_json: bool) -> None:
    """Show one row and the change that it belongs to: by its number, or by the ID of the change."""
    line.local_details(lambda: _details(line, row), as_json=as_json)


@audit.command("verify")
@click.option("--anchor", "anchors", multiple=True, metavar="SEQ:MAC|FILE", help="An end that was noted elsewhere.")
@json_option
@click.pass_obj
def verify_audit(line: CommandLine, anchors: Sequence[str], as_json: bool) -> int:
    """Check every row. Exits 0 when all is what was written, 5 when not, and names the rows."""
    from proxtui.features.audit.anchors import read_noted
    from proxtui.features.audit.checking import check, note
    from proxtui.features.audit.places import usual_files

    vault, files = line.audit_keys(), usual_files(line.ledger())
    verdict = check(files, [read_noted(text) for text in anchors], vault=vault)
    said = verdict.summary
    lost = note(files, "audit.verify", message=said, whole=verdict.whole, vault=vault)
    facts = {
        **{"rows": verdict.rows, "first": verdict.first, "last": verdict.head.seq, "mac": verdict.head.mac},
        **{
            "unjudged": verdict.unjudged,
            "anchor": verdict.anchor,
            "problems": [{"seq": one.seq, "what": one.what} for one in verdict.problems],
        },
    }
    if verdict.whole:
        if lost:
            line.note(f"that it was checked is not in the audit: {lost}")
        line.say({"whole": True, **facts}, [said], as_json=as_json)
        return os.EX_OK
    if not verdict.problems:
        raise UsageError(f"{said}; `proxtui unlock`, or a key that is named, lets them be judged")
    error = Tampered(said, place=f"row {verdict.problems[0].seq}")
    if not as_json:
        line.say({}, [one.what for one in verdict.problems], as_json=False)
        raise error
    details = {"kind": "Tampered", "exit_code": error.exit_code, "place": error.place, **facts}
    line.say({"error": str(error), "details": details}, [], as_json=True)
    return error.exit_code


@audit.command("export")
@filter_options
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "syslog"]), default="jsonl", show_default=True)
@click.option("--output", "-o", metavar="FILE", help="A new file, only for you; otherwise stdout.")
@click.pass_obj
def export_audit(line: CommandLine, /, form: str, output: str | None, **said: Any) -> None:
    """Take the audit out, the oldest row first. That it was taken out is itself a row."""
    from proxtui.features.audit.checking import note
    from proxtui.features.audit.export import FORMATS
    from proxtui.features.audit.places import usual_files

    query = query_of(said)
    files = usual_files(line.ledger())
    with reading(files) as service:
        if service is None:
            raise NotFoundError("there is no audit yet")
        kept = {name: value for name, value in said.items() if value}
        if lost := note(files, "audit.export", {"format": form, **kept}, vault=line.audit_keys()):
            # A copy on a read-only disk, a full one: what is there can be taken out all the same.
            line.note(f"that it was taken out is not in the audit: {lost}")
        _write(FORMATS[form](service.oldest(query)), output)


@audit.command("prune")
@click.option("--keep-days", type=click.IntRange(1, 36_500), default=400, show_default=True, help="Keep so many days.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept in the audit.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def prune_audit(line: CommandLine, keep_days: int, reason: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete old rows: whole pieces of the chain (a month, or 100,000 rows). The audit itself says what went."""
    from proxtui.core.actor import read_actor
    from proxtui.features.audit.keys import keys_of
    from proxtui.features.audit.places import usual_files
    from proxtui.features.audit.pruning import DAY, prunable, prune
    from proxtui.features.audit.store import open_store, system_stamp

    flags = click.get_current_context().find_root().params
    if not dry_run and (flags.get("read_only") or flags.get("monitor")):
        raise ReadOnlyError("read-only: nothing of the audit is deleted")
    before = system_stamp().ts - keep_days * DAY
    files = usual_files(line.ledger())
    with reading(files) as service:
        if service is None:
            raise NotFoundError("there is no audit yet")
        found = service.db.look(lambda connection: prunable(connection, before))
    if not dry_run:
        if found.rows and not yes:
            _ask(f"Delete rows {found.first} to {found.last} of the audit for ever?")
        store = open_store(files, keys=keys_of(files, line.audit_keys()))
        try:
            found = store.db.call_now(lambda: prune(store, before, read_actor(os.environ), reason))
        finally:
            store.close()
    what = f"rows {found.first} to {found.last} ({found.rows})" if found.rows else "nothing"
    says = f"{what} {'would be' if dry_run else 'was' if not found.rows else 'were'} deleted"
    facts = {"first": found.first, "last": found.last, "rows": found.rows, "dry_run": dry_run}
    line.say(facts, [says], as_json=as_json)


def _details(line: CommandLine, wanted: str) -> Details:
    from proxtui.features.audit.places import usual_files
    from proxtui.features.audit.telling import told

    with reading(usual_files(line.ledger())) as service:
        record = None
        story: list[Record] = []
        if service is not None and wanted.isdecimal() and len(wanted) < 19:
            record = service.one(int(wanted))
            story = service.story(record.op_id) if record and record.op_id else []
        elif service is not None and wanted:
            story = service.story(wanted)
            record = story[-1] if story else None
        if record is None:
            raise NotFoundError(f"the audit has no row and no change {wanted[:60]!r}")
        try:
            return told(record, story)
        except (KeyError, TypeError, ValueError) as error:
            raise Tampered(f"row {record.seq} is not what proxtui wrote", place=f"row {record.seq}") from error


def _write(lines: Iterable[str], output: str | None) -> None:
    if output is None:
        for line in lines:
            sys.stdout.write(line)
        return
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise UsageError(f"--output: cannot write {output}: {error.strerror}") from error


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("it asks before it deletes: give --yes where nobody can answer")
    click.confirm(question, abort=True, err=True)
