"""Who there is, and who may do what."""

from __future__ import annotations

import msgspec


class AccessToken(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An API token of a user; never its secret, which PVE does not keep."""

    tokenid: str
    expire: int | None = None
    """Seconds since the epoch; None: never."""
    privsep: bool | None = None
    """True: it has rights of its own. False: all those of its user."""
    comment: str | None = None


class AccessUser(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A user of ``/access/users``."""

    userid: str
    """``name@realm``."""
    enabled: bool = True
    expire: int | None = None
    """Seconds since the epoch; None: never."""
    comment: str | None = None
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    realm_type: str | None = None
    groups: tuple[str, ...] = ()
    tokens: tuple[AccessToken, ...] = ()
    totp_locked: bool | None = None
    """True: locked out after too many wrong codes."""
    tfa_locked_until: int | None = None

    @property
    def realm(self) -> str:
        """What stands behind the last ``@``."""
        return self.userid.rpartition("@")[2]


class AccessRole(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A role: a name for privileges."""

    roleid: str
    privileges: tuple[str, ...] = ()
    """Sorted."""
    special: bool | None = None
    """Whether it is one of PVE's own."""


class AccessGroup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A group of users."""

    groupid: str
    users: tuple[str, ...] = ()
    comment: str | None = None


class AclEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the access control list: who has which role where."""

    path: str
    type: str
    """``user``, ``group`` or ``token``."""
    ugid: str
    """The name of the user, group or token (``root@pam!ci``)."""
    roleid: str
    propagate: bool | None = None
    """Whether it also holds for everything below ``path``."""


class Realm(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where users come from."""

    realm: str
    type: str | None = None
    comment: str | None = None
    default: bool | None = None
    tfa: str | None = None
    """The second factor that the realm itself demands."""
