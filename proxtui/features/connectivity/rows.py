"""Opinions as rows of a table, and as an object for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.features.connectivity.service import Opinion

if TYPE_CHECKING:
    from proxtui.pve.stages import Diagnosis

NAMES: Mapping[str, str] = {"answer": "first byte"}
"""What people call a stage, where that is not its own name."""
VERDICT = "verdict"
_TONES = {
    **{"ok": Tone.GOOD, "trusted": Tone.GOOD, "failed": Tone.BAD, "not trusted": Tone.BAD},
    **{"skipped": Tone.MUTED, "...": Tone.MUTED, "look": Tone.WARN, "not checked": Tone.WARN},
}


class StageKey(NamedTuple):
    """Which line of which test."""

    tenant: str
    server: str
    path: str
    order: int


@dataclass(frozen=True, slots=True)
class StageRow:
    """One line: a stage, the certificate, something to look at, or the verdict."""

    key: StageKey
    stage: str
    state: str
    ms: float | None
    line: str

    @property
    def muted(self) -> bool:
        """What was not tried steps back."""
        return self.state in ("skipped", "...")

    @property
    def haystack(self) -> str:
        return f"{self.key.tenant} {self.key.server} {self.key.path} {self.stage} {self.state} {self.line}".lower()

    def field(self, name: str) -> Scalar:
        return {"tenant": self.key.tenant, "server": self.key.server, "status": self.state, "name": self.stage}.get(
            name
        )


def rows_of(opinions: Iterable[Opinion]) -> list[StageRow]:
    """All lines, way by way."""
    return [
        StageRow(StageKey(*opinion.place, opinion.path, order), *line)
        for opinion in opinions
        for order, line in enumerate(_lines(opinion))
    ]


def _lines(opinion: Opinion) -> Iterator[tuple[str, str, float | None, str]]:
    from proxtui.pve.stages import SSH_STAGES, STAGES

    for stage in opinion.stages:
        yield NAMES.get(stage.name, stage.name), stage.state, stage.ms, stage.line
    found = opinion.found
    if found is None:
        for name in (SSH_STAGES if opinion.by_ssh else STAGES)[len(opinion.stages) :][:1]:
            yield NAMES.get(name, name), "...", None, "waiting for an answer"
        return
    if found.certificate is not None:
        yield "certificate", _trust(found), None, _certificate(found)
    for line in found.warnings:
        yield "warning", "look", None, line
    yield VERDICT, found.verdict, None, found.advice


def _trust(found: Diagnosis) -> str:
    return {True: "trusted", False: "not trusted", None: "not checked"}[found.is_trusted]


def _certificate(found: Diagnosis) -> str:
    shown = found.certificate
    assert shown is not None  # noqa: S101  only asked for one that is there
    names = ", ".join(shown.names) or "no name"
    valid = f"{shown.not_before:%Y-%m-%d} to {shown.not_after:%Y-%m-%d}"
    return f"{shown.subject} for {names}; by {shown.issuer}; {valid}; {shown.fingerprint}"


def as_json(opinion: Opinion) -> dict[str, Any]:
    """Everything about one way, for programs."""
    found = opinion.found
    assert found is not None  # noqa: S101  only finished ones are printed
    whole = asdict(found)
    if (shown := found.certificate) is not None:
        times = {"not_before": shown.not_before.isoformat(), "not_after": shown.not_after.isoformat()}
        whole["certificate"] = {**whole["certificate"], **times}
    known = {"success": found.success, "error": found.error, "response_ms": found.response_ms}
    return {"tenant": opinion.place.tenant, "server": opinion.place.server, "path": opinion.path} | known | whole


def _tone(row: StageRow) -> Tone:
    return _TONES.get(row.state, Tone.BAD)


COLUMNS: Sequence[Column[StageRow]] = (
    Column("order", "", lambda row: list(map(str, row.key)), lambda row: "", 0, shown=False),
    Column("server", "Server", lambda row: row.key.server, lambda row: row.key.server, 6, priority=3),
    Column("path", "Path", lambda row: row.key.path, lambda row: row.key.path, 12, priority=2),
    Column("stage", "Stage", lambda row: row.stage, lambda row: row.stage, 11, priority=1),
    Column("state", "Result", lambda row: row.state, lambda row: row.state, 11, priority=1, tone=_tone),
    Column(
        "ms", "ms", lambda row: row.ms, lambda row: UNKNOWN if row.ms is None else f"{row.ms:.1f}", 7,
        priority=2, align="right",
    ),
    Column("line", "What was seen", lambda row: row.line, lambda row: row.line, 20, priority=1, grow=True),
)  # fmt: skip


def columns_for(paths: Sequence[str]) -> list[Column[StageRow]]:
    """The columns for one server: its ways are told apart where there are several, each with its whole name."""
    width = max(map(len, paths), default=0)
    path = Column[StageRow]("path", "Path", lambda row: row.key.path, lambda row: row.key.path, width, priority=2)
    return [
        path if column.key == "path" else column
        for column in COLUMNS
        if column.key != "server" and (column.key != "path" or len(paths) > 1)
    ]
