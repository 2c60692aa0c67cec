"""The first run: six pages over a PVE on a real socket, every wrong input told, nothing written before the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.events import Key, Paste, Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from proxtui.config.vault.opened import Seat
from proxtui.config.vault.sources import Sources
from proxtui.config.vault.unlocking import unlock
from proxtui.pve.access import permissions_of
from proxtui.pve.stages import Diagnosis, Stage
from proxtui.tui.wizard import INTERRUPTED, Wizard
from proxtui.tui.wizard_answers import LOGIN, rights_lines, slug_of
from proxtui.tui.wizard_pages import Page, Trust, Watch
from tests.config.vaults import CHEAP
from tests.pve.conftest import SECRET
from tests.pve.diagnosing import Pve
from tests.pve.gate import PASSWORD, Gate
from tests.pve.servers import Answer, Certificates, Hang, Seen, Server, answer, ok

WORDS = "correct horse battery"
RIGHTS = {"/": {"VM.Audit": 1, "Sys.Audit": 1}, "/vms/100": {"VM.Audit": 1, "VM.PowerMgmt": 1}}
TOKEN = {"token_id": "root@pam!watch", "token_secret": SECRET}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@dataclass
class Walk:
    """Somebody at the keyboard of the wizard."""

    app: Wizard
    pilot: Pilot[None]
    server: Server

    @property
    def page(self) -> Any:
        return self.app.screen

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not wanted():
                await self.pilot.pause(0.01)

    async def at(self, number: int) -> Any:
        """The page of this number, as soon as it listens."""
        await self.until(
            lambda: isinstance(self.page, Page) and f" {number} of 6" in self.page._title and not self.page.waiting
        )
        return self.page

    async def fill(self, number: int, **texts: str) -> None:
        page = await self.at(number)
        for name, text in texts.items():
            page.put(name, text)
        await self.pilot.pause()
        await self.pilot.press("ctrl+s")

    async def trusted(self) -> None:
        await self.fill(1, address=f"https://127.0.0.1:{self.server.port}/#v1:0")
        await self.at(2)
        await self.pilot.press("y")

    async def tested(self) -> Watch:
        page = await self.at(4)
        await self.until(lambda: page.ended is not None)
        return page  # type: ignore[no-any-return]

    def problems(self) -> dict[str, str]:
        return {line.asked.name: line.problem for line in self.page.lines if line.problem}

    def shown(self) -> str:
        return "\n".join(str(one.render()) for one in self.page.query(Static))


@asynccontextmanager
async def wizard(
    certificates: Certificates,
    folder: Path,
    app: Callable[[Seen], Answer] | None = None,
    kind: type[Wizard] = Wizard,
    **more: Any,
) -> AsyncIterator[Walk]:
    context, _ = certificates.server("pve1", "pve1", "127.0.0.1")
    pve = app or Pve(broken={"GET /access/permissions": ok(RIGHTS)})
    made = kind(Seat(folder / "c" / "config.toml", folder / "s"), cost=CHEAP, **more)
    async with Server(pve, context) as server, made.run_test(size=(80, 24)) as pilot:
        yield Walk(made, pilot, server)


@pytest.fixture(autouse=True)
def keen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hears at once: that a question is deaf at first is shown elsewhere."""
    monkeypatch.setattr(Trust, "DEAF", 0.0)
    monkeypatch.setattr(Watch, "DEAF", 0.0)


def is_untouched(walk: Walk) -> bool:
    return not walk.app.seat.path.parent.exists() and not walk.app.seat.state.exists()


def secrets_seen(server: Server) -> bool:
    return SECRET.encode() in bytes(server.received) or PASSWORD.encode() in bytes(server.received)


async def test_from_a_pasted_address_to_a_vault_with_the_server(certificates: Certificates, tmp_path: Path) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.fill(1, address=f"https://127.0.0.1:{walk.server.port}/#v1:0")
        page = await walk.at(2)
        seen = walk.shown()
        assert "CN=pve1" in seen
        assert "pve1, 127.0.0.1" in seen
        assert dict(page.facts)["SHA-256"] in seen
        assert walk.server.requests == []
        await walk.pilot.press("enter")
        await walk.pilot.pause()
        assert "no other one" in page.news
        await walk.pilot.press("y")
        await walk.fill(3, **TOKEN)
        await walk.tested()
        seen = walk.shown()
        assert "All is well" in seen
        assert "Proxmox VE 9.2.4, 2 of 2 nodes online" in seen
        assert "may: see guests, see nodes" in seen
        assert "in places: start and stop them" in seen
        assert SECRET not in seen
        await walk.pilot.press("enter")
        page = await walk.at(5)
        page.put("tenant", "Acme GmbH")
        await walk.until(lambda: page.texts["slug"] == "acme-gmbh")
        page.put("server", "prod")
        assert is_untouched(walk)
        await walk.pilot.press("ctrl+s")
        await walk.fill(6, passphrase=WORDS, again=WORDS)
        await walk.until(lambda: walk.app.vault is not None)
    vault = unlock(walk.app.seat, Sources(prompt=lambda: WORDS))
    [(place, server)] = vault.config.servers()
    assert place == ("acme-gmbh", "prod")
    assert server.credentials.token_secret is not None
    assert server.credentials.token_secret.get_secret_value() == SECRET
    assert server.trust.mode == "fingerprint"
    assert vault.config.tenants[0].name == "Acme GmbH"
    assert walk.app.return_code == 0
    assert WORDS not in walk.app.seat.path.read_text()
    assert SECRET not in walk.app.seat.path.read_text()


