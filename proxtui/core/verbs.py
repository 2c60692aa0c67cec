"""What a room's verbs ask of the command line, and the options that all lists share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import click

from proxtui.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from proxtui.config.ledger import Ledger
    from proxtui.config.models import Config
    from proxtui.config.vault.opened import OpenVault
    from proxtui.config.vault.slots import Material
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.registrar import Registrar
    from proxtui.core.rows import Column, R, TableRow
    from proxtui.core.runtime import Runtime
    from proxtui.core.survey import Finding
    from proxtui.errors import ProxtuiError
    from proxtui.pve.client import ProxmoxClient

T = TypeVar("T")

MOST_CANDIDATES = 8
"""Named in a message that says "which one?"."""
WATCH_SECONDS = 4.0
"""Between two readings of ``--watch`` without a number: PVE closes an idle connection after five."""


def _refuse_nan(_ctx: click.Context, _parameter: click.Parameter, seconds: float | None) -> float | None:
    """``nan`` is in every range, and would be no pause at all."""
    if seconds is not None and seconds != seconds:
        raise click.BadParameter("nan is not a number of seconds")
    return seconds


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
_LIST_OPTIONS = (
    click.option(
        "--watch",
        is_flag=False,
        flag_value=str(WATCH_SECONDS),
        default=None,
        type=click.FloatRange(1, 86_400),
        callback=_refuse_nan,
        metavar="[SECONDS]",
        help=f"Read again every so often, until ctrl+c. [{WATCH_SECONDS:g}]",
    ),
    click.option("--csv", "as_csv", is_flag=True, help="Print CSV (RFC 4180) on stdout."),
)


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What ``--json --csv --filter --columns --sort --watch`` said; checked before anything is asked."""

    as_json: bool = False
    filter: str = ""
    columns: str | None = None
    """Keys separated by commas; None: the usual ones (all of them with ``--json``)."""
    sort: str | None = None
    """A key; ``-key`` sorts downwards."""
    as_csv: bool = False
    watch: float | None = None
    """Seconds between two readings; None: read once."""
    fields: Collection[str] | None = None
    """What a term of the filter may name: what the rows of this list answer to. None: every field there is."""


@dataclass(frozen=True, slots=True)
class Details:
    """One thing in full, for people and for ``--json``."""

    sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    """Title, then (label, text) lines."""
    row: Mapping[str, Any]
    """The same for ``--json``: becomes the only entry of ``rows``."""
    notes: Sequence[str] = ()
    """What could not be read and why; goes to stderr."""


