"""People: user and key in one go, roles, and nobody who can shut himself or everybody out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from proxtui.config.models import Role
from proxtui.config.vault.edits import add_server
from proxtui.errors import InvalidInput, NotFoundError, RoleRefused, UsageError, WrongKey
from proxtui.features.users.models import NewUser, UserChange
from proxtui.features.users.rows import COLUMNS, as_json, rows_of
from proxtui.features.users.service import add, delete, found, listed, update
from tests.config.vaults import opened

from .registrars import KEYS, Desk

BEN, OTTO = KEYS["ben"], KEYS["otto"]


async def test_the_first_person_shuts_nobody_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    await add(desk.registrar, NewUser(name="ben", roles="acme=operator"), BEN)
    users = {user.name: user for user in desk.registrar.config.users}
    assert users["anna"].system_role == "admin"
    assert users["anna"].roles == {"acme": Role.ADMIN}
    assert users["ben"].roles == {"acme": Role.OPERATOR}
    assert desk.registrar.refusal("users.add") is None
    ben = desk.by(BEN)
    assert ben.refusal("users.add") is not None
    assert ben.refusal("servers.add", "acme") is not None
    assert {place.tenant for place, _ in opened(desk.seat, BEN).config.servers()} == set()
    assert [tenant.slug for tenant in opened(desk.seat, BEN).config.tenants] == ["acme"]
    assert desk.done == ["users.add"]


async def test_what_the_key_opens_follows_the_roles(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme", "beta", "gamma")
    person = await add(desk.registrar, NewUser(name="ben", roles={"acme": "viewer", "beta": "admin"}), BEN)
    assert person.every == "none"
    entry = desk.journal.entries[0]
    assert entry.params["tenants"] == "acme=monitor beta=admin"
    assert {tenant.slug for tenant in opened(desk.seat, BEN).config.tenants} == {"acme", "beta"}
    root = await add(desk.registrar, NewUser(name="otto", system_role="admin"), OTTO)
    assert root.every == "admin"
    assert len(opened(desk.seat, OTTO).config.tenants) == 3


async def test_a_passphrase_of_a_form_makes_a_key_and_none_makes_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    with pytest.raises(UsageError, match="at least 12"):
        await add(desk.registrar, NewUser(name="ben", passphrase=SecretStr("short")))
    assert found(desk.registrar, "anna").user is None
    person = await add(desk.registrar, NewUser(name="ben", passphrase=SecretStr("correct horse battery")))
    assert person.key == "passphrase"
    assert (await add(desk.registrar, NewUser(name="carl"))).key == ""
    assert "correct horse" not in repr(desk.journal.entries)


@pytest.mark.parametrize("wanted", [{"roles": "nobody=admin"}, {"roles": {"nobody": "viewer"}}])
async def test_a_role_needs_a_tenant(tmp_path: Path, wanted: dict[str, object]) -> None:
    desk = Desk(tmp_path, "acme")
    with pytest.raises(InvalidInput, match="no tenant is called so"):
        await add(desk.registrar, NewUser(name="ben", **wanted), BEN)
    assert desk.journal.entries == []


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "a\nb"}, {"roles": "acme"}, {"roles": "acme=boss"}, {"system_role": "root"}]
)
def test_wrong_input_is_told_at_its_field(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        NewUser(**({"name": "ben"} | wrong))
    assert caught.value.field == next(iter(wrong))


async def test_roles_change_and_nobody_degrades_himself(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    await add(desk.registrar, NewUser(name="ben", roles="acme=viewer"), BEN)
    with pytest.raises(InvalidInput, match="is there already"):
        await add(desk.registrar, NewUser(name="ben"))
    person = await update(desk.registrar, "ben", UserChange(roles={"acme": "admin"}, system_role="admin"))
    assert person.user is not None
    assert (person.user.system_role, person.user.roles) == ("admin", {"acme": Role.ADMIN})
    with pytest.raises(RoleRefused, match="from themselves"):
        await update(desk.registrar, "anna", UserChange(system_role="user"))
    with pytest.raises(NotFoundError):
        await update(desk.registrar, "nobody", UserChange(system_role="user"))
    assert desk.denied == ["users.update"]


async def test_delete_takes_user_roles_and_key_and_names_what_to_rotate(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    token = {"token_id": "root@pam!full", "token_secret": "very-secret-9"}
    desk.registrar.vault.save(add_server("acme", "prod", ["pve1"], credentials=token))
    await add(desk.registrar, NewUser(name="ben", roles="acme=operator"), BEN)
    with pytest.raises(RoleRefused):
        await delete(desk.by(BEN), "anna")
    with pytest.raises(RoleRefused, match="themselves"):
        await delete(desk.registrar, "anna")
    could_read = await delete(desk.registrar, "ben")
    assert [(one.place.server, one.who) for one in could_read] == [("prod", "root@pam!full")]
    assert [user.name for user in desk.registrar.config.users] == ["anna"]
    with pytest.raises(WrongKey):
        opened(desk.seat, BEN)
    with pytest.raises(NotFoundError):
        await delete(desk.registrar, "ben")
    last = desk.journal.entries[-1]
    assert (last.event, last.target_kind, last.target_id) == ("users.delete", "user", "ben")
    assert desk.denied == ["users.delete", "users.delete"]
    assert "very-secret" not in repr(desk.journal.entries)


async def test_keys_without_user_and_users_without_key_are_seen(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "acme")
    await add(desk.registrar, NewUser(name="ben", roles="acme=viewer"))
    await desk.registrar.add_key("wall", OTTO, every="monitor")
    rows = {row.key: row for row in rows_of(listed(desk.registrar))}
    assert list(rows) == ["anna", "ben", "wall"]
    assert [column.text(rows["ben"]) for column in COLUMNS] == ["ben", "user", "acme=viewer", "none", "–"]
    assert [column.text(rows["wall"]) for column in COLUMNS] == ["wall", "no user", "–", "keyfile", "all, to look"]
    assert rows["anna"].field("type") == "admin"
    assert rows["wall"].muted
    assert as_json(rows["anna"].person)["isMe"] is True
    assert await delete(desk.registrar, "wall") == ()
    assert await delete(desk.registrar, "ben") == ()
    assert [person.name for person in listed(desk.registrar)] == ["anna"]
