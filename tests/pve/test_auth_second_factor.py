"""Logins with a second factor: the challenge, the question, and who cannot be asked."""

from __future__ import annotations

import asyncio

import pytest

from proxtui.errors import AuthenticationError, TotpRequired
from proxtui.pve.auth import factor

from .conftest import Bench
from .gate import Gate, always


@pytest.mark.parametrize(
    ("typed", "sent"), [("123456", "totp:123456"), ("123 456 ", "totp:123456"), ("ab-cd", "recovery:ab-cd")]
)
async def test_a_second_factor(bench: Bench, gate: Gate, typed: str, sent: str) -> None:
    gate.factors = {"totp": True, "recovery": [0, 1, 2]}
    prompts: list[str] = []

    async def ask(prompt: str) -> str:
        prompts.append(prompt)
        return typed

    server, client = await bench.pair(gate, with_password=True, ask_totp=ask)
    await client.authenticate()
    assert await client.get("/nodes") == ["GET", "/nodes"]
    assert gate.logins[1] == {"username": "root@pam", "tfa-challenge": gate.challenge, "password": sent}
    assert prompts == [f"TOTP code or recovery key (3 left) of root@pam on 127.0.0.1:{server.port}"]


async def test_thinking_time_does_not_count(bench: Bench, gate: Gate) -> None:
    gate.factors = {"totp": True}

    async def ask(prompt: str) -> str:
        await asyncio.sleep(0.4)
        return "123456"

    _, client = await bench.pair(gate, with_password=True, ask_totp=ask, fields={"timeout": 300})
    assert await client.get("/nodes") == ["GET", "/nodes"]


async def test_a_wrong_second_factor_is_sent_once(bench: Bench, gate: Gate) -> None:
    gate.factors = {"totp": True}
    _, client = await bench.pair(gate, with_password=True, ask_totp=always("000000"))
    with pytest.raises(AuthenticationError):
        await client.get("/nodes")
    assert len(gate.logins) == 2


@pytest.mark.parametrize("ask", [None, "", "  "])
async def test_nobody_to_give_the_second_factor(bench: Bench, gate: Gate, ask: str | None) -> None:
    gate.factors = {"totp": True}
    _, client = await bench.pair(gate, with_password=True, ask_totp=None if ask is None else always(ask))
    with pytest.raises(TotpRequired) as caught:
        await client.get("/nodes")
    assert caught.value.exit_code == 11
    assert len(gate.logins) == 1


async def test_a_factor_that_a_terminal_cannot_give(bench: Bench, gate: Gate) -> None:
    gate.factors = {"webauthn": {"challenge": "x"}, "totp": False, "recovery": []}
    _, client = await bench.pair(gate, with_password=True, ask_totp=always("123456"))
    with pytest.raises(AuthenticationError, match="webauthn"):
        await client.get("/nodes")


def test_what_people_type() -> None:
    assert factor("12345678") == "totp:12345678"
    assert factor("1a2b-3c4d") == "recovery:1a2b-3c4d"
    assert factor("yubico:cccc") == "yubico:cccc"
