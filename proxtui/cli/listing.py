"""What a list reads and prints: once, or again and again with ``--watch``."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from proxtui.cli.output import Output, Selection, json_rows, narrate
from proxtui.cli.sources import Missing, json_sources
from proxtui.core.rows import Column, R, Tone
from proxtui.errors import ProxtuiError, UsageError
from proxtui.pve.listing import Listing

if TYPE_CHECKING:
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.runtime import Runtime
    from proxtui.core.survey import Finding, Survey
    from proxtui.core.verbs import TableOptions
    from proxtui.pve.client import ProxmoxClient

T = TypeVar("T")


class NothingAnswered(ProxtuiError):
    """Every server failed. Exits as the first of them would; ``sources`` says it of each."""

    def __init__(self, cause: ProxtuiError | None, sources: Sequence[Mapping[str, Any]]) -> None:
        lines = [f"{source['tenant']} / {source['server']}: {_why(source)}" for source in sources]
        super().__init__(str(cause) if cause and len(lines) == 1 else "no server answered: " + "; ".join(lines))
        self.exit_code = cause.exit_code if cause else 10
        self.cause = cause
        self.sources = list(sources)


def _why(source: Mapping[str, Any]) -> str:
    return source["error"] or "; ".join(source.get("problems", ())) or "no answer"


@dataclass(frozen=True, slots=True)
class Report(Generic[R]):
    """One reading of a list, before anything was filtered."""

    rows: Sequence[R]
    sources: Sequence[Mapping[str, Any]]
    """Of each server, for ``--json``."""
    notes: Sequence[str] = ()
    """What else could not be read and why, a line each."""

    @property
    def missing(self) -> list[str]:
        """Everything that could not be read and why, a line each."""
        of_servers = [
            f"{source['tenant']} / {source['server']}: {line}"
            for source in self.sources
            for line in (source["error"], *source.get("problems", ()))
            if line
        ]
        return list(dict.fromkeys((*of_servers, *self.notes)))


def refuse_silence(runtime: Runtime, fleet: Fleet) -> None:
    """Raise NothingAnswered unless at least one server has rows."""
    if any(snapshot.taken_at is not None for snapshot in fleet.snapshots):
        return
    causes = (runtime.store.failure(snapshot.ref) for snapshot in fleet.snapshots)
    raise NothingAnswered(next((cause for cause in causes if cause), None), json_sources(fleet))


class Question(Generic[T]):
    """One question to every server, put again with every reading; see ``CommandLine.survey``."""

    def __init__(
        self, ask: Callable[[ProxmoxClient], Awaitable[T]], problems: Callable[[T], Sequence[str]] | None
    ) -> None:
        self._ask = ask
        self._problems = problems
        self._survey: Survey[T] | None = None
        self._cause: ProxtuiError | None = None

    async def findings(self, runtime: Runtime) -> Mapping[ServerRef, Finding[T]]:
        """Ask those that answered the poll; the others are known to be silent. NothingAnswered when nobody tells."""
        from proxtui.core.survey import Finding, Survey

        fleet = runtime.store.fleet()
        if self._survey is None:
            self._survey = Survey(self._asked, lambda ref: runtime.connection(ref).client, runtime.clock)
        await self._survey.refresh([snapshot.ref for snapshot in fleet.snapshots if snapshot.error is None])
        found = {
            snapshot.ref: self._survey.findings.get(snapshot.ref) or Finding(problem=snapshot.error)
            for snapshot in fleet.snapshots
        }
        if not any(finding.taken_at is not None for finding in found.values()):
            causes = (runtime.store.failure(ref) for ref in found)
            cause = self._cause or next((cause for cause in causes if cause), None)
            raise NothingAnswered(cause, self.sources(fleet, found))
        return found

    def sources(self, fleet: Fleet, findings: Mapping[ServerRef, Finding[T]]) -> list[dict[str, Any]]:
        """What each server told, and what not."""
        missing = {
            ref: Missing(self._lines(finding), finding.forbidden, asked=True, taken_at=finding.taken_at)
            for ref, finding in findings.items()
        }
        return json_sources(fleet, missing)

    def _lines(self, finding: Finding[T]) -> list[str]:
        lines = [finding.problem] if finding.problem else []
        if isinstance(finding.value, Listing):
            lines += [f"{source.source}: {source.error}" for source in finding.value.sources if source.error]
        if self._problems is not None and finding.value is not None:
            lines += self._problems(finding.value)
        return lines

    async def _asked(self, client: ProxmoxClient) -> T:
        try:
            return await self._ask(client)
        except ProxtuiError as error:
            self._cause = self._cause or error
            raise


class Printer(Generic[R]):
    """Prints readings as the options say."""

    def __init__(self, output: Output, columns: Sequence[Column[R]], options: TableOptions) -> None:
        if options.as_json and options.as_csv:
            raise UsageError("--json or --csv, not both")
        if options.as_csv and options.watch is not None:
            raise UsageError(
                "--watch goes with a table or with --json: in CSV one reading could not be told from the next"
            )
        self._output = output
        self._selection = Selection.of(columns, options)
        self._options = options
        self._noted: list[str] = []

    def once(self, report: Report[R]) -> None:
        """The rows on stdout, what is missing on stderr."""
        columns, rows = self._selection.columns, self._selection.rows(report.rows)
        self._narrate(report.missing)
        if self._options.as_json:
            self._output.json({"rows": json_rows(columns, rows), "sources": report.sources})
        elif self._options.as_csv:
            self._output.csv(columns, rows)
        else:
            self._output.table(columns, rows)

    def again(self, report: Report[R]) -> None:
        """One reading of many: a line of JSON, a repainted terminal, or one table after the other."""
        columns, rows = self._selection.columns, self._selection.rows(report.rows)
        if self._options.as_json:
            self._narrate(report.missing)
            value = {"rows": json_rows(columns, rows), "sources": report.sources}
            self._output.json(value, in_one_line=True)
        elif self._output.can_repaint:
            self._repaint(rows, report.missing)
        else:
            self._narrate(report.missing)
            self._output.text(self._heading())
            self._output.table(columns, rows)
        sys.stdout.flush()

    def _narrate(self, notes: list[str]) -> None:
        # While watching, what is missing is said when it changes, not with every reading.
        if notes != self._noted:
            for note in notes:
                narrate(note)
        self._noted = notes

    def _repaint(self, rows: Sequence[R], missing: Sequence[str]) -> None:
        room = shutil.get_terminal_size().lines - 1
        notes = missing[: max(1, room // 3)]
        shown = max(1, room - len(notes) - 3)
        with self._output.repainting():
            self._output.text(self._heading(), Tone.MUTED)
            for note in notes:
                self._output.text(note, Tone.WARN)
            self._output.table(self._selection.columns, rows[:shown])
            if len(rows) > shown:
                self._output.text(f"and {len(rows) - shown} more", Tone.MUTED)

    def _heading(self) -> str:
        return f"{time.strftime('%Y-%m-%d %H:%M:%S')}  every {self._options.watch:g} s, ctrl+c ends"


async def watch(
    runtime: Runtime, report: Callable[[Runtime], Awaitable[Report[R]]], printer: Printer[R], seconds: float
) -> None:
    """Print a reading in every interval, one poll each, until cancelled. Old rows stay."""
    while True:
        began = runtime.clock.monotonic()
        printer.again(await report(runtime))
        await runtime.clock.sleep(max(0.0, began + seconds - runtime.clock.monotonic()))
        await runtime.poller.poll_once()
