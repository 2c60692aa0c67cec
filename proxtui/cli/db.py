"""``proxtui db``: where audit and metrics are kept, bringing them up to date, and copying them to PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import NotFoundError, ReadOnlyError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from proxtui.core.db import Schema

TENTHS = 10

COUNTED = {"audit": "audit", "metrics": "metric_calls"}
"""The table of each schema that tells how much is there."""


@click.group()
def db() -> None:
    """Where audit and metrics are kept, and moving them to PostgreSQL."""


@db.command()
@json_option
@click.pass_obj
def info(line: CommandLine, as_json: bool) -> None:
    """Say where each database is, its version, and how many rows are in it. Changes nothing."""
    found = [_known(line, schema) for schema in _schemas()]
    lines = [
        f"{one['name']}: {one['place']}, "
        + (f"version {one['version']} of {one['newest']}, {one['rows']} rows" if one["exists"] else "not there yet")
        + (f", chain {one['chain']}" if one["chain"] else "")
        + (f"; all chains: {', '.join(one['chains'])}" if one["chains"] else "")
        for one in found
    ]
    line.say({"databases": found}, lines, as_json=as_json)


@db.command()
@json_option
@click.pass_obj
def migrate(line: CommandLine, as_json: bool) -> None:
    """Make the tables, and bring them to the version of this proxtui. An SQLite file is copied first."""
    from proxtui.errors import NewerFormat

    _refuse_read_only("no database is changed")
    done: list[dict[str, Any]] = []
    for schema in _schemas():
        before = _known(line, schema)
        if before["version"] > schema.version:
            raise NewerFormat(f"{before['place']} is of a newer proxtui: nothing was written")
        if before["shared"] or before["exists"]:
            _opened(line, schema, only_read=False).close()
            done.append({"name": schema.name, "from": before["version"], "to": schema.version})
    lines = [f"{one['name']}: version {one['from']} -> {one['to']}" for one in done] or ["there is nothing yet"]
    line.say({"migrated": done}, lines, as_json=as_json)


@db.command()
@json_option
@click.pass_obj
def copy(line: CommandLine, as_json: bool) -> None:
    """Copy audit and metrics from their SQLite files to the PostgreSQL that is configured.

    Can be repeated and resumed: nothing is there twice.
    """
    from proxtui.features.audit.copying import copied
    from proxtui.features.audit.places import AuditFiles, usual_files

    _refuse_read_only("nothing is copied")
    files = usual_files(line.ledger())
    if files.url is None:
        raise UsageError("no database is configured to copy to: PROXTUI_DATABASE_URL, or settings.database_url")
    there = AuditFiles(files.folder)
    paths = {schema.name: files.folder / f"{schema.name}.db" for schema in _schemas()}
    here = [schema for schema in _schemas() if paths[schema.name].exists()]
    if not here:
        raise NotFoundError(f"{' and '.join(map(str, paths.values()))} are not there: there is nothing to copy")
    _refuse_newer(line, [(schema, paths[schema.name]) for schema in here])
    done: dict[str, Any] = dict.fromkeys(paths)
    says = []
    for schema in here:
        if schema.name == "audit":
            found = copied(there, files, line.audit_keys(), tell=_Progress("audit"))
            says.append(_said("audit", found, "rows") + f"; chain {found.chain}, verified")
        else:
            found = _copied_metrics(line, schema, paths[schema.name])
            says.append(_said("metrics", found, "calls"))
        done[schema.name] = found._asdict()
    line.say(done, says, as_json=as_json)


def _copied_metrics(line: CommandLine, schema: Schema, path: Path) -> Any:
    from proxtui.core.db import open_database
    from proxtui.features.metrics.copying import copied

    with (
        closing(open_database(schema, path, only_read=True)) as source,
        closing(_opened(line, schema, only_read=False)) as target,
    ):
        return copied(source, target, _Progress("metrics"))


def _said(name: str, found: Any, what: str) -> str:
    return f"{name}: {found.rows} {what}, {found.copied} copied now, {found.there} were there"


class _Progress:
    """Says on stderr how far it is: once for each tenth, which of few rows is nothing before the end."""

    def __init__(self, name: str) -> None:
        self._name, self._tenth = name, 0

    def __call__(self, done: int, total: int) -> None:
        from proxtui.cli.output import narrate

        tenth = 10 * done // total
        if self._tenth < tenth < TENTHS:
            self._tenth = tenth
            narrate(f"{self._name}: {done:,} of {total:,} ({tenth}0 %)")


def _refuse_newer(line: CommandLine, files: Sequence[tuple[Schema, Path]]) -> None:
    """Before the first row is copied. What is older is brought up to date on the way."""
    from proxtui.core.db import open_database
    from proxtui.errors import NewerFormat

    for schema, path in files:
        for make in (partial(open_database, schema, path), partial(_opened, line, schema)):
            with closing(make(only_read=True)) as opened:
                if opened.newer:
                    raise NewerFormat(
                        f"{opened.place}: {schema.what} has version {opened.version}, of a newer proxtui than this one"
                        f" ({schema.version}): nothing was copied"
                    )


def _schemas() -> list[Schema]:
    from proxtui.features.audit.tables import SCHEMA
    from proxtui.features.metrics.tables import SCHEMA as METRICS

    return [SCHEMA, METRICS]


def _opened(line: CommandLine, schema: Schema, *, only_read: bool) -> Any:
    from proxtui.core.db import open_database
    from proxtui.features.audit.places import usual_files

    files = usual_files(line.ledger())
    path = files.folder / f"{schema.name}.db"
    return open_database(schema, path, files.url, scope=files.chain(), only_read=only_read)


def _known(line: CommandLine, schema: Schema) -> dict[str, Any]:
    from sqlalchemy import func, select

    from proxtui.features.audit.places import usual_files
    from proxtui.features.audit.service import AuditService

    files = usual_files(line.ledger())
    about: dict[str, Any] = {"name": schema.name, "place": files.place, "shared": files.url is not None}
    about |= {
        "exists": False,
        "version": 0,
        "newest": schema.version,
        "rows": 0,
        "chain": files.chain() or "",
        "chains": [],
    }
    if files.url is None:
        about["place"] = str(path := files.folder / f"{schema.name}.db")
        if not path.exists():
            return about
    opened = _opened(line, schema, only_read=True)
    try:
        table = schema.metadata.tables[COUNTED[schema.name]]
        count = select(func.count()).select_from(table)
        rows = opened.look(lambda connection: connection.execute(count).scalar_one()) if opened.exists else 0
        about |= {"exists": opened.exists, "version": opened.version, "rows": rows}
        if opened.exists and opened.is_shared and schema.name == "audit":
            about["chains"] = AuditService(opened).chains()
        return about
    finally:
        opened.close()


def _refuse_read_only(what: str) -> None:
    flags = click.get_current_context().find_root().params
    if flags.get("read_only") or flags.get("monitor"):
        raise ReadOnlyError(f"read-only: {what}")
