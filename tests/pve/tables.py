"""Tables of changes: what is called, the one request that goes out for it, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from proxtui.errors import InvalidInput, UnexpectedAnswer
from proxtui.pve.upid import Upid

from .changing import UPID, Recorder, Sent
from .schema import PveSchema


@dataclass(frozen=True)
class Change:
    """``call(client)`` sends ``sent``. ``task``: it answers a UPID; else None."""

    call: Callable[[Recorder], Awaitable[Any]]
    sent: Sent
    task: bool = True
    answers: Mapping[str, Any] = field(default_factory=dict)
    """To what it reads before."""


async def sends_one_request(change: Change) -> None:
    client = Recorder(change.answers, [UPID if change.task else None])
    answer = await change.call(client)
    assert client.sent == [change.sent]
    if change.task:
        assert isinstance(answer, Upid)
        assert answer == UPID
    else:
        assert answer is None


def pve_takes(change: Change, version: str) -> None:
    schema = PveSchema(version)
    schema.check(change.sent.method, change.sent.path, change.sent.params)
    kind = schema.returns(change.sent.method, change.sent.path)["type"]
    assert kind == ("string" if change.task else "null")


async def sends_nothing(call: Callable[[Recorder], Awaitable[Any]], field: str) -> None:
    client = Recorder()
    with pytest.raises(InvalidInput) as caught:
        await call(client)
    assert caught.value.field.partition(".")[0] == field
    assert client.count == 0


async def refuses_answers_that_are_no_task(change: Change) -> None:
    for nonsense in (None, "", "OK", 1, {"upid": UPID}, UPID + "\n", ["x"]):
        with pytest.raises(UnexpectedAnswer):
            await change.call(Recorder(change.answers, [nonsense]))
