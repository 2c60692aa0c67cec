"""What the login or token may do, and who else may do what. An empty list can mean "forbidden"; this tells which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of
from proxtui.pve.listing import Listing, read_listing
from proxtui.pve.models_access import AccessGroup, AccessRole, AccessToken, AccessUser, AclEntry, Realm
from proxtui.pve.sanitize import clean


@dataclass(frozen=True, slots=True)
class Permissions:
    """Privileges by path of the access control list."""

    paths: Mapping[str, Mapping[str, bool]] = field(default_factory=lambda: MappingProxyType({}))
    """Path to privilege; True when it also holds for everything below."""

    def allows(self, path: str, privilege: str) -> bool:
        """Whether ``privilege`` is held on ``path``, such as ``VM.PowerMgmt`` on ``/vms/100``.

        PVE lists a path of its own wherever the list says something about it, and what it says there replaces what
        stands above. So the nearest listed path decides, and nothing beyond it.
        """
        wanted = "/" + path.strip("/")
        if wanted in self.paths:
            return privilege in self.paths[wanted]
        while wanted != "/":
            wanted = wanted.rpartition("/")[0] or "/"
            if wanted in self.paths:
                return self.paths[wanted].get(privilege, False)
        return False

    def gaps(self, path: str, privilege: str) -> tuple[str, ...]:
        """Where ``privilege`` is missing at ``path`` or below: empty when it is held everywhere there.

        ``path`` itself stands for everything below it that has no line of its own.
        """
        top = "/" + path.strip("/")
        below = sorted(listed for listed in self.paths if listed.startswith(top.rstrip("/") + "/"))
        # What is not listed has what comes down from above, so a privilege that does not come down is missing there.
        missing = [] if self._comes_down(top, privilege) else [top]
        return (*missing, *(listed for listed in below if privilege not in self.paths[listed]))

    def _comes_down(self, path: str, privilege: str) -> bool:
        while path not in self.paths:
            if path == "/":
                return False
            path = path.rpartition("/")[0] or "/"
        return self.paths[path].get(privilege, False)

    def __bool__(self) -> bool:
        """False for a token to which nothing has been granted."""
        return any(self.paths.values())


class AccessTools:
    """Reads who may do what. Rows that we may not see are left out silently, ourselves never."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def permissions(self) -> Permissions:
        """``GET /access/permissions`` of ourselves; needs no privilege."""
        return permissions_of(object_of(await self._client.get("/access/permissions"), "/access/permissions"))

    async def users(self) -> Listing[AccessUser]:
        """``GET /access/users?full=1``, by name, with groups and tokens.

        Without Sys.Audit or User.Modify on ``/access/groups`` only those whose groups we may see, and ourselves.
        """
        where = "/access/users"
        data = await self._client.get(where, params={"full": True})
        return read_listing(data, where, _user, lambda user: user.userid)

    async def roles(self) -> Listing[AccessRole]:
        """``GET /access/roles``, by name; needs no privilege."""
        where = "/access/roles"
        return read_listing(await self._client.get(where), where, _role, lambda role: role.roleid)

    async def groups(self) -> Listing[AccessGroup]:
        """``GET /access/groups``, by name. Without Sys.Audit on ``/access/groups`` only those that we may see."""
        where = "/access/groups"
        return read_listing(await self._client.get(where), where, _group, lambda group: group.groupid)

    async def acl(self) -> Listing[AclEntry]:
        """``GET /access/acl``, by path. Without Sys.Audit on ``/access`` only paths whose rights we may change."""
        where = "/access/acl"
        return read_listing(
            await self._client.get(where), where, _acl, lambda entry: (entry.path, entry.type, entry.ugid, entry.roleid)
        )

    async def realms(self) -> Listing[Realm]:
        """``GET /access/domains``, by name; asked by PVE's own login window, so it needs no privilege."""
        where = "/access/domains"
        return read_listing(await self._client.get(where), where, _realm, lambda realm: realm.realm)


def permissions_of(fields: Mapping[str, Any]) -> Permissions:
    """``{"/vms/100": {"VM.Audit": 1}}``: 1 holds below as well, 0 only here."""
    paths = {path: Row(fields).part(path) for path in fields}
    return Permissions(MappingProxyType({clean(path): _held(row) for path, row in paths.items()}))


def _held(row: Row) -> Mapping[str, bool]:
    flags = {clean(name): row.flag(name) for name in row.keys()}  # noqa: SIM118 - a Row is no dict
    return MappingProxyType({name: flag for name, flag in flags.items() if flag is not None})


def _user(row: Row) -> AccessUser | None:
    userid = row.text("userid")
    if userid is None:
        return None
    tokens = (_token(Row(item)) for item in row.items("tokens") if isinstance(item, dict))
    return AccessUser(
        userid=userid,
        # Absent is PVE's way to say yes here.
        enabled=row.flag("enable") is not False,
        expire=row.moment("expire"),
        comment=row.prose("comment"),
        email=row.text("email"),
        firstname=row.text("firstname"),
        lastname=row.text("lastname"),
        realm_type=row.text("realm-type"),
        groups=tuple(sorted(row.strings("groups"))),
        tokens=tuple(sorted((token for token in tokens if token is not None), key=lambda token: token.tokenid)),
        totp_locked=row.flag("totp-locked"),
        tfa_locked_until=row.moment("tfa-locked-until"),
    )


def _token(row: Row) -> AccessToken | None:
    tokenid = row.text("tokenid")
    if tokenid is None:
        return None
    return AccessToken(
        tokenid=tokenid, expire=row.moment("expire"), privsep=row.flag("privsep"), comment=row.prose("comment")
    )


def _role(row: Row) -> AccessRole | None:
    roleid = row.text("roleid")
    if roleid is None:
        return None
    return AccessRole(roleid=roleid, privileges=tuple(sorted(row.words("privs"))), special=row.flag("special"))


def _group(row: Row) -> AccessGroup | None:
    groupid = row.text("groupid")
    if groupid is None:
        return None
    return AccessGroup(groupid=groupid, users=tuple(sorted(row.strings("users"))), comment=row.prose("comment"))


def _acl(row: Row) -> AclEntry | None:
    path, kind, ugid, roleid = row.text("path"), row.text("type"), row.text("ugid"), row.text("roleid")
    if path is None or kind is None or ugid is None or roleid is None:
        return None
    return AclEntry(path=path, type=kind, ugid=ugid, roleid=roleid, propagate=row.flag("propagate"))


def _realm(row: Row) -> Realm | None:
    realm = row.text("realm")
    if realm is None:
        return None
    return Realm(
        realm=realm,
        type=row.text("type"),
        comment=row.prose("comment"),
        default=row.flag("default"),
        tfa=row.text("tfa"),
    )
