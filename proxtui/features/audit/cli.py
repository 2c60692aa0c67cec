"""The verbs of the room: ``audit list``, ``show``, ``verify``, ``export``, ``prune``, ``begin``. None asks a server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Details, TableOptions, json_option, table_options
from proxtui.errors import AuditUnavailable, NotFoundError, ReadOnlyError, Tampered, UsageError
from proxtui.features.audit.choosing import chosen, filter_options, query_of, reading

if TYPE_CHECKING:
    from proxtui.core.rows import Column
    from proxtui.features.audit.chain import Record
    from proxtui.features.audit.places import AuditFiles
    from proxtui.features.audit.rows import AuditRow


def _columns() -> Sequence[Column[AuditRow]]:
    from proxtui.features.audit.rows import COLUMNS

    return COLUMNS


OPEN_IT = "`proxtui unlock`, or a key that is named, opens it"
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

    vault, files, closed = _opened(line)
    verdict = check(files, [read_noted(text) for text in anchors], vault=vault, config=closed)
    said = verdict.summary
    lost = note(files, "audit.verify", message=said, whole=verdict.whole, vault=vault)
    facts = {
        **{"rows": verdict.rows, "first": verdict.first, "last": verdict.head.seq, "mac": verdict.head.mac},
        **{
            "unjudged": verdict.unjudged,
            "anchor": verdict.anchor,
            "noted": verdict.noted,
            "begun": verdict.begun,
            "problems": [{"seq": one.seq, "what": one.what} for one in verdict.problems],
        },
    }
    if verdict.whole:
        if lost:
            line.note(f"that it was checked is not in the audit: {lost}")
        line.say({"whole": True, **facts}, [said], as_json=as_json)
        return os.EX_OK
    if not verdict.problems:
        raise UsageError(f"{said}; {OPEN_IT}")
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

    query = query_of(said)
    vault, files, _ = _opened(line)
    with reading(files) as service:
        if service is None:
            raise NotFoundError("there is no audit yet")
        kept = {name: value for name, value in said.items() if value}
        if lost := note(files, "audit.export", {"format": form, **kept}, vault=vault):
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
    from proxtui.features.audit.pruning import DAY, prunable, prune
    from proxtui.features.audit.store import open_store, system_stamp

    if not dry_run:
        _refuse_read_only("nothing of the audit is deleted")
    before = system_stamp().ts - keep_days * DAY
    vault, files, closed = _opened(line)
    if closed is not None and not dry_run:
        raise UsageError(f"config.toml is closed: {OPEN_IT}; rows are deleted under its key")
    with reading(files) as service:
        if service is None:
            raise NotFoundError("there is no audit yet")
        found = service.db.look(lambda connection: prunable(connection, before))
    if not dry_run:
        if found.rows and not yes:
            _ask(f"Delete rows {found.first} to {found.last} of the audit for ever?")
        store = open_store(files, keys=keys_of(files, vault))
        try:
            found = store.db.call_now(lambda: prune(store, before, read_actor(os.environ), reason))
        finally:
            store.close()
    what = f"rows {found.first} to {found.last} ({found.rows})" if found.rows else "nothing"
    says = f"{what} {'would be' if dry_run else 'was' if not found.rows else 'were'} deleted"
    facts = {"first": found.first, "last": found.last, "rows": found.rows, "dry_run": dry_run}
    line.say(facts, [says], as_json=as_json)


@audit.command("begin")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the audit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def begin_audit(line: CommandLine, reason: str, yes: bool, as_json: bool) -> None:
    """Begin anew on purpose, where rows are gone or not what was written; the first new row says so, and why.

    What is left stays where it is, and is not judged any more.
    """
    from proxtui.core.actor import read_actor
    from proxtui.features.audit.beginning import begin
    from proxtui.features.audit.checking import check
    from proxtui.features.audit.keys import keys_of

    _refuse_read_only("no audit is begun")
    if not reason.strip():
        raise UsageError("--reason: say why; it stands in the audit")
    vault, files, closed = _opened(line)
    if closed is not None:
        raise UsageError(f"config.toml is closed: {OPEN_IT}; the audit is begun under its key")
    try:
        verdict = check(files, vault=vault)
        said = verdict.summary
    except AuditUnavailable as error:
        verdict, said = None, str(error)
    if verdict is not None and not verdict.problems:
        raise UsageError(f"there is nothing to begin anew: {said}")
    line.note(said)
    if not yes:
        _ask("Begin a new audit?", "it asks before it begins anew")
    begun = begin(files, keys_of(files, vault), read_actor(os.environ), reason.strip())
    lines = [f"begun anew with row {begun.seq}; what was before row {begun.before + 1} is not judged any more"]
    if begun.aside:
        lines.append(f"what could not be read is kept as {files.db.with_name(begun.aside)}")
    line.say(begun._asdict(), lines, as_json=as_json)


def _opened(line: CommandLine) -> tuple[tuple[bytes, ...], AuditFiles, Path | None]:
    """Its keys where the configuration is open, where the audit is, and the configuration where it is closed."""
    from proxtui.config.paths import config_file
    from proxtui.features.audit.places import usual_files

    # In this order: only an open configuration knows how far the audit goes.
    vault = line.audit_keys()
    files = usual_files(line.ledger())
    path = config_file()
    return vault, files, path if not vault and os.path.lexists(path) else None


def _refuse_read_only(why: str) -> None:
    flags = click.get_current_context().find_root().params
    if flags.get("read_only") or flags.get("monitor"):
        raise ReadOnlyError(f"read-only: {why}")


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


def _ask(question: str, why: str = "it asks before it deletes") -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{why}: give --yes where nobody can answer")
    click.confirm(question, abort=True, err=True)
