"""The view of servers: how they are, what is said of them, added only after a look at whom one would trust."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from proxtui.config.models import Place
from proxtui.config.vault.edits import Put
from proxtui.core.model import ServerRef, SourceState
from proxtui.features.servers.checking import Checked
from proxtui.kit.confirm import Confirm
from proxtui.kit.form_fields import Line
from proxtui.kit.live_table import LiveTable
from proxtui.pve.tls import CertificateInfo
from tests.config.vaults import fill, new_vault, seat_in, secrets_of

from .fleets import fleet, node, snapshot, vm
from .screens import SMALL, stage, text_of
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


@pytest.mark.parametrize(("key", "count"), [("7", "2 servers"), ("8", "2 tenants"), ("9", "1 user")])
async def test_what_is_configured_is_counted_whoever_answers(tmp_path: Path, key: str, count: str) -> None:
    silent = snapshot(ServerRef("acme", "berlin"), taken_at=None, state=SourceState.DOWN, error="no route")
    async with setup(tmp_path, key, fleet=fleet(silent, snapshot(ServerRef("beta", "lab")))) as one:
        assert one.acting.front.summary.startswith(count)


async def test_no_server_is_to_blame_that_nobody_is_configured() -> None:
    silent = snapshot(ServerRef("acme", "berlin"), taken_at=None, state=SourceState.DOWN, error="no route")
    async with stage(fleet(silent)) as acting:
        await acting.press("9")
        await acting.until(lambda: acting.front is not None and acting.front.HELP_NAME == "users")
        assert acting.front.summary == "0 users"
        assert [line.strip() for line in acting.lines(acting.table)[1:]] == ["no user is configured"]


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


def answering(tenant: str = "acme") -> Any:
    """A fleet in which the server of the vault answers."""
    return fleet(snapshot(ServerRef(tenant, "prod"), (vm(100),), (node("pve1"),)))


async def test_latency_and_certificate_are_columns_of_those_that_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Place] = []

    async def check(place: Place, server: Any, _diagnose: Any = None) -> Checked:
        asked.append(place)
        return Checked(place=place, state="online", endpoint="pve1:8006", ms=41.6, certificate=SHOWN)

    monkeypatch.setattr("proxtui.features.servers.checking.check", check)
    async with setup(tmp_path, "7", fleet=answering()) as one:
        await one.acting.put(answering())
        await one.acting.until(lambda: " 42 " in one.table)
        row = next(row for row in one.acting.table.rows.all if row.key.tenant == "acme")
        assert row.days > 1_000  # type: ignore[attr-defined]
        assert f"{row.days} d" in one.table  # type: ignore[attr-defined]
        # One that does not answer is not asked for this, and nobody is asked twice.
        await one.acting.put(answering())
        assert asked == [Place("acme", "prod")]


async def test_fingerprints_of_the_other_nodes_are_pinned_after_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ":".join(["AB"] * 32)

    async def fetch(place: Place, server: Any) -> dict[str, str]:
        return {"pve1": old, "pve2": PIN}

    monkeypatch.setattr("proxtui.features.servers.trusting.fetch", fetch)
    async with setup(tmp_path, "7") as one:
        await one.choose("f")
        question = await one.confirm()
        told = "\n".join(question.question.lines)
        assert "pve1, pinned:" in told
        assert "pve2, new:" in told
        await one.until_said("pinned pve2")
        assert dict(one.registrar.config.servers())[Place("acme", "prod")].trust.fingerprints == (old, PIN)
        await one.choose("f")
        await one.acting.until(lambda: type(one.app.screen).__name__ == "Lines")


async def test_an_edit_begins_with_what_is_there_and_keeps_what_stays_empty(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    vault.save(Put(("tenants", "acme", "servers", "prod", "jumps"), [{"host": "jump", "username": "ops"}]))
    secret = secrets_of(vault)["acme/prod"]
    async with setup(tmp_path, "7", vault=vault) as one:
        await one.choose("e")
        form = await one.form()
        assert form.texts["jumps"] == "ops@jump:22"
        assert form.texts["token_secret"] == ""
        hints = {line.asked.name: getattr(line.field, "placeholder", "") for line in form.query(Line)}
        assert hints["token_secret"] == hints["monitor_token_secret"] == "(kept)"
        assert hints["token_id"] == "(kept: root@pam!full)"
        assert hints["fingerprints"] == "(kept: 1 pin)"
        await one.fill(more_hosts="pve7", jumps="")
        await one.until_said("is changed")
    server = dict(one.registrar.config.servers())[Place("acme", "prod")]
    assert [end.host for end in server.endpoints] == ["pve1.example.com", "pve7"]
    assert not server.jumps
    assert secrets_of(vault)["acme/prod"] == secret


async def test_every_deed_has_a_line_of_its_own_and_dialogs_promise_no_requests(tmp_path: Path) -> None:
    async with setup(tmp_path, "7") as one:
        await one.acting.press("m")
        await one.acting.until(lambda: type(one.app.screen).__name__ == "SetupMenu")
        keys = [row.key for row in one.app.screen.query_one(LiveTable).rows.all]
        assert len(set(keys)) == len(keys) == len(one.acting.app.screen_stack[0].front.DEEDS)  # type: ignore[attr-defined]
        await one.acting.press("D")
        await one.acting.until(lambda: isinstance(one.app.screen, Confirm))
        await one.acting.press("f2")
        assert isinstance(one.app.screen, Confirm)
        assert "requests" not in str(one.app.screen.query_one(".dialog-keys", Static).render())
        await one.acting.press("escape")
        await one.choose("e")
        form = await one.form()
        assert "ctrl+s saves" in str(form.query_one(".dialog-keys", Static).render())


async def test_the_palette_offers_what_no_key_of_its_own_does(tmp_path: Path) -> None:
    async with setup(tmp_path, "7") as one:
        names = {entry.name for entry in one.app.screen.finder(actions=True).entries}  # type: ignore[attr-defined]
        assert {"Edit server acme/prod", "Delete server acme/prod"} <= names
        assert "Mark" not in names
