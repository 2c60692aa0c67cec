"""What the client tells of each call: that it ended, how fast and how, and nothing of what it was about."""

from __future__ import annotations

import pytest

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    DeadlineExceeded,
    NetworkError,
    NodeUnreachable,
    OutcomeUnknown,
    PermissionDenied,
    ProxtuiError,
    UnexpectedAnswer,
)
from proxtui.pve.client import ProxmoxClient, failure_of

from .conftest import Bench
from .servers import Hang, answer, ok


class Ear:
    """Hears of calls."""

    def __init__(self) -> None:
        self.heard: list[tuple[float | None, str, int]] = []

    def __call__(self, seconds: float | None, error: str, retries: int) -> None:
        self.heard.append((seconds, error, retries))

    @property
    def errors(self) -> list[str]:
        return [error for _, error, _ in self.heard]


def listened(client: ProxmoxClient) -> Ear:
    client._observe = ear = Ear()
    return ear


async def test_an_answer_is_told_with_its_time(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: ok([]))
    ear = listened(client)
    await client.get("/nodes")
    ((seconds, error, retries),) = ear.heard
    assert seconds is not None
    assert 0 < seconds < 10
    assert (error, retries) == ("", 0)


@pytest.mark.parametrize(
    ("status", "told"), [(403, ""), (500, ""), (401, "AuthenticationError"), (595, "NodeUnreachable")]
)
async def test_a_refusal_is_an_answer_unless_it_tells_of_the_way(bench: Bench, status: int, told: str) -> None:
    _, client = await bench.pair(lambda seen: answer(status, "no"))
    ear = listened(client)
    with pytest.raises(ApiError):
        await client.get("/nodes/pve1/status")
    assert ear.errors == [told]


async def test_a_deadline_is_told(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: Hang())
    ear = listened(client)
    with pytest.raises(DeadlineExceeded):
        await client.get("/nodes", timeout=50)
    assert ear.errors == ["DeadlineExceeded"]


async def test_another_deadline_can_be_set_while_it_runs(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: Hang())
    client.timeout = 50
    with pytest.raises(DeadlineExceeded, match=r"0\.05 s"):
        await client.get("/nodes")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, ""),
        (PermissionDenied("no", status=403), ""),
        (ApiError("VM is running", status=500), ""),
        (ApiError("bad gateway", status=502), "ApiError"),
        (NodeUnreachable("dead", status=595), "NodeUnreachable"),
        (AuthenticationError("who", status=401), "AuthenticationError"),
        (UnexpectedAnswer("no JSON", status=200), "UnexpectedAnswer"),
        (NetworkError("gone", stage="connect", endpoint="pve:8006"), "NetworkError"),
        (OutcomeUnknown("perhaps"), "OutcomeUnknown"),
    ],
)
def test_which_errors_tell_of_the_connection(error: ProxtuiError | None, told: str) -> None:
    assert failure_of(error) == told


def test_a_lost_answer_is_told_as_what_lost_it() -> None:
    lost = OutcomeUnknown("perhaps")
    lost.__cause__ = NetworkError("gone", stage="read", endpoint="pve:8006")
    assert failure_of(lost) == "NetworkError"
