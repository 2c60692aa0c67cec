"""Servers, hours and failed calls as table rows. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from proxtui.core.model import Fleet, Scope, ServerRef
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.core.series import Drawing
from proxtui.features.metrics.models import HOUR, Failure, Hour, Standing

GOOD_FROM, WARN_FROM = 0.99, 0.95
"""Of all calls: what is answered less often than that is yellow, and then red."""


class ServerRow(Struct, frozen=True):
    """One server over the last day; without a standing it was not asked."""

    ref: ServerRef
    standing: Standing | None

    @property
    def key(self) -> ServerRef:
        return self.ref

    @property
    def muted(self) -> bool:
        return self.standing is None

    @property
    def attempts(self) -> int:
        return self.standing.sums.attempts if self.standing else 0

    @property
    def rate(self) -> float | None:
        """Answered of all, 0..1."""
        return self.standing.sums.rate if self.standing else None

    @property
    def success_rate(self) -> float | None:
        """The same in percent."""
        return self.standing.sums.success_rate if self.standing else None

    @property
    def average(self) -> float | None:
        """Milliseconds."""
        return self.standing.sums.average_ms if self.standing else None

    @property
    def failed(self) -> int:
        return self.standing.sums.failed if self.standing else 0

    @property
    def paths(self) -> str:
        """The ways that were used, the most used first."""
        return ", ".join(self.standing.paths) if self.standing else ""

    @property
    def learned_ms(self) -> int | None:
        return self.standing.learned_ms if self.standing else None

    @property
    def last_error(self) -> str:
        """Class and time of the newest failed call of the day."""
        last = self.standing.last if self.standing else None
        return f"{moment(last.at)} {last.error}" if last else ""

    @property
    def haystack(self) -> str:
        return f"{self.ref.tenant} {self.ref.server} {self.paths} {self.last_error}".lower()

    def percentile(self, name: str) -> float | None:
        """``p50``, ``p95`` or ``p99`` in milliseconds."""
        found: float | None = getattr(self.standing.percentiles, name) if self.standing else None
        return found

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        known: dict[str, Scalar] = {"tenant": self.ref.tenant, "server": self.ref.server, "name": self.ref.server}
        return known.get(name)


class HourRow(Struct, frozen=True):
    """One hour of a server."""

    ref: ServerRef
    hour: Hour

    @property
    def key(self) -> tuple[ServerRef, int]:
        return self.ref, self.hour.start

    muted = False

    @property
    def haystack(self) -> str:
        return f"{self.ref.tenant} {self.ref.server} {self.hour.time}".lower()

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        return {"tenant": self.ref.tenant, "server": self.ref.server}.get(name)


class FailureRow(Struct, frozen=True):
    """One call that was not answered."""

    ref: ServerRef
    failure: Failure

    @property
    def key(self) -> tuple[ServerRef, float, str]:
        return self.ref, self.failure.at, self.failure.endpoint

    muted = False

    @property
    def haystack(self) -> str:
        said = self.failure
        return f"{self.ref.tenant} {self.ref.server} {said.endpoint} {said.path} {said.error} {said.message}".lower()

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        return {"tenant": self.ref.tenant, "server": self.ref.server, "type": self.failure.error}.get(name)


def server_rows(standings: Iterable[Standing], fleet: Fleet, scope: Scope) -> list[ServerRow]:
    """One row for each server in scope that is configured or was asked."""
    known = {one.ref: one for one in standings}
    refs = [snapshot.ref for snapshot in fleet.snapshots]
    every = dict.fromkeys([*refs, *sorted(known.keys() - set(refs))])
    return [ServerRow(ref, known.get(ref)) for ref in every if scope.covers_server(ref)]


def rate_tone(rate: float | None) -> Tone:
    """How much a part of answered calls should worry."""
    if rate is None:
        return Tone.MUTED
    return Tone.PLAIN if rate >= GOOD_FROM else Tone.WARN if rate >= WARN_FROM else Tone.BAD


def hourly(hours: Sequence[Hour], start: int, end: int) -> tuple[list[float], list[Drawing]]:
    """Times and curves of a day; hours in which nobody asked are gaps."""
    known = {hour.start: hour.sums for hour in hours}
    times = range(start // HOUR * HOUR, end, HOUR)
    rates = [known[at].rate if at in known else None for at in times]
    averages = [known[at].average_ms if at in known else None for at in times]
    return [float(at) for at in times], [Drawing("Answered", rates, "%"), Drawing("Response time", averages, "ms")]


def facts_of(row: ServerRow, failures: Sequence[Failure], *, deadline: str) -> Iterator[tuple[str, str, Tone]]:
    """The numbers of a server, and what failed last: labels, values and what they mean."""
    if row.standing is None:
        yield "Calls", "none in the last 24 hours", Tone.MUTED
    else:
        sums, times = row.standing.sums, row.standing.percentiles
        yield "Calls", f"{sums.attempts}, {sums.failed} of them failed", Tone.PLAIN
        yield "Answered", percent(sums.success_rate), rate_tone(sums.rate)
        yield "Response", f"{ms(sums.average_ms)} on average", Tone.PLAIN
        yield "p50 95 99", f"{ms(times.p50)}, {ms(times.p95)}, {ms(times.p99)}", Tone.PLAIN
        yield "Way", row.paths or UNKNOWN, Tone.PLAIN
    yield "Time-out", deadline, Tone.PLAIN
    for at, one in enumerate(failures):
        yield "Failed" if at == 0 else "", f"{moment(one.at)} {failure_text(one)}", Tone.BAD


def deadline_text(configured: int | None, learned: int | None, *, obeys: bool) -> str:
    """The time-out of a server in one line."""
    said = [] if configured is None else [f"{configured} ms configured"]
    said.append(f"{learned} ms learned" if learned is not None else "nothing learned yet")
    if learned is not None:
        said.append("in use" if obeys else "not used")
    return ", ".join(said)


def failure_text(one: Failure) -> str:
    """Class, way and time of a failed call."""
    took = f" after {ms(one.ms)}" if one.ms is not None else ""
    again = f", sent {one.retries + 1} times" if one.retries else ""
    words = f": {one.message}" if one.message else ""
    return f"{one.error}{took}, {one.endpoint} ({one.path}){again}{words}"


def moment(seconds: float) -> str:
    """Local time, with its date."""
    return time.strftime("%d %b %H:%M:%S", time.localtime(seconds))


def ms(value: float | None) -> str:
    """Milliseconds as people read them."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def percent(value: float | None) -> str:
    """A rate as people read it; 100 % is only what never failed."""
    return UNKNOWN if value is None else f"{value:g} %"


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


