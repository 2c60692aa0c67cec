"""What the options of the audit's verbs say, as a query; and the rows that answer it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import Found
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.verbs import TableOptions
    from proxtui.features.audit.places import AuditFiles
    from proxtui.features.audit.rows import AuditRow
    from proxtui.features.audit.service import AuditQuery, AuditService

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_FILTERS = (
    click.option("--action", default="", metavar="NAME", help="What was done: guests.start, or guests.* for all."),
    click.option("--resource", default="", metavar="KIND", help="To what: qemu, lxc, node, storage, ..."),
    click.option("--user", default="", metavar="USER", help="By whom: the local user."),
    click.option("--tenant", default="", metavar="NAME", help="In this tenant."),
    click.option("--server", default="", metavar="NAME", help="On this server."),
    click.option("--guest", default="", metavar="VMID", help="To this guest."),
    click.option("--chain", default="", metavar="NAME", help="Another chain of a shared database (`proxtui db info`)."),
    click.option("--op", "op_id", default="", metavar="ID", help="All rows of one change."),
    click.option("--result", default="", metavar="WORD", help="ok, warnings, failed, denied or unknown."),
    click.option("--since", default="", metavar="TIME", help="2026-11-22, 2026-11-22T14:30, or 90m 12h 7d ago."),
    click.option("--until", default="", metavar="TIME", help="The same; a day counts to its end."),
)
_NAMES = {"action": "action_type", "resource": "resource_type", "user": "user_id"}


def filter_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options that choose rows."""
    for option in reversed(_FILTERS):
        verb = option(verb)
    return verb


def query_of(said: dict[str, str], *, limit: int = 100, offset: int = 0) -> AuditQuery:
    """The query. UsageError for a time or a result that is none."""
    from proxtui.core.journal import Result
    from proxtui.features.audit.service import AuditQuery

    since, until = said.pop("since"), said.pop("until")
    if said["result"] and said["result"] not in list(Result):
        raise UsageError(f"--result: {said['result'][:40]!r} is none of {', '.join(Result)}")
    return AuditQuery(
        **{_NAMES.get(name, name): value for name, value in said.items()},  # type: ignore[arg-type] # all of them text
        start=moment_of(since, "--since") if since else None,
        end=moment_of(until, "--until", end=True) if until else None,
        limit=limit,
        offset=offset,
    )


def moment_of(text: str, option: str, *, end: bool = False, now: float | None = None) -> int:
    """A time in microseconds since the epoch; without a zone it is local. ``end``: a day is meant to its end."""
    ago = _AGO.fullmatch(text.strip())
    if ago:
        seconds = (time.time() if now is None else now) - int(ago[1]) * _SECONDS[ago[2]]
        return int(seconds * 1_000_000)
    try:
        found = datetime.fromisoformat(text.strip())
        if end and len(text.strip()) <= len("2026-11-22"):
            found += timedelta(days=1, microseconds=-1)
        return round(found.timestamp() * 1_000_000)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{option}: {text[:40]!r} is no time; write 2026-11-22, 2026-11-22T14:30 or 90m, 12h, 7d"
        ) from error


@contextmanager
def reading(files: AuditFiles) -> Iterator[AuditService | None]:
    """The audit to read from; None when there is none yet. AuditUnavailable when it cannot be read."""
    from proxtui.features.audit.opening import looked_at
    from proxtui.features.audit.service import AuditService

    with looked_at(files) as db:
        yield None if db is None else AuditService(db)


def chosen(files: AuditFiles, query: AuditQuery, options: TableOptions) -> Found[AuditRow]:
    """The newest rows of a query that pass the filter as well."""
    from proxtui.core.filters import parse

    wanted = parse(options.filter)
    notes: list[str] = []
    with reading(files) as service:
        if service is None:
            return Found([], [f"there is no audit yet: {files.place} has none"])
        if service.db.newer:
            notes.append(f"{files.place} is of a newer proxtui: some of it may be missing here")
        records = service.newest(query) if wanted else iter(service.find_now(query))
        rows = _readable(records, notes)
        if wanted:
            rows = islice((row for row in rows if wanted.matches(row)), query.offset, query.offset + query.limit)
        return Found(list(rows), notes)


def _readable(records: Iterator[Any], notes: list[str]) -> Iterator[AuditRow]:
    from proxtui.features.audit.rows import audit_row

    now = time.time()
    for record in records:
        try:
            yield audit_row(record, now)
        except (KeyError, TypeError, ValueError):
            notes.append(f"row {record.seq} is not what proxtui wrote (see proxtui audit verify)")
