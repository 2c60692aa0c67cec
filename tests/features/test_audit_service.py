"""Questions to the audit: the filters, their order, and that an index answers each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from proxtui.config.secret import Secret
from proxtui.core.journal import Phase, Result
from proxtui.errors import UsageError
from proxtui.features.audit.choosing import moment_of
from proxtui.features.audit.export import as_csv, as_jsonl, as_syslog
from proxtui.features.audit.rows import COLUMNS, audit_row
from proxtui.features.audit.service import AuditQuery, AuditService
from proxtui.features.audit.telling import told
from tests.features.audits import DAY, NOON, Audit, append, audit_in, by, entry

UPID = "UPID:pve1:0003AB12:00F1A2B3:65F0C1D2:qmstart:100:alice@pam:"


@pytest.fixture
def audit(tmp_path: Path, database: Secret | None) -> Audit:
    found = audit_in(tmp_path, database)
    start = {"tenant": "acme", "server": "berlin", "target_kind": "qemu", "target_id": "100", "target_name": "web"}
    with found.opened() as store:
        append(store, entry(phase=Phase.INTENT, op_id="one", **start))
        append(store, entry(phase=Phase.SENT, op_id="one", upid=UPID, **start))
        append(store, entry(phase=Phase.OUTCOME, op_id="one", result=Result.OK, duration_ms=1_500, **start))
        found.times.ts += DAY
        append(store, by("bob", entry("guests.stop", result=Result.DENIED, target_kind="lxc", target_id="100")))
        append(store, entry("nodes.reboot", tenant="acme", target_kind="node", target_id="100", result=Result.FAILED))
        # The clock was set back: the row is newer, its time is not.
        found.times.ts = NOON + 1
        append(store, by("=cmd()", entry("audit.export", reason="+1", message='a "quoted" ] end', dry_run=True)))
    return found


@pytest.fixture
def service(audit: Audit) -> Iterator[AuditService]:
    with audit.reading() as found:
        yield found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"limit": 2}, [6, 5]),
        ({"limit": 2, "offset": 3}, [3, 2]),
        ({"before": 3}, [2, 1]),
        ({"action_type": "guests.start"}, [3, 2, 1]),
        ({"action_type": "guests.*"}, [4, 3, 2, 1]),
        ({"resource_type": "node"}, [5]),
        ({"resource_id": "100"}, [5, 4, 3, 2, 1]),
        ({"guest": "100"}, [4, 3, 2, 1]),
        ({"user_id": "bob"}, [4]),
        ({"tenant": "acme"}, [5, 3, 2, 1]),
        ({"tenant": "acme", "server": "berlin"}, [3, 2, 1]),
        ({"server": "berlin"}, [3, 2, 1]),
        ({"op_id": "one"}, [3, 2, 1]),
        ({"result": "failed"}, [5]),
        ({"end": NOON + 10}, [6, 3, 2, 1]),
        ({"start": NOON + DAY}, [5, 4]),
        ({"start": NOON + DAY, "user_id": "bob"}, [4]),
        ({"start": NOON + 9 * DAY}, []),
        ({"end": 0}, []),
        ({"user_id": "nobody"}, []),
    ],
)
async def test_filters_give_the_newest_first(service: AuditService, query: dict[str, Any], found: list[int]) -> None:
    assert [record.seq for record in await service.find(AuditQuery(**query))] == found


def test_both_directions_give_every_row_in_pages(service: AuditService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxtui.features.audit.service.PAGE", 2)
    assert [one.seq for one in service.newest(AuditQuery())] == [6, 5, 4, 3, 2, 1]
    assert [one.seq for one in service.oldest(AuditQuery(tenant="acme"))] == [1, 2, 3, 5]
    assert [one.phase for one in service.story("one")] == ["intent", "sent", "outcome"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        *({"action_type": "guests.*"}, {"user_id": "x"}, {"resource_type": "x"}, {"tenant": "x", "server": "y"}),
        *({"guest": "1"}, {"op_id": "x"}, {"result": "x"}, {"server": "x"}, {"start": 1, "end": 2}, {"offset": 900}),
    ],
)
def test_an_index_answers_every_filter(service: AuditService, query: dict[str, Any]) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(service.db.engine, "before_cursor_execute", note)
    service.find_now(AuditQuery(**query))
    for statement, parameters in list(asked):

        def explain(connection: Any, statement: str = statement, parameters: Any = parameters) -> list[str]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [row[3] for row in plan]

        plan = service.db.look(explain)
        # Rows themselves are only read by their numbers; numbers come from an index.
        scans = [line for line in plan if line.startswith("SCAN audit") and "COVERING INDEX" not in line]
        if query not in ({"offset": 900}, {"start": 1, "end": 2}):
            assert scans == [], plan
        assert not [line for line in plan if "TEMP B-TREE" in line and query.keys() <= {"start", "end", "offset"}], plan


def test_times_are_read_as_people_write_them() -> None:
    assert moment_of("90m", "--since", now=10_000) == (10_000 - 5_400) * 1_000_000
    assert moment_of("2026-11-22T12:00:00+00:00", "--since") == NOON
    day = moment_of("2026-11-22", "--since")
    assert moment_of("2026-11-22", "--until", end=True) - day in {h * 3_600_000_000 - 1 for h in (23, 24, 25)}
    for wrong in ("yesterday", "2026-13-01", "", "9999999w"):
        with pytest.raises(UsageError, match="--since"):
            moment_of(wrong, "--since")


def test_json_lines_carry_what_the_code_is_made_of(service: AuditService) -> None:
    *lines, end = [json.loads(line) for line in as_jsonl(service.oldest(AuditQuery()))]
    last = service.one(6)
    assert last is not None
    assert (end["seq"], end["mac"]) == (6, last.mac)
    assert [line["body"]["event"] for line in lines][3:] == ["guests.stop", "nodes.reboot", "audit.export"]
    assert lines[0]["time"] == "2026-11-22T12:00:00.000002Z"


def test_a_spreadsheet_sees_no_formula(service: AuditService) -> None:
    text = "".join(as_csv(service.oldest(AuditQuery())))
    assert "'=cmd()" in text
    assert "'+1" in text
    assert ",=cmd()" not in text
    assert text.count("\r\n") == 7


def test_syslog_lines_are_of_rfc_5424(service: AuditService) -> None:
    lines = list(as_syslog(service.oldest(AuditQuery())))
    assert lines[3].startswith("<108>1 2026-11-23T12:00:00.")
    assert lines[2].startswith("<110>1 2026-11-22T12:00:00.")
    assert ' elsewhere proxtui 1 guests.stop [audit@32473 seq="4"' in lines[3]
    assert lines[5].endswith('] =cmd() audit.export: a "quoted" ] end\n')
    assert all(line.count("\n") == 1 for line in lines)


def test_rows_and_details_tell_the_whole_story(service: AuditService) -> None:
    record = service.one(3)
    assert record is not None
    row = audit_row(record, NOON / 1_000_000 + 60)
    shown = {column.key: column.text(row) for column in COLUMNS}
    assert shown["target"] == "100 web"
    assert shown["duration_ms"] == "1s"
    assert (row.field("vmid"), row.field("age")) == (100, pytest.approx(60, abs=1))
    details = told(record, service.story("one"))
    assert [title for title, _lines in details.sections] == ["row 3", "the whole change", "who", "proof"]
    assert details.row["story"] == [1, 2, 3]
    assert details.row["actor"]["user"] == "alice"


def test_a_rehearsal_never_looks_like_a_change(service: AuditService, audit: Audit) -> None:
    with audit.opened() as store:
        append(store, entry("guests.start", result=Result.OK, dry_run=True))
    record = service.one(7)
    assert record is not None
    assert audit_row(record, 0.0).state == "dry run"