def _percentile(name: str, title: str, *, shown: bool = True, priority: int = 4) -> Column[ServerRow]:
    return Column(
        name,
        title,
        lambda r: r.percentile(name),
        lambda r: ms(r.percentile(name)),
        8,
        priority,
        align="right",
        shown=shown,
    )


_SERVER = Column[ServerRow]("server", "Server", lambda r: r.ref.server, lambda r: r.ref.server, 12, 1)
COLUMNS: tuple[Column[ServerRow], ...] = (
    _SERVER,
    Column("tenant", "Tenant", lambda r: r.ref.tenant, lambda r: r.ref.tenant, 10, 5),
    Column("totalAttempts", "Calls", lambda r: r.attempts, lambda r: str(r.attempts), 7, 3, align="right"),
    Column("successRate", "Answered", lambda r: r.success_rate, lambda r: percent(r.success_rate), 9, 1,
           align="right", tone=lambda r: rate_tone(r.rate)),
    Column("avgResponseTime", "Average", lambda r: r.average, lambda r: ms(r.average), 8, 2, align="right"),
    _percentile("p50", "p50", shown=False),
    _percentile("p95", "p95"),
    _percentile("p99", "p99", shown=False),
    Column("failureCount", "Failed", lambda r: r.failed, lambda r: str(r.failed), 6, 2, align="right",
           tone=lambda r: Tone.BAD if r.failed else Tone.MUTED),
    Column("successCount", "Good", lambda r: r.attempts - r.failed, lambda r: str(r.attempts - r.failed), 7,
           align="right", shown=False),
    Column("path", "Way", lambda r: r.paths or None, lambda r: r.paths or UNKNOWN, 9, 4),
    Column("learnedTimeout", "Learned", lambda r: r.learned_ms, lambda r: ms(r.learned_ms), 8, 6, align="right"),
    Column("error", "Last failure", lambda r: r.last_error or None, lambda r: r.last_error or UNKNOWN, 16, 5,
           grow=True, tone=lambda r: Tone.BAD if r.last_error else Tone.MUTED),
)  # fmt: skip

HOUR_COLUMNS: tuple[Column[HourRow], ...] = (
    Column("time", "Hour (UTC)", lambda r: r.hour.time, lambda r: r.hour.time, 20, 1),
    Column("server", "Server", lambda r: r.ref.server, lambda r: r.ref.server, 12, 2),
    Column("tenant", "Tenant", lambda r: r.ref.tenant, lambda r: r.ref.tenant, 10, 3),
    Column("attempts", "Calls", lambda r: r.hour.sums.attempts, lambda r: str(r.hour.sums.attempts), 7, 1,
           align="right"),
    Column("successRate", "Answered", lambda r: r.hour.sums.success_rate, lambda r: percent(r.hour.sums.success_rate),
           9, 1, align="right", tone=lambda r: rate_tone(r.hour.sums.rate)),
    Column("avgResponseTime", "Average", lambda r: r.hour.sums.average_ms, lambda r: ms(r.hour.sums.average_ms), 8, 1,
           align="right"),
)  # fmt: skip

FAILURE_COLUMNS: tuple[Column[FailureRow], ...] = (
    Column("time", "Time", lambda r: r.failure.at, lambda r: moment(r.failure.at), 16, 1),
    Column("server", "Server", lambda r: r.ref.server, lambda r: r.ref.server, 12, 2),
    Column("tenant", "Tenant", lambda r: r.ref.tenant, lambda r: r.ref.tenant, 10, 4),
    Column("endpoint", "Endpoint", lambda r: r.failure.endpoint, lambda r: r.failure.endpoint, 16, 3),
    Column("path", "Way", lambda r: r.failure.path, lambda r: r.failure.path, 9, 4),
    Column("error", "Error", lambda r: r.failure.error, lambda r: r.failure.error, 18, 1, tone=lambda r: Tone.BAD),
    Column("responseTimeMs", "After", lambda r: r.failure.ms, lambda r: ms(r.failure.ms), 9, 3, align="right"),
    Column("retryCount", "Again", lambda r: r.failure.retries, lambda r: _count(r.failure.retries), 5, 5,
           align="right"),
    Column("message", "Message", lambda r: r.failure.message or None, lambda r: r.failure.message or UNKNOWN, 12, 5,
           grow=True),
)  # fmt: skip
