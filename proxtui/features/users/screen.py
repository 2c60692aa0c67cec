"""The view of people and their keys: add them, give them roles, take them away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from proxtui.core.model import Fleet, Scope
from proxtui.core.operation import Risk
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.features.users import service
from proxtui.features.users.rows import COLUMNS, UserRow, rows_of
from proxtui.kit.facts import Fact
from proxtui.kit.prepared import Prepared
from proxtui.kit.questions import Question
from proxtui.kit.setup_view import Deed, SetupView, show_lines

if TYPE_CHECKING:
    from proxtui.config.vault.opened import Readable
    from proxtui.core.registrar import Registrar
    from proxtui.core.runtime import Runtime


class UsersView(SetupView[UserRow, None]):
    """All users and all key slots."""

    NOUN = "user"
    SORT = "name"
    HELP_NAME: ClassVar[str] = "users"
    GROUPS = ("system_role",)
    DEEDS: ClassVar[tuple[Deed, ...]] = (
        Deed("users.add", "Add", "a person, with a passphrase of their own", "a", "add", of_row=False),
        Deed(
            "users.add", "Add with a keyfile", "for unattended use: a file that opens it", "f", "add_file", of_row=False
        ),
        Deed("users.update", "Edit roles", "system role, and a role in each tenant", "e", "edit"),
        Deed(
            "users.delete", "Delete", "user, roles and key; new keys for everything", "D", "delete", risk=Risk.DESTROYS
        ),
    )

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, COLUMNS, id=id)

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[UserRow]:
        return [] if self.registrar is None else rows_of(service.listed(self.registrar))

    def label_of(self, row: UserRow) -> str:
        return f"user {row.key}"

    def unavailable(self, deed: Deed, row: UserRow | None) -> str | None:
        if row is not None and deed.do == "edit" and row.person.user is None:
            return "it is a key of no user"
        if row is not None and deed.do == "delete" and row.person.is_me:
            return "nobody deletes themselves; another admin can"
        return None

    def tell(self, row: UserRow, detail: None) -> None:
        person = row.person
        roles = person.user.roles if person.user else {}
        facts = [
            Fact("System role", row.system_role or "no user", Tone.PLAIN),
            Fact("Key", f"{person.key}, opens {row.opens}" if person.key else "none: cannot come in", Tone.PLAIN),
            *(Fact(slug, role.value, Tone.PLAIN) for slug, role in roles.items()),
        ]
        self.pane.tell(f"user {row.key}", facts or [Fact("", UNKNOWN, Tone.MUTED)], ())

    async def add(self, _row: UserRow | None) -> None:
        """Ask who it is."""
        from proxtui.features.users.models import TypedUser

        registrar = self._mine()

        async def send(params: Any) -> str:
            made = await service.add(registrar, params)
            return f"user {made.name} is there" + ("" if made.key else ", without a key: they cannot come in yet")

        await self.fill("add a user", TypedUser, send)

    async def add_file(self, _row: UserRow | None) -> None:
        """Ask who it is, and which file opens their key."""
        from proxtui.features.users.keyfiles import NewFileUser, material_of

        registrar = self._mine()

        async def send(params: Any) -> str:
            made = await service.add(registrar, params, material_of(params.keyfile))
            return f"user {made.name} is there; {params.keyfile} opens it"

        await self.fill("add a user with a keyfile", NewFileUser, send)

    async def edit(self, row: UserRow) -> None:
        """Give other roles."""
        from proxtui.features.users.models import UserChange

        registrar, user = self._mine(), row.person.user
        assert user is not None  # noqa: S101  the deed is refused without one

        async def send(params: Any) -> str:
            await service.update(registrar, row.key, params)
            return f"user {row.key} is changed"

        first = {"system_role": user.system_role, "roles": user.roles}
        await self.fill(f"roles of {row.key}", UserChange, send, Prepared(initial=first))

    async def delete(self, row: UserRow) -> None:
        """Take them away, and show which secrets they could read."""
        lines = (f"Delete user {row.key}, with roles and key?", "Everything gets new keys. The audit keeps the name.")
        lost = "Tokens that this key could read stay good in PVE until they are made anew there."
        if await self.confirmed(Question("delete a user", lines, lost, row.key, "the name")):
            readable = await service.delete(self._mine(), row.key)
            await show_lines(self.app, f"{row.key} is deleted", rotation_lines(row.key, readable))

    def _mine(self) -> Registrar:
        assert self.registrar is not None  # noqa: S101  a deed is refused without one
        return self.registrar


def rotation_lines(name: str, readable: Sequence[Readable]) -> list[str]:
    """What has to be made anew in PVE."""
    if not readable:
        return [f"{name} could read no token and no password."]
    lines = [f"{name} could read these. Make them anew in PVE, then edit the servers:"]
    return lines + [f"  {one.place.tenant} / {one.place.server}: {one.who}" for one in readable]