async def test_a_login_with_a_second_factor_is_tested_and_its_code_not_kept(
    certificates: Certificates, tmp_path: Path
) -> None:
    gate = Gate(factors={"totp": True})
    pve = Pve(gate=gate, broken={"GET /access/permissions": ok(RIGHTS)})
    async with wizard(certificates, tmp_path, pve) as walk:
        await walk.trusted()
        page = await walk.at(3)
        page.put("how", LOGIN)
        await walk.until(lambda: not page.lines[1].display)
        await walk.fill(3, username="root@pam", password=PASSWORD, totp="123456")
        await walk.tested()
        assert gate.logins[-1]["password"] == "totp:123456"
        kept = walk.app.answers.plain({"tenant": "Acme", "slug": "acme", "server": "prod"})
    assert kept["tenants"]["acme"]["servers"]["prod"]["credentials"] == {
        "username": "root", "realm": "pam", "password": PASSWORD,
    }  # fmt: skip
    assert "123456" not in str(kept)
    assert PASSWORD not in repr(walk.app.answers)


async def test_what_cannot_be_an_address_is_told_at_its_field_and_nobody_is_asked(
    certificates: Certificates, tmp_path: Path
) -> None:
    async with wizard(certificates, tmp_path) as walk:
        for text, wanted in (("", "is needed"), ("http://pve1", "https"), ("pve 1", "host name"), ("pve1:0", "port")):
            await walk.fill(1, address=text)
            await walk.until(lambda wanted=wanted: wanted in walk.problems().get("address", ""))  # type: ignore[misc]
        assert walk.server.connections == 0


async def test_nobody_at_the_port_is_told_with_what_to_do(certificates: Certificates, tmp_path: Path) -> None:
    async with wizard(certificates, tmp_path) as walk:
        async with Server(lambda seen: None, None) as gone:
            port = gone.port
        await walk.fill(1, address=f"127.0.0.1:{port}")
        await walk.until(lambda: "refused" in walk.problems().get("address", ""))
        assert "is it the right port" in walk.page.news
        await walk.trusted()
        await walk.at(3)


async def test_another_program_at_the_port_gets_no_secret(certificates: Certificates, tmp_path: Path) -> None:
    def shop(seen: Seen) -> Answer:
        return answer(200, "OK", b"<html>a shop</html>", headers=(("Content-Type", "text/html"),))

    async with wizard(certificates, tmp_path, shop) as walk:
        await walk.trusted()
        page = await walk.at(2)
        await walk.until(lambda: "not the PVE API" in page.news)
        await walk.pilot.press("escape")
        await walk.at(1)
    assert not secrets_seen(walk.server)


