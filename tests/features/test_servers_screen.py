"""The view of servers: how they are, what is said of them, added only after a look at whom one would trust."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Place
from proxtui.features.servers.checking import Checked
from proxtui.kit.confirm import Confirm
from proxtui.pve.tls import CertificateInfo

from .screens import SMALL, text_of
from .setups import setup

PIN = ":".join(["CD"] * 32)
SHOWN = CertificateInfo("CN=pve9", "CN=lab", ("pve9",), datetime(2026, 1, 1, tzinfo=UTC),
                        datetime(2030, 1, 1, tzinfo=UTC), PIN)  # fmt: skip
NEW = {"tenant": "acme", "name": "lab", "host": "pve9", "token_id": "root@pam!x", "token_secret": "0-0"}


def doctor(monkeypatch: pytest.MonkeyPatch, *, well: bool = True) -> list[Any]:
    """In place of the network: untrusted until it is pinned."""
    seen: list[Any] = []

    async def check(place: Place, server: Any, _diagnose: Any = None) -> Checked:
        seen.append(server)
        if PIN not in server.trust.fingerprints:
            return Checked(place=place, state="untrusted", endpoint="pve9:8006", certificate=SHOWN, error="unknown")
        if not well:
            return Checked(place=place, state="refused", endpoint="pve9:8006", error="refused", advice="Look.")
        return Checked(place=place, state="online", endpoint="pve9:8006", ms=3.0, version="9.2.4")

    monkeypatch.setattr("proxtui.features.servers.checking.check", check)
    return seen


async def test_a_server_is_added_after_its_certificate_was_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor(monkeypatch)
    async with setup(tmp_path, "7") as one:
        await one.acting.press("a")
        await one.fill(**NEW)
        question = await one.confirm()
        assert PIN[:48] in "\n".join(question.question.lines)
        await one.until_said("server acme/lab is added")
        await one.acting.until(lambda: "lab" in one.table)
    server = dict(one.registrar.config.servers())[Place("acme", "lab")]
    assert server.trust.fingerprints == (PIN,)


async def test_who_does_not_trust_it_saves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = doctor(monkeypatch)
    async with setup(tmp_path, "7") as one:
        await one.acting.press("a")
        form = await one.fill(**NEW)
        await one.acting.until(lambda: isinstance(one.app.screen, Confirm))
        await one.acting.press("escape")
        await one.acting.until(lambda: "nothing saved" in form._notice.text)
    assert len(seen) == 1
    assert Place("acme", "lab") not in dict(one.registrar.config.servers())


async def test_a_failed_test_is_told_and_sent_again_it_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor(monkeypatch, well=False)
    async with setup(tmp_path, "7") as one:
        await one.acting.press("a")
        form = await one.fill(**NEW, fingerprints=PIN)
        await one.acting.until(lambda: "ctrl+s again" in form._notice.text)
        await one.acting.press("ctrl+s")
        await one.until_said("is added")


async def test_the_pane_tells_how_it_is_just_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor(monkeypatch)
    async with setup(tmp_path, "7", size=SMALL) as one:
        await one.acting.press("d")
        await one.acting.until(lambda: "untrusted" in text_of(one.acting.pane.query_one("Facts")))
        assert "2030-01-01" in text_of(one.acting.pane.query_one("Facts"))


async def test_it_is_switched_off_and_deleted_by_its_name_only(tmp_path: Path) -> None:
    async with setup(tmp_path, "7") as one:
        await one.choose("o")
        await one.confirm()
        await one.until_said("switched off")
        await one.acting.until(lambda: "off" in one.table)
        await one.choose("D")
        question = await one.confirm("wrong")
        assert one.app.screen is question
        await one.confirm("prod")
        await one.until_said("is deleted")
    assert len(one.registrar.config.servers()) == 1
