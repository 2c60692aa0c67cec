"""What somebody types into the first run stands nowhere: not on its pages, in logs, reports, files or processes."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from proxtui.cli.crash import report_text, write_report
from proxtui.tui.wizard_answers import LOGIN
from tests.pve.conftest import SECRET
from tests.pve.diagnosing import Pve
from tests.pve.gate import PASSWORD, Gate
from tests.pve.servers import ok
from tests.tui.test_wizard import RIGHTS, TOKEN, Walk, certificates, keen, wizard

from .test_secrets import Secrets, of_processes, on_disk, place, shown

__all__ = ["certificates", "keen", "place"]
WORDS = "zebra first horse battery"


class Eye:
    """Looks at pages, and keeps on which of them something stood that should not."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.secrets = Secrets(token=SECRET, password=PASSWORD, passphrase=WORDS, code="123456")
        self.told: dict[str, set[str]] = {}
        self.pages: set[int] = set()

    async def look(self, number: int) -> None:
        await self._walk.pilot.pause()
        self.pages.add(number)
        page = shown(self._walk.app)  # type: ignore[arg-type]
        assert f"{number} of 6" in page
        if found := self.secrets.found_in(page):
            self.told[f"page {number}"] = found

    async def fill(self, number: int, **texts: str) -> None:
        page = await self._walk.at(number)
        for name, text in texts.items():
            page.put(name, text)
        await self.look(number)
        await self._walk.pilot.press("f1")
        await self.look(number)
        await self._walk.pilot.press("ctrl+s")


async def through_all_pages(walk: Walk, eye: Eye) -> None:
    """With a token that is refused, then a password and a code, and a passphrase that is first not the same."""
    await walk.fill(1, address=f"127.0.0.1:{walk.server.port}")
    await walk.at(2)
    await eye.look(2)
    await walk.pilot.press("y")
    await eye.fill(3, **TOKEN)
    await walk.tested()
    await eye.look(4)
    await walk.pilot.press("escape")
    page = await walk.at(3)
    page.put("how", LOGIN)
    await walk.until(lambda: not page.lines[1].display)
    await eye.fill(3, username="root@pam", password=PASSWORD, totp="123456")
    await walk.tested()
    await eye.look(4)
    await walk.pilot.press("enter")
    await eye.fill(5, tenant="Acme", slug="acme", server="prod")
    await eye.fill(6, passphrase=WORDS, again=WORDS[:-1])
    await walk.until(lambda: "again" in walk.problems())
    await eye.look(6)
    await eye.fill(6, passphrase=WORDS, again=WORDS)


async def test_what_is_typed_into_the_first_run_is_nowhere_afterwards(
    certificates: object, place: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pve = Pve(gate=Gate(factors={"totp": True}), broken={"GET /access/permissions": ok(RIGHTS)})
    async with wizard(certificates, place, pve) as walk, asyncio.timeout(60):  # type: ignore[arg-type]
        eye = Eye(walk)
        await through_all_pages(walk, eye)
        await walk.until(lambda: walk.app.vault is not None)
    assert eye.told == {}
    assert eye.pages == {2, 3, 4, 5, 6}
    logging.getLogger("proxtui").debug("typed: %s %s %s", SECRET, PASSWORD, WORDS)
    logging.shutdown()
    assert on_disk(Secrets(log="typed: "), place)
    assert on_disk(Secrets(file="[proxtui]"), place)
    kept = Secrets({name: text for name, text in eye.secrets.items() if name != "code"})
    assert on_disk(kept, place) == {}
    assert kept.found_in(of_processes()) == set()
    assert kept.found_in("".join(capfd.readouterr())) == set()


async def test_a_bug_while_it_is_saved_prints_no_passphrase(
    certificates: object, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_seat: object, **_more: object) -> None:
        secret = WORDS
        raise RuntimeError(f"{len(secret)} letters")

    monkeypatch.setattr("proxtui.config.vault.unlocking.create", fail)
    crash: BaseException | None = None
    secrets = Secrets(token=SECRET, passphrase=WORDS)
    try:
        async with wizard(certificates, place) as walk, asyncio.timeout(60):  # type: ignore[arg-type]
            await walk.trusted()
            await walk.fill(3, **TOKEN)
            await walk.tested()
            await walk.pilot.press("enter")
            await walk.fill(5, tenant="Acme", slug="acme", server="prod")
            await walk.fill(6, passphrase=WORDS, again=WORDS)
            await walk.until(lambda: walk.app.crash is not None)
    except Exception as error:  # noqa: BLE001 # the stage raises whatever ended the app
        crash = error
    crash = crash or walk.app.crash
    assert crash is not None
    assert write_report(crash) is not None
    assert f"{len(WORDS)} letters" in report_text(crash)
    assert secrets.found_in(report_text(crash)) == set()
    logging.shutdown()
    assert on_disk(secrets, place) == {}
