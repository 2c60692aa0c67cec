"""Ages and troubles in words."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.ages import age_text, coarse_age, nothing_to_show, trouble, troubles
from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import Fleet, Scope, ServerRef, Snapshot, SourceState
from proxtui.errors import NetworkError, NodeUnreachable, PermissionDenied

NOW = 1000.0
REF = ServerRef("acme", "berlin")


def known(state: SourceState, age: float | None, **more: Any) -> Snapshot:
    return Snapshot(REF, state=state, taken_at=None if age is None else NOW - age, **more)


@pytest.mark.parametrize(
    ("state", "age", "text"),
    [
        (SourceState.FRESH, 0, "now"),
        (SourceState.FRESH, 9.9, "now"),
        (SourceState.STALE, 0.2, "1s"),
        (SourceState.STALE, 59.9, "50s"),
        (SourceState.DOWN, 60, "1m"),
        (SourceState.DOWN, 7_300, "2h"),
        (SourceState.WAITING, None, "–"),
    ],
)
def test_ages_are_coarse(state: SourceState, age: float | None, text: str) -> None:
    assert age_text(coarse_age(known(state, age), NOW)) == text


def test_a_trouble_has_cause_age_and_next_try() -> None:
    failed = known(SourceState.STALE, 25, error="pve1:8006: connection refused", next_try_at=NOW + 12)
    assert trouble(failed, NOW) == "acme / berlin: pve1:8006: connection refused; rows are 20s old; next try in 15s"
    refused = known(SourceState.FORBIDDEN, None, error="login refused")
    assert trouble(refused, NOW) == "acme / berlin: login refused; not tried again until this is mended"
    assert trouble(known(SourceState.STALE, 25, next_try_at=NOW - 1), NOW) == (
        "acme / berlin: no new answer; rows are 20s old; trying again"
    )
    assert trouble(known(SourceState.FRESH, 1), NOW) is None


def test_a_server_that_never_answered_says_for_how_long_it_was_asked() -> None:
    dead = known(SourceState.DOWN, None, error="no route", next_try_at=NOW + 12, asked_since=NOW - 215)
    assert trouble(dead, NOW) == "acme / berlin: no route; never answered, asked for 3m; next try in 15s"
    assert trouble(known(SourceState.DOWN, None, error="no route", asked_since=NOW - 49), NOW) == (
        "acme / berlin: no route; never answered, asked for 40s"
    )
    assert trouble(known(SourceState.DOWN, None, error="no route", asked_since=NOW - 9), NOW) == (
        "acme / berlin: no route; never answered"
    )
    answered = known(SourceState.DOWN, 400, error="no route", asked_since=NOW - 3_000)
    assert trouble(answered, NOW) == "acme / berlin: no route; rows are 6m old"
    # A server that refuses does answer.
    refused = known(SourceState.FORBIDDEN, None, error="login refused", asked_since=NOW - 215)
    assert "never answered" not in str(trouble(refused, NOW))


def test_only_troubles_in_scope() -> None:
    fleet = Fleet((known(SourceState.DOWN, None, error="no"),), NOW)
    assert len(troubles(fleet, Scope("acme"))) == 1
    assert troubles(fleet, Scope("zeta")) == []


@pytest.mark.parametrize(
    ("snapshots", "text"),
    [
        ((), "no server is configured"),
        ((known(SourceState.WAITING, None),), "waiting for 1 server …"),
        ((known(SourceState.FRESH, 1),), "no guests here"),
        ((known(SourceState.DOWN, None, error="no"),), "no guests are known\nacme / berlin: no"),
    ],
)
def test_an_empty_table_says_why(snapshots: tuple[Snapshot, ...], text: str) -> None:
    assert nothing_to_show(Fleet(snapshots, NOW), Scope(), "guests", filtered=False) == text


async def refuse(error: Exception) -> None:
    raise error


async def test_what_was_refused_becomes_a_line() -> None:
    denied = PermissionDenied("no", status=403)
    denied.privilege = "Sys.Audit"
    problems: list[Problem] = []
    for what, error in (("status", denied), ("history", denied), ("version", NetworkError("gone", stage="connect"))):
        assert await attempt(what, refuse(error), problems) is None
    assert problem_lines(problems) == ["status, history: missing privilege Sys.Audit", "version: gone"]
    with pytest.raises(ZeroDivisionError):
        await attempt("bug", refuse(ZeroDivisionError()), problems)


async def test_a_dead_node_is_one_reason_for_all_that_was_asked_of_it() -> None:
    problems: list[Problem] = []
    for what in ("status", "version"):
        dead = NodeUnreachable("the node does not answer", status=595, method="GET", path=f"/nodes/n1/{what}")
        await attempt(what, refuse(dead), problems)
    assert problem_lines(problems) == ["status, version: the node does not answer"]
