"""A question to many servers: nobody waits for the slowest, and what failed keeps its last answer."""

from __future__ import annotations

import asyncio
from typing import Any

from proxtui.core.survey import Survey
from proxtui.errors import NetworkError, PermissionDenied

from .fakes import A, B, FakeClock


async def test_each_server_answers_for_itself() -> None:
    slow, told = asyncio.Event(), []

    async def ask(client: Any) -> int:
        if client == A:
            await slow.wait()
        return 7

    survey: Survey[int] = Survey(ask, lambda ref: ref, FakeClock())  # type: ignore[arg-type,return-value]

    def tell() -> None:
        told.append(set(survey.findings))
        slow.set()

    await survey.refresh([A, B], tell)
    assert told == [{B}, {A, B}]
    assert survey.findings[A].value == 7


async def test_a_failure_keeps_the_last_answer_and_says_why() -> None:
    answers: list[Any] = [[1], NetworkError("no answer", stage="answer")]

    async def ask(_client: Any) -> list[int]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    survey: Survey[list[int]] = Survey(ask, lambda ref: ref, FakeClock())  # type: ignore[arg-type,return-value]
    await survey.refresh([A])
    first = survey.findings[A]
    await survey.refresh([A])
    assert survey.findings[A].value == [1]
    assert survey.findings[A].taken_at == first.taken_at
    assert survey.findings[A].problem == "no answer"
    assert not survey.findings[A].forbidden


async def test_a_missing_privilege_is_named_and_is_nothing_wrong_with_the_server() -> None:
    async def ask(_client: Any) -> None:
        refused = PermissionDenied("Permission check failed", status=403)
        refused.acl_path, refused.privilege = "/", "Sys.Syslog"
        raise refused

    survey: Survey[None] = Survey(ask, lambda ref: ref, FakeClock())  # type: ignore[arg-type,return-value]
    await survey.refresh([A])
    found = survey.findings[A]
    assert (found.value, found.forbidden) == (None, True)
    assert found.problem is not None
    assert "Sys.Syslog on /" in found.problem
