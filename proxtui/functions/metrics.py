"""``connection-metrics``: how calls to a server went."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from proxtui.config.paths import state_folder
from proxtui.core.calls import Called
from proxtui.core.model import ServerRef
from proxtui.features.metrics.keeping import MetricsKeeper
from proxtui.functions.desk import Desk
from proxtui.functions.shapes import Call, Done, Function, Request, Response, Slug

T = TypeVar("T")
log = logging.getLogger(__name__)


class RecordMetric(Request):
    """One call that somebody else made."""

    action: Literal["record"]
    server_id: Slug
    success: bool
    response_time_ms: Annotated[float, Field(ge=0, le=86_400_000)] | None = None
    error_message: Annotated[str, Field(max_length=500)] | None = None
    used_tailscale: bool = False
    retry_count: Annotated[int, Field(ge=0, le=1000)] = 0


class GetSummary(Request):
    """Of the last 24 hours."""

    action: Literal["get-summary"]
    server_id: Slug


class GetHistory(Request):
    """The same by hours of UTC."""

    action: Literal["get-history"]
    server_id: Slug


class Summary(Response):
    """Times in milliseconds, rates in percent; null when nobody asked."""

    total_attempts: int
    success_count: int
    failure_count: int
    success_rate: float | None
    avg_response_time: float | None


class SummaryShown(Response):
    """``get-summary``."""

    summary: Summary


class Hour(Response):
    """One in which somebody asked; ``time`` is its beginning."""

    time: str
    success_rate: float | None
    avg_response_time: float | None
    attempts: int


class Whole(Response):
    """All hours together."""

    total_attempts: int
    success_count: int
    avg_response_time: float | None


class History(Response):
    """The oldest hour first."""

    hourly: list[Hour]
    summary: Whole


class HistoryShown(Response):
    """``get-history``."""

    history: History


async def record(desk: Desk, asked: RecordMetric) -> Done:
    """Written at once, in a row of its own."""
    ref, endpoint = _server(desk, asked.server_id)
    called = Called(
        at=time.time(),
        ref=ref,
        endpoint=endpoint,
        path="tailscale" if asked.used_tailscale else "direct",
        seconds=None if asked.response_time_ms is None else asked.response_time_ms / 1000,
        error="" if asked.success else "Reported",
        retries=asked.retry_count,
        message=asked.error_message or "",
    )
    await _ask(desk, lambda keeper: keeper.record([called]))
    return Done()


async def summary(desk: Desk, asked: GetSummary) -> SummaryShown:
    """No server is asked."""
    ref, _ = _server(desk, asked.server_id)
    found = await _ask(desk, lambda keeper: keeper.metrics.summary(ref).document)
    return SummaryShown(summary=Summary.model_validate(found))


async def history(desk: Desk, asked: GetHistory) -> HistoryShown:
    """No server is asked."""
    ref, _ = _server(desk, asked.server_id)
    found: Any = await _ask(desk, lambda keeper: keeper.metrics.history(ref).document)
    return HistoryShown(history=History.model_validate(found))


def _server(desk: Desk, wanted: str) -> tuple[ServerRef, str]:
    place, server = desk.server(wanted)
    return ServerRef(*place), server.endpoints[0].label


async def _ask(desk: Desk, work: Callable[[MetricsKeeper], T]) -> T:
    url = desk.ledger.url

    def ask() -> T:
        keeper = MetricsKeeper(state_folder(), url, tell=log.warning)
        try:
            return work(keeper)
        finally:
            keeper.close()

    return await asyncio.to_thread(ask)


CONNECTION_METRICS = Function(
    "connection-metrics",
    Call(RecordMetric, Done, record),
    Call(GetSummary, SummaryShown, summary),
    Call(GetHistory, HistoryShown, history),
)
