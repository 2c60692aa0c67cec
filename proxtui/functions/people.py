"""``audit-log`` and ``delete-user``: who did what, and who may no longer."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from proxtui.errors import UsageError
from proxtui.features.audit.chain import Record, entry_of
from proxtui.features.audit.opening import looked_at
from proxtui.features.audit.places import usual_files
from proxtui.features.audit.service import AuditQuery, AuditService
from proxtui.features.users import service
from proxtui.functions.desk import Desk
from proxtui.functions.shapes import Call, Function, Request, Response, Slug

Word = Annotated[str, Field(max_length=200)]


class AskAudit(Request):
    """``audit-log``, the newest first. ``actionType`` ``guests.*`` is all of a kind; a date counts to its end."""

    tenant_id: Slug
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    offset: Annotated[int, Field(ge=0)] = 0
    action_type: Word = ""
    resource_type: Word = ""
    user_id: Word = ""
    start_date: Word | None = None
    end_date: Word | None = None


class LogRow(Response):
    """One row; ``phase`` is intent, sent, outcome or single, and the rows of one change share ``operationId``."""

    id: int
    created_at: str
    tenant_id: str
    server_id: str | None
    user_id: str
    action_type: str
    resource_type: str | None
    resource_id: str | None
    resource_name: str | None
    phase: str
    result: str | None
    message: str | None
    operation_id: str | None
    details: dict[str, str]


class Log(Response):
    """``total`` counts all rows that are meant."""

    logs: list[LogRow]
    total: int
    limit: int
    offset: int


class DeleteUser(Request):
    """``delete-user``: the name of the person."""

    user_id: Slug


class Exposed(Response):
    """A credential that their key could read: rotate it in PVE."""

    server_id: str
    identity: str


class UserDeleted(Response):
    """They are gone; the audit keeps the name."""

    success: bool
    rotate: list[Exposed]


async def audit_log(desk: Desk, asked: AskAudit) -> Log:
    """Out of the audit of this machine, or the shared one; no server is asked."""
    desk.check_tenant(asked.tenant_id)
    query = AuditQuery(
        tenant=asked.tenant_id,
        action_type=asked.action_type,
        resource_type=asked.resource_type,
        user_id=asked.user_id,
        start=_moment("startDate", asked.start_date),
        end=_moment("endDate", asked.end_date, end=True),
        limit=asked.limit,
        offset=asked.offset,
    )
    rows, total = await asyncio.to_thread(_read, desk, query)
    return Log(logs=[_row(one) for one in rows], total=total, limit=asked.limit, offset=asked.offset)


def _read(desk: Desk, query: AuditQuery) -> tuple[list[Record], int]:
    with looked_at(usual_files(desk.ledger)) as db:
        if db is None:
            return [], 0
        audit = AuditService(db)
        return audit.find_now(query), audit.count(query)


def _row(record: Record) -> LogRow:
    entry = entry_of(json.loads(record.body))
    return LogRow(
        id=record.seq,
        created_at=datetime.fromtimestamp(record.ts / 1_000_000, UTC).isoformat(),
        tenant_id=entry.tenant,
        server_id=f"{entry.tenant}/{entry.server}" if entry.server else None,
        user_id=entry.actor.user,
        action_type=entry.event,
        resource_type=entry.target_kind or None,
        resource_id=entry.target_id or None,
        resource_name=entry.target_name or None,
        phase=entry.phase.value,
        result=entry.result.value if entry.result else None,
        message=entry.message or None,
        operation_id=entry.op_id or None,
        details=dict(entry.params),
    )


def _moment(field: str, text: str | None, *, end: bool = False) -> int | None:
    """Microseconds since the epoch; without a zone it is UTC, as all times of these functions are."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        if end and len(text) <= len("2026-11-22"):
            found += timedelta(days=1, microseconds=-1)
        return round(found.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise UsageError(f"{field}: needs an ISO date or time, such as 2026-11-22T14:30:00Z") from None


async def delete_user(desk: Desk, asked: DeleteUser) -> UserDeleted:
    """With their roles and their key, and everything gets new keys. Needs the system role admin; never oneself."""
    async with desk.registrar() as registrar:
        readable = await service.delete(registrar, asked.user_id)
    return UserDeleted(
        success=True, rotate=[Exposed(server_id="/".join(one.place), identity=one.who) for one in readable]
    )


AUDIT_LOG = Function("audit-log", Call(AskAudit, Log, audit_log))
DELETE_USER = Function("delete-user", Call(DeleteUser, UserDeleted, delete_user))
