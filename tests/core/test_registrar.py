"""The one way in which the configuration is changed: recorded first, refused with a record, never a secret in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Config, Role
from proxtui.config.secret import Secret
from proxtui.config.vault import slots
from proxtui.config.vault.edits import Delete, Put, add_server, add_tenant, add_user
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.core.actor import read_actor
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.core.registrar import Registrar
from proxtui.core.secrets import secrets_in
from proxtui.errors import (
    AuditUnavailable,
    FileLocked,
    ReadOnlyError,
    RoleRefused,
    ScopeClosed,
    UsageError,
    WrongKey,
)
from tests.config.vaults import FULL, WALL_KEY, fill, new_vault, opened, seat_in

from .gating import MemoryJournal

TINA = slots.keyfile(b"t" * 32)
COLOUR = [Put(("tenants", "acme", "colour"), "#112233")]
INTERVAL = [Put(("settings", "interval"), 9.0)]

Make = Callable[..., Registrar]


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    """``anna`` is system admin, ``tina`` admin of acme with its key, ``otto`` operator there, ``wall`` is nobody."""
    seat = seat_in(tmp_path, wait=0.2)
    vault = fill(new_vault(seat))
    vault.save(add_user("tina", roles={"acme": "admin", "beta": "admin"}), add_user("otto", roles={"acme": "operator"}))
    vault.add_slot("tina", TINA, tenants={"acme": "admin", "beta": "monitor"})
    vault.add_slot("otto", slots.keyfile(b"o" * 32), tenants={"acme": "admin"})
    vault.add_slot("wall", WALL_KEY, every="monitor")
    return seat


@pytest.fixture
def by(seat: Seat, journal: MemoryJournal) -> Make:
    def make(material: slots.Material | None = None, environ: dict[str, str] | None = None, **more: Any) -> Registrar:
        vault = opened(seat, material) if material else opened(seat)
        return over(vault, journal, environ, **more)

    return make


def over(vault: OpenVault, journal: MemoryJournal, environ: dict[str, str] | None = None, **more: Any) -> Registrar:
    actor = read_actor({}, opened_by=vault.slot.label)
    return Registrar(vault, journal, actor, environ or {}, now=lambda: 1_000.0, **more)


def told(journal: MemoryJournal) -> list[tuple[str, Phase, Result | None]]:
    return [(entry.event, entry.phase, entry.result) for entry in journal.entries]


async def test_a_change_is_an_intent_then_saved_then_an_outcome(by: Make, seat: Seat, journal: MemoryJournal) -> None:
    registrar = by()
    heard: list[Config] = []
    unsubscribe = registrar.subscribe(heard.append)
    await registrar.save("settings.change", COLOUR, tenant="acme", about={"colour": "#112233"})
    first, second = journal.entries
    assert told(journal) == [
        ("settings.change", Phase.INTENT, None),
        ("settings.change", Phase.OUTCOME, Result.OK),
    ]
    assert first.op_id == second.op_id
    assert (first.actor.user, first.actor.role, first.tenant) == ("anna", Role.ADMIN, "acme")
    assert dict(first.params) == {"colour": "#112233"}
    assert opened(seat).config.tenants[0].colour == heard[-1].tenants[0].colour == "#112233"
    unsubscribe()
    await registrar.save("settings.change", INTERVAL, about={})
    assert len(heard) == 1


async def test_what_cannot_be_recorded_is_not_saved(by: Make, seat: Seat, journal: MemoryJournal) -> None:
    journal.fails_at = {Phase.INTENT}
    before = seat.path.read_bytes()
    with pytest.raises(AuditUnavailable):
        await by().save("settings.change", INTERVAL)
    assert seat.path.read_bytes() == before
    journal.fails_at = {Phase.OUTCOME}
    with pytest.raises(AuditUnavailable, match="saved, but"):
        await by().save("settings.change", INTERVAL)
    assert opened(seat).config.settings.interval == 9.0


async def test_no_secret_comes_into_the_record(by: Make, journal: MemoryJournal) -> None:
    token = {"token_id": "mon@pve!x", "token_secret": Secret("very-secret-1")}
    edits = [add_server("acme", "new", ["pve9"], credentials=token)]
    about = {"token_secret": "very-secret-1", "password": "very-secret-2", "credentials": "mon@pve!x"}
    await by().save("servers.add", edits, tenant="acme", server="new", about=about)
    assert "very-secret" not in repr(journal.entries)
    assert dict(journal.entries[0].params)["token_secret"] == "***"
    assert (journal.entries[0].target_kind, journal.entries[0].target_id) == ("server", "new")


def test_secrets_are_found_wherever_they_stand() -> None:
    value = {"jumps": [{"host": "j", "key_passphrase": "one"}], "credentials": {"password": Secret("two")}, "name": "x"}
    assert sorted(secrets_in("prod", value)) == ["one", "two"]
    assert list(secrets_in("token_secret", "three")) == ["three"]
    assert list(secrets_in("interval", 3)) == []


@pytest.mark.parametrize(
    ("material", "name", "tenant", "may"),
    [
        (None, "tenants.create", "", True),
        (None, "servers.add", "beta", True),
        (TINA, "servers.add", "acme", True),
        (TINA, "settings.change", "acme", True),
        (TINA, "servers.add", "beta", False),
        (TINA, "tenants.update", "acme", False),
        (TINA, "settings.change", "", False),
        (TINA, "users.delete", "", False),
        (TINA, "keys.add", "", False),
        (TINA, "keys.change", "", True),
        (slots.keyfile(b"o" * 32), "servers.delete", "acme", False),
        (WALL_KEY, "settings.change", "acme", False),
    ],
)
async def test_role_and_key_decide(
    by: Make, journal: MemoryJournal, material: slots.Material | None, name: str, tenant: str, may: bool
) -> None:
    registrar = by(material)
    assert (registrar.refusal(name, tenant) is None) is may
    if may or name == "keys.change":
        return
    with pytest.raises(RoleRefused):
        await registrar.save(name, COLOUR, tenant=tenant)
    assert told(journal) == [(name, Phase.SINGLE, Result.DENIED)]
    assert name in journal.entries[0].message


async def test_an_admin_without_the_key_is_stopped_by_the_key(by: Make) -> None:
    with pytest.raises(ScopeClosed, match="scope admin of beta"):
        await by(TINA).save("servers.update", [Put(("tenants", "beta", "colour"), "red")], tenant="beta")


async def test_read_only_refuses_everything_and_the_file_all_but_its_own_settings(
    by: Make, seat: Seat, journal: MemoryJournal
) -> None:
    with pytest.raises(ReadOnlyError):
        await by(read_only=True).save("settings.change", INTERVAL)
    assert told(journal) == [("settings.change", Phase.SINGLE, Result.DENIED)]
    opened(seat).save(Put(("settings", "read_only"), True))
    registrar = by()
    assert "read-only" in (registrar.refusal("servers.add", "acme") or "")
    await registrar.save("settings.change", [Put(("settings", "read_only"), False)])
    assert registrar.refusal("servers.add", "acme") is None


def test_a_variable_takes_roles_away_and_gives_none(by: Make) -> None:
    assert by(environ={"PROXTUI_ROLE": "operator"}).refusal("servers.add", "acme") is not None
    assert by(slots.keyfile(b"o" * 32), environ={"PROXTUI_ROLE": "admin"}).refusal("servers.add", "acme") is not None


async def test_where_nobody_is_configured_every_key_of_all_may_change_all(
    tmp_path: Path, journal: MemoryJournal
) -> None:
    registrar = over(new_vault(seat_in(tmp_path)), journal)
    await registrar.save("tenants.create", [add_tenant("solo", "Solo")])
    assert [tenant.slug for tenant in registrar.config.tenants] == ["solo"]


async def test_a_role_that_was_taken_away_meanwhile_counts(by: Make, seat: Seat, journal: MemoryJournal) -> None:
    tina = by(TINA)
    opened(seat).save(Put(("users", "tina", "roles", "acme"), "viewer"))
    with pytest.raises(RoleRefused, match="tina is viewer"):
        await tina.save("settings.change", COLOUR, tenant="acme")
    assert journal.entries[-1].actor.role is Role.VIEWER
    opened(seat).remove_slot("tina")
    with pytest.raises(WrongKey):
        await tina.save("settings.change", COLOUR, tenant="acme")


async def test_what_cannot_be_saved_is_an_outcome_that_failed(by: Make, seat: Seat, journal: MemoryJournal) -> None:
    from proxtui.config.vault.files import locked

    registrar = by()
    with pytest.raises(UsageError):
        await registrar.save("tenants.update", [Delete(("tenants", "nobody"))], tenant="acme")
    with locked(seat.path, seconds=1.0), pytest.raises(FileLocked):
        await registrar.save("settings.change", INTERVAL)
    ends = [entry for entry in journal.entries if entry.phase is Phase.OUTCOME]
    assert [entry.result for entry in ends] == [Result.FAILED, Result.FAILED]
    assert all(entry.message for entry in ends)


async def test_whoever_leaves_early_ends_no_save(by: Make, seat: Seat, journal: MemoryJournal) -> None:
    registrar = by()
    asked = asyncio.create_task(registrar.save("settings.change", INTERVAL))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await registrar.aclose()
    assert opened(seat).config.settings.interval == 9.0
    assert told(journal)[-1] == ("settings.change", Phase.OUTCOME, Result.OK)


async def test_two_at_once_are_one_after_the_other(by: Make, journal: MemoryJournal) -> None:
    registrar = by()
    await asyncio.gather(
        registrar.save("settings.change", INTERVAL), registrar.save("settings.change", COLOUR, tenant="acme")
    )
    assert [entry.phase for entry in journal.entries] == [Phase.INTENT, Phase.OUTCOME] * 2


async def test_keys_are_added_removed_renewed_and_recorded(by: Make, seat: Seat, journal: MemoryJournal) -> None:
    registrar, new = by(), slots.keyfile(b"n" * 32)
    await registrar.add_key("nora", new, tenants={"acme": "monitor"})
    assert {place.tenant for place, _ in opened(seat, new).config.servers()} == {"acme"}
    await registrar.rekey()
    gone = await registrar.remove_key("nora")
    assert [one.who for one in gone] == ["watch@pve!ro"]
    with pytest.raises(WrongKey):
        opened(seat, new)
    await registrar.change_material(new)
    assert opened(seat, new).slot.label == "anna"
    assert [event for event, phase, _ in told(journal) if phase is Phase.OUTCOME] == [
        "keys.add",
        "keys.rekey",
        "keys.remove",
        "keys.change",
    ]
    assert FULL not in repr(journal.entries)
    added: AuditEntry = journal.entries[0]
    assert (added.target_kind, added.target_id, added.params["tenants"]) == ("key", "nora", "acme=monitor")


async def test_a_listener_that_stumbles_keeps_nothing_from_being_recorded(by: Make, journal: MemoryJournal) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    registrar = by()

    def stumble(_config: Config) -> None:
        raise TypeError("a bug")

    registrar.subscribe(stumble)
    await registrar.save("settings.change", INTERVAL)
    assert told(journal)[-1][2] is Result.OK
    assert len(reported) == 1


async def test_a_refusal_of_its_own_is_recorded(by: Make, journal: MemoryJournal) -> None:
    with pytest.raises(RoleRefused, match="nobody deletes themselves"):
        await by().deny("users.delete", "nobody deletes themselves", about={"label": "anna"})
    assert told(journal) == [("users.delete", Phase.SINGLE, Result.DENIED)]