async def test_an_answer_that_does_not_come_can_be_given_up(certificates: Certificates, tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(*_: Any, **__: Any) -> Diagnosis:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with wizard(certificates, tmp_path, lambda seen: Hang(), diagnose=never) as walk:
        await walk.fill(1, address="127.0.0.1:1")
        await asked.wait()
        assert "connecting to 127.0.0.1:1" in walk.page.news
        await walk.pilot.press("escape")
        page = await walk.at(1)
        assert page.texts["address"] == "127.0.0.1:1"


async def test_another_certificate_between_two_looks_gets_no_token(certificates: Certificates, tmp_path: Path) -> None:
    other, _ = certificates.server("pve9", "pve9", "127.0.0.1")
    async with wizard(certificates, tmp_path) as walk:
        await walk.trusted()
        await walk.at(3)
        port = walk.server.port
        await walk.server.__aexit__(None, None, None)
        async with Server(Pve(), other, port) as changed:
            await walk.fill(3, **TOKEN)
            page = await walk.tested()
            assert page.ended is False
            assert "not the pinned one" in walk.shown()
        assert not secrets_seen(changed)
        await walk.server.__aenter__()


async def test_a_wrong_token_is_told_and_corrected_or_saved_all_the_same(
    certificates: Certificates, tmp_path: Path
) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.trusted()
        await walk.fill(3, token_id="no token", token_secret="x y")
        await walk.until(lambda: set(walk.problems()) == {"token_id"} or set(walk.problems()) == {"token_secret"})
        await walk.fill(3, token_id="root@pam!watch", token_secret="0-0-0")
        page = await walk.tested()
        assert page.ended is False
        assert "Check the token and its secret" in page.news
        await walk.pilot.press("enter")
        await walk.pilot.pause()
        assert walk.page is page
        await walk.pilot.press("escape")
        form = await walk.at(3)
        assert form.texts["token_id"] == "root@pam!watch"
        await walk.fill(3, token_secret=SECRET)
        page = await walk.tested()
        assert page.ended is True
        await walk.pilot.press("escape")
        await walk.fill(3, token_secret="0-0-0")
        await walk.tested()
        await walk.pilot.press("s")
        await walk.at(5)


async def test_names_and_passphrases_that_will_not_do_are_told_at_their_fields(
    certificates: Certificates, tmp_path: Path
) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.trusted()
        await walk.fill(3, **TOKEN)
        await walk.tested()
        await walk.pilot.press("enter")
        await walk.fill(5, tenant="", slug="Not A Slug", server="")
        await walk.until(lambda: set(walk.problems()) == {"tenant", "slug", "server"})
        await walk.fill(5, tenant="Acme", slug="acme", server="prod")
        await walk.fill(6, passphrase="short", again="short")
        await walk.until(lambda: "at least 12" in walk.problems().get("passphrase", ""))
        await walk.fill(6, passphrase=WORDS, again=WORDS + "x")
        await walk.until(lambda: walk.problems().get("again") == "is not the same")
        assert is_untouched(walk)
        # Somebody else makes the file meanwhile: it is not overwritten.
        walk.app.seat.path.parent.mkdir(mode=0o700)
        walk.app.seat.path.write_text("theirs")
        await walk.fill(6, passphrase=WORDS, again=WORDS)
        await walk.until(lambda: "is there already" in walk.page.news)
    assert walk.app.seat.path.read_text() == "theirs"


async def test_escape_leads_back_page_by_page_and_out_with_nothing_written(
    certificates: Certificates, tmp_path: Path
) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.trusted()
        await walk.fill(3, **TOKEN)
        await walk.tested()
        await walk.pilot.press("enter")
        await walk.fill(5, tenant="Acme")
        await walk.at(6)
        for number in (5, 4, 3, 2, 1):
            await walk.pilot.press("escape")
            await walk.at(number)
            if number == 4:
                await walk.tested()
        await walk.pilot.press("escape")
        await walk.until(lambda: "nothing was written" in walk.page.news)
        await walk.pilot.press("escape")
        await walk.until(lambda: walk.app.return_code is not None)
    assert walk.app.return_code == 0
    assert walk.app.vault is None
    assert is_untouched(walk)


@pytest.mark.parametrize("number", [1, 3, 6])
async def test_ctrl_c_leaves_with_nothing_written(certificates: Certificates, tmp_path: Path, number: int) -> None:
    async with wizard(certificates, tmp_path) as walk:
        if number > 1:
            await walk.trusted()
        if number > 3:
            await walk.fill(3, **TOKEN)
            await walk.tested()
            await walk.pilot.press("enter")
            await walk.fill(5, tenant="Acme")
        await walk.at(number)
        await walk.pilot.press("ctrl+c")
        await walk.until(lambda: walk.app.return_code is not None)
    assert walk.app.return_code == INTERRUPTED
    assert is_untouched(walk)


async def test_a_pasted_line_trusts_nothing(certificates: Certificates, tmp_path: Path) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.fill(1, address=f"127.0.0.1:{walk.server.port}")
        page = await walk.at(2)
        walk.app.post_message(Paste("y"))
        await walk.pilot.pause()
        assert walk.page is page


def test_slugs_are_made_of_names() -> None:
    assert slug_of("Acme GmbH & Co.") == "acme-gmbh-co"
    assert slug_of("日本") == ""


def test_a_token_without_any_right_is_told_what_to_do() -> None:
    assert "pveum acl modify" in rights_lines(permissions_of({}))[0]


async def test_a_low_terminal_keeps_verdict_and_keys_in_sight(certificates: Certificates, tmp_path: Path) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.trusted()
        await walk.fill(3, **TOKEN)
        page = await walk.tested()
        await walk.pilot.resize_terminal(50, 12)
        keys, middle = page.query_one(".dialog-keys"), page.query_one("#middle")
        await walk.until(lambda: bool(middle.region.height < 12 and keys.region.bottom < 12))
        await walk.until(lambda: bool(middle.max_scroll_y > 0))
        at = middle.scroll_y
        await walk.pilot.press("up" if at else "down")
        await walk.until(lambda: bool(middle.scroll_y != at))


SIZES = ((40, 10), (160, 50), (80, 24))


class Dragged(Wizard):
    """Somebody drags the edge of the terminal whenever a page opens, closes or says something."""

    @property
    def screen(self) -> Screen[Any]:
        found = super().screen
        if isinstance(found, Page) and found not in self.dragged:
            self.dragged.append(found)
            self.drag(found)
        return found

    dragged: ClassVar[list[Page[Any]]] = []

    def drag(self, page: Page[Any]) -> None:
        """Give the app and the page each size."""
        for width, height in SIZES:
            size = Size(width, height)
            self.post_message(Resize(size, size))
            page.post_message(Resize(size, size))
            page._fit()


async def test_pages_may_get_sizes_before_their_parts_exist_and_at_any_time(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dragged, "dragged", [])
    async with wizard(certificates, tmp_path, kind=Dragged) as walk:

        async def resized(number: int) -> None:
            page = await walk.at(number)
            for size in SIZES:
                await walk.pilot.resize_terminal(*size)
                assert page.query_one(".dialog-keys").region.bottom <= size[1]

        await walk.trusted()
        await resized(3)
        await walk.fill(3, **TOKEN)
        await walk.tested()
        await resized(4)
        await walk.pilot.press("enter")
        await resized(5)
        await walk.fill(5, tenant="Acme")
        for number in (6, 5, 4, 3, 2, 1):
            await resized(number)
            await walk.pilot.press("escape")
        await resized(1)
        assert walk.app.crash is None
        assert len(Dragged.dragged) >= 11


async def test_a_certificate_that_the_system_trusts_needs_only_enter(
    certificates: Certificates, tmp_path: Path
) -> None:
    found: list[Diagnosis] = []

    async def known(*given: Any, **more: Any) -> Diagnosis:
        from proxtui.pve.diagnosis import diagnose

        answered = Stage(name="answer", state="ok", ms=1.0, line="Proxmox VE")
        found.append(replace(await diagnose(*given, **more), is_trusted=True, stages=(answered,)))
        return found[-1]

    async with wizard(certificates, tmp_path, diagnose=known) as walk:
        await walk.fill(1, address=f"127.0.0.1:{walk.server.port}")
        page = await walk.at(2)
        assert "enter, y go on" in walk.shown()
        assert "This system trusts the certificate" in walk.shown()
        await walk.pilot.press("enter")
        await walk.at(3)
        assert walk.app.answers.trust.mode == "system"
        assert walk.page is not page


@pytest.mark.parametrize("size", SIZES)
async def test_a_page_that_gets_its_size_before_its_parts_exist_waits_for_them(
    size: tuple[int, int], certificates: Certificates, tmp_path: Path
) -> None:
    async with wizard(certificates, tmp_path) as walk:
        page = await walk.at(1)
        early = Watch("4 test")
        walk.app.push_screen(early)
        # In this very turn: not even its compose has run.
        early._fit()
        early.say("early")
        await walk.pilot.resize_terminal(*size)
        await walk.until(lambda: early.is_mounted)
        assert walk.app.crash is None
        assert str(early.query_one("#news", Static).render()) == "early"
        early.dismiss(None)
        await walk.until(lambda: walk.page is page)


async def test_what_is_typed_in_one_piece_lands_field_by_field(certificates: Certificates, tmp_path: Path) -> None:
    async with wizard(certificates, tmp_path) as walk:
        await walk.trusted()
        page = await walk.at(3)
        for key in ("tab", *"root", "at", *"pam", "exclamation_mark", *"x", "enter", *"secret"):
            letter = {"at": "@", "exclamation_mark": "!"}.get(key, key)
            walk.app.post_message(Key(key, letter if len(letter) == 1 else None))
        await walk.until(lambda: page.texts["token_secret"] == "secret")
        assert page.texts["token_id"] == "root@pam!x"


async def test_a_low_terminal_shows_the_field_that_has_the_keys(certificates: Certificates, tmp_path: Path) -> None:
    async with wizard(certificates, tmp_path) as walk:

        async def in_sight(number: int) -> None:
            page = await walk.at(number)
            middle, field = page.query_one("#middle"), page.focused
            await walk.until(lambda: number not in (1, 6) or middle.max_scroll_y > 0)
            await walk.until(lambda: bool(field.region) and field.region in middle.content_region)

        await walk.pilot.resize_terminal(40, 10)
        await in_sight(1)
        await walk.trusted()
        await in_sight(3)
        await walk.fill(3, **TOKEN)
        await walk.tested()
        await walk.pilot.press("enter")
        await in_sight(5)
        await walk.fill(5, tenant="Acme")
        await in_sight(6)
