"""Adds, changes and takes away people with their keys, through the registrar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.config.models import Role, User
from proxtui.errors import InvalidInput, NotFoundError, UsageError
from proxtui.features.users.models import Member, NewUser, UserChange

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.config.vault.opened import Readable
    from proxtui.config.vault.shape import Slot
    from proxtui.config.vault.slots import Material
    from proxtui.core.registrar import Registrar


@dataclass(frozen=True, slots=True)
class Person:
    """A user, a key slot, or both: whoever has only one of them is shown, too."""

    name: str
    user: User | None
    slot: Slot | None
    is_me: bool = False

    @property
    def key(self) -> str:
        """``passphrase``, ``keyfile``, or empty without a key."""
        return self.slot.kind if self.slot else ""

    @property
    def every(self) -> str:
        """What the key opens of all tenants: ``none``, ``monitor`` or ``admin``."""
        return self.slot.every if self.slot else "none"


def listed(registrar: Registrar) -> list[Person]:
    """All users and all key slots, by name."""
    slots = {slot.label: slot for slot in registrar.vault.slots}
    users = {user.name: user for user in registrar.config.users}
    names = sorted({*slots, *users}, key=str.lower)
    return [Person(name, users.get(name), slots.get(name), name == registrar.who) for name in names]


def found(registrar: Registrar, name: str) -> Person:
    """The person of that name. NotFoundError when there is none."""
    there = {person.name: person for person in listed(registrar)}
    if name not in there:
        raise NotFoundError(f"there is no user {name[:80]!a}; there are {', '.join(there)}")
    return there[name]


def refuse(registrar: Registrar, wanted: Member) -> None:
    """InvalidInput for what ``add`` would refuse: before a key is made for it."""
    if any(user.name == wanted.name for user in registrar.config.users):
        raise InvalidInput("name", wanted.name, "is there already")
    _refuse_strangers(registrar, wanted.roles)
    if wanted.name == registrar.who and not registrar.config.users and wanted.system_role != "admin":
        raise InvalidInput(
            "system_role", wanted.system_role, "the first user is you: only an admin can go on from there"
        )


async def add(registrar: Registrar, wanted: Member, key: Material | None = None) -> Person:
    """A person, and with ``key`` (or ``wanted.passphrase``) their key slot in the same save.

    The key opens every tenant for a system admin, else those of their roles. The first person that is added does not
    shut out who adds them: whoever holds the key in use becomes a system admin. InvalidInput for a name that is
    taken or a tenant that is not there, UsageError for a passphrase that is too short, and what
    ``Registrar.add_key`` raises.
    """
    from proxtui.config.vault.edits import add_user

    refuse(registrar, wanted)
    edits: list[Edit] = [*_myself(registrar, wanted.name)]
    edits.append(add_user(wanted.name, wanted.system_role, _words(wanted.roles)))
    if key is None and isinstance(wanted, NewUser) and wanted.passphrase is not None:
        from proxtui.config.vault.slots import new_passphrase

        key = new_passphrase(wanted.passphrase.get_secret_value())
    if key is None:
        await registrar.save("users.add", edits, about=_about(wanted.name, wanted.system_role, wanted.roles))
    else:
        is_admin = wanted.system_role == "admin"
        tenants = {} if is_admin else _scopes(wanted)
        every = "admin" if is_admin else "none"
        about = _about(wanted.name, wanted.system_role, wanted.roles)
        await registrar.add_key(
            wanted.name, key, every=every, tenants=tenants, edits=edits, name="users.add", about=about
        )
    return found(registrar, wanted.name)


async def update(registrar: Registrar, name: str, change: UserChange) -> Person:
    """Other roles. What the key opens stays: that a role is taken away does not close what was given with it.

    NotFoundError, RoleRefused for taking the system role from oneself, and what ``Registrar.save`` raises.
    """
    from proxtui.config.vault.edits import Put

    person = found(registrar, name)
    if person.user is None:
        raise NotFoundError(f"{name} has a key, and is no user: `proxtui users add` makes one")
    if person.is_me and change.system_role == "user":
        await registrar.deny("users.update", "nobody takes the system role from themselves", about={"label": name})
    edits: list[Edit] = []
    if change.system_role is not None and change.system_role != person.user.system_role:
        edits.append(Put(("users", name, "system_role"), change.system_role))
    if change.roles is not None and change.roles != person.user.roles:
        _refuse_strangers(registrar, change.roles)
        edits.append(Put(("users", name, "roles"), _words(change.roles)))
    if edits:
        about = _about(name, change.system_role or person.user.system_role, change.roles or person.user.roles)
        await registrar.save("users.update", edits, about=about)
    return found(registrar, name)


async def delete(registrar: Registrar, name: str) -> tuple[Readable, ...]:
    """Take a person away: user, roles and key slot, and give everything new keys. The audit keeps the name.

    Gives the credentials that their key could read: rotate them in PVE. Nobody deletes themselves (RoleRefused).
    NotFoundError, and what ``Registrar.remove_key`` raises.
    """
    from proxtui.config.vault.edits import Delete

    person = found(registrar, name)
    if person.is_me:
        await registrar.deny("users.delete", "nobody deletes themselves; another admin can", about={"label": name})
    edits: list[Edit] = [Delete(("users", name))] if person.user is not None else []
    if edits and len(registrar.config.users) == 1:
        raise UsageError("users.delete: without any user everybody with a key is an admin; add one first")
    if person.slot is not None:
        return await registrar.remove_key(name, edits=edits, name="users.delete")
    await registrar.save("users.delete", edits, about={"label": name})
    return ()


def _myself(registrar: Registrar, other: str) -> list[Edit]:
    """Who adds the first user stays what they are by then: an admin."""
    from proxtui.config.vault.edits import add_user

    if registrar.config.users or other == registrar.who:
        return []
    return [add_user(registrar.who, "admin", {tenant.slug: Role.ADMIN.value for tenant in registrar.config.tenants})]


def _scopes(wanted: Member) -> dict[str, str]:
    return {
        slug: wanted.scope or ("monitor" if role is Role.VIEWER else "admin") for slug, role in wanted.roles.items()
    }


def _refuse_strangers(registrar: Registrar, roles: dict[str, Role]) -> None:
    known = {tenant.slug for tenant in registrar.config.tenants}
    if strange := sorted(set(roles) - known):
        raise InvalidInput(
            "roles", strange[0], f"no tenant is called so; there are {', '.join(sorted(known)) or 'none'}"
        )


def _words(roles: dict[str, Role]) -> dict[str, str]:
    return {slug: role.value for slug, role in roles.items()}


def _about(name: str, system_role: str, roles: dict[str, Role]) -> dict[str, str]:
    told = " ".join(f"{slug}={role.value}" for slug, role in roles.items())
    return {"label": name, "system_role": system_role, "roles": told}