class Gap(NamedTuple):
    """What one server did not tell of what it was asked."""

    taken_at: float | None = None
    """When the oldest of its answers was asked for; None when it told nothing."""
    problems: Sequence[str] = ()
    forbidden: bool = False
    """True when it is for want of a privilege: then nothing is wrong with the server."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """Rows that were asked for, beyond what every poll brings."""

    rows: Sequence[T]
    notes: Sequence[str] = ()
    """What could not be read and why; goes to stderr."""
    of: ServerRef | None = None
    """The server that ``notes`` are about; then they go to its ``problems`` in ``sources``, too."""
    gaps: Mapping[ServerRef, Gap] = field(default_factory=dict)
    """Of servers that were asked more than the poll asks; goes to stderr and to ``sources``."""
    failure: ProxtuiError | None = None
    """What the first server failed with, when none told anything: then this is the exit code."""


class CommandLine(Protocol):
    """The command line as a room's verb sees it (click's ``pass_obj``). It reads, never changes."""

    def table(self, columns: Sequence[Column[R]], rows: Callable[[Fleet], Sequence[R]], options: TableOptions) -> None:
        """Read every server once and print the rows. Raises what every server failed with when all of them did.

        With ``--watch`` once in every interval, until it is interrupted.
        """

    def survey(
        self,
        columns: Sequence[Column[R]],
        ask: Callable[[ProxmoxClient], Awaitable[T]],
        rows: Callable[[Fleet, Mapping[ServerRef, Finding[T]]], Sequence[R]],
        options: TableOptions,
        problems: Callable[[T], Sequence[str]] | None = None,
    ) -> None:
        """The same for rows that one poll does not bring: ``ask`` is put to every server that answered the poll.

        ``rows`` gets a finding for every server; a value of None is unknown, not empty. ``problems`` says in lines
        what was missing in an answer. They go to stderr and, as ``problems`` and ``forbidden``, to ``sources``.
        A missing privilege is no failure of its server; only when no server answered is it the exit code (12).
        """

    def listing(
        self, columns: Sequence[Column[R]], read: Callable[[Runtime], Awaitable[Found[R]]], options: TableOptions
    ) -> None:
        """The same, with rows that ``read`` asks for after every server was read once."""

    def details(self, read: Callable[[Runtime], Awaitable[Details]], *, as_json: bool) -> None:
        """Read every server once, then ``read`` one thing, and print it."""

    def local(self, columns: Sequence[Column[R]], read: Callable[[], Found[R]], options: TableOptions) -> None:
        """Print rows that lie on this machine: no server is asked, none need be configured."""

    def local_details(self, read: Callable[[], Details], *, as_json: bool) -> None:
        """The same for one thing."""

    def acting(self, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
        """Read every server once and give ``work`` what was found; consoles can be opened as far as the lock allows.

        Raises NotConfigured, and what every server failed with when all of them did.
        """

    def look(self, work: Callable[[Runtime, Fleet], Awaitable[T]]) -> T:
        """Read every server once and give ``work`` what was found, also when none answered. Raises NotConfigured."""

    @property
    def ascii_only(self) -> bool:
        """Whether nothing but ASCII is to be printed."""

    def configured(self) -> Config:
        """The servers that are configured, missing passwords asked for where a person is there; none is asked.

        Raises NotConfigured.
        """

    def say(self, value: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
        """Print ``value`` with ``--json``, else ``lines``; no server is asked."""

    def note(self, message: str) -> None:
        """Say it on stderr."""

    def audit_keys(self) -> tuple[bytes, ...]:
        """The keys that chain the audit, where the configuration can be opened without a question; else none."""

    def ledger(self) -> Ledger:
        """Where audit and metrics are. Where a shared database is named this opens the configuration, unasked.

        UsageError when only the closed configuration knows its address.
        """

    def registered(
        self, work: Callable[[Registrar], Awaitable[T]], *, makes_first: bool = False, repairs: OpenVault | None = None
    ) -> T:
        """Open the configuration of this user and give ``work`` the one way in which it is changed.

        ``makes_first``: where there is no file yet, one is made. Else NotConfigured; and whatever opening it raises.
        ``repairs`` is one that is open already, to be changed by whoever has a key, whatever their role.
        """

    def secret(self, what: str, *, stdin: bool = False, fd: int | None = None) -> str:
        """A secret from stdin or a file descriptor, else typed on the terminal. UsageError when nobody is there."""

    def new_key(self, passphrase_fd: int | None, keyfile: Path | None) -> Material:
        """What opens a new key slot: read there, made in that file, or typed twice."""

    def agreed(self, question: str, word: str, *, yes: bool) -> None:
        """Ask for this word on the terminal, unless ``yes``. UsageError when it is not given or nobody is there."""


def table_options(
    columns: Callable[[], Sequence[Column[Any]]],
    *,
    lists: bool = True,
    fields: Callable[[], Collection[str]] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a verb the options of a list, as one ``options: TableOptions`` argument.

    ``columns`` is called for completion only, so that naming a verb loads no rows. ``lists=False``: a verb that
    prints more than a list has neither ``--csv`` nor ``--watch``. ``fields`` gives what its rows answer to in filters.
    """

    def complete(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        done, comma, started = incomplete.rpartition(",")
        return [done + comma + column.key for column in columns() if column.key.startswith(started)]

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(verb)
        def folded(*args: Any, as_json: bool, filter_: str, columns: str | None, sort: str | None, **rest: Any) -> Any:
            more: dict[str, Any] = {name: rest.pop(name) for name in ("as_csv", "watch") if name in rest}
            if filter_ and fields is not None:
                more["fields"] = frozenset(fields())
            return verb(*args, options=TableOptions(as_json, filter_, columns, sort, **more), **rest)

        options = (
            *(_LIST_OPTIONS if lists else ()),
            click.option(
                "--sort", default=None, metavar="KEY", shell_complete=complete, help="Sort by it; -KEY: downwards."
            ),
            click.option(
                "--columns", default=None, metavar="KEYS", shell_complete=complete, help="Separated by commas."
            ),
            click.option("--filter", "filter_", default="", metavar="TERMS", help="Such as: web tag:prod cpu>80 !test"),
            json_option,
        )
        verb_with_options: Callable[..., Any] = folded
        for option in options:
            verb_with_options = option(verb_with_options)
        return verb_with_options

    return decorate


def pick(rows: Sequence[R], wanted: str, names: Callable[[R], Collection[str]], fleet: Fleet, *, what: str) -> R:
    """The one row that answers to ``wanted``: a name, or ``SERVER/NAME`` or ``TENANT/SERVER/NAME``.

    NotFoundError (14) when there is none, UsageError (2) with the candidates when there are several.
    """
    *place, name = wanted.lower().split("/")
    found = []
    for row in rows:
        where = [str(row.field("tenant")), str(row.field("server"))]
        if name in names(row) and (not place or where[-len(place) :] == place):
            found.append(row)
    if len(found) == 1:
        return found[0]
    if found:
        candidates = ", ".join(_address(row, names(row)) for row in found[:MOST_CANDIDATES])
        more = f" and {len(found) - MOST_CANDIDATES} more" if len(found) > MOST_CANDIDATES else ""
        raise UsageError(f"{wanted!r} is {len(found)} {what}s: {candidates}{more}; write TENANT/SERVER/NAME or the ID")
    silent = sum(snapshot.error is not None for snapshot in fleet.snapshots)
    blind = sum(snapshot.guests_unseen for snapshot in fleet.snapshots) if what == "guest" else 0
    unsure = f" (but {silent} of {len(fleet.snapshots)} servers could not be asked)" if silent else ""
    unsure += f" (but on {blind} of {len(fleet.snapshots)} servers the login may see no guest)" if blind else ""
    raise NotFoundError(f"there is no {what} {wanted!r}{unsure}")


def _address(row: TableRow, names: Collection[str]) -> str:
    first, *others = names
    return f"{row.field('tenant')}/{row.field('server')}/{first}" + (f" ({others[0]})" if others else "")
