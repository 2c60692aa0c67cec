"""Roles and who may do what: Proxmox's access control lists, as far as lists and checks need them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxtui.sim.state import Acl
    from proxtui.sim.world import Site

_VM_ADMIN = (
    "VM.Allocate,VM.Audit,VM.Backup,VM.Clone,VM.Config.CDROM,VM.Config.CPU,VM.Config.Cloudinit,VM.Config.Disk,"
    "VM.Config.HWType,VM.Config.Memory,VM.Config.Network,VM.Config.Options,VM.Console,VM.Migrate,VM.PowerMgmt,"
    "VM.Snapshot,VM.Snapshot.Rollback"
)
_ADMIN = (
    "Datastore.Allocate,Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit,Group.Allocate,"
    "Mapping.Audit,Mapping.Modify,Mapping.Use,Permissions.Modify,Pool.Allocate,Pool.Audit,Realm.Allocate,"
    "Realm.AllocateUser,SDN.Allocate,SDN.Audit,SDN.Use,Sys.AccessNetwork,Sys.Audit,Sys.Console,Sys.Incoming,"
    "Sys.Modify,Sys.PowerMgmt,Sys.Syslog,User.Modify"
)
_NOT_PVE_ADMIN = {
    "Mapping.Modify",
    "Permissions.Modify",
    "Realm.Allocate",
    "Sys.AccessNetwork",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
}
_AGENT = (
    "VM.GuestAgent.Audit,VM.GuestAgent.FileRead,VM.GuestAgent.FileSystemMgmt,VM.GuestAgent.FileWrite,"
    "VM.GuestAgent.Unrestricted,VM.Replicate"
)


@cache
def roles_of(modern: bool) -> dict[str, frozenset[str]]:
    """Role -> privileges, as 8.4 or (``modern``) 9.2 ships them."""
    vms = set(_VM_ADMIN.split(",")) | (set(_AGENT.split(",")) if modern else {"VM.Monitor"})
    everything = vms | set(_ADMIN.split(","))
    audit = "Datastore.Audit,Mapping.Audit,Pool.Audit,SDN.Audit,Sys.Audit,VM.Audit"
    texts = {
        "NoAccess": "",
        "PVEAuditor": audit + (",VM.GuestAgent.Audit" if modern else ""),
        "PVEVMUser": "VM.Audit,VM.Backup,VM.Config.CDROM,VM.Config.Cloudinit,VM.Console,VM.PowerMgmt"
        + (",VM.GuestAgent.Audit" if modern else ""),
        "PVEPoolAdmin": "Pool.Allocate,Pool.Audit",
        "PVEPoolUser": "Pool.Audit",
        "PVESysAdmin": "Sys.Audit,Sys.Console,Sys.Syslog",
        "PVEDatastoreAdmin": "Datastore.Allocate,Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Audit",
        "PVEDatastoreUser": "Datastore.AllocateSpace,Datastore.Audit",
        "PVETemplateUser": "VM.Audit,VM.Clone",
        "PVEUserAdmin": "Group.Allocate,Realm.AllocateUser,User.Modify",
        "PVESDNAdmin": "SDN.Allocate,SDN.Audit,SDN.Use",
        "PVESDNUser": "SDN.Audit,SDN.Use",
        "PVEMappingAdmin": "Mapping.Audit,Mapping.Modify,Mapping.Use",
        "PVEMappingUser": "Mapping.Audit,Mapping.Use",
    }
    roles = {name: frozenset(filter(None, text.split(","))) for name, text in texts.items()}
    roles["PVEVMAdmin"] = frozenset(vms)
    roles["Administrator"] = frozenset(everything)
    roles["PVEAdmin"] = frozenset(everything - _NOT_PVE_ADMIN)
    return roles


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: a user, or one of the user's tokens."""

    userid: str
    token: str | None = None

    @property
    def name(self) -> str:
        return f"{self.userid}!{self.token}" if self.token else self.userid


def privileges(site: Site, who: Identity, path: str) -> dict[str, bool]:
    """Privilege -> whether it reaches further down, for ``who`` on ``path``."""
    key = ("priv", who.name, path)
    known: dict[str, bool] | None = site.cache.get(key)
    if known is None:
        known = site.cache[key] = _privileges(site, who, path)
    return known


def _privileges(site: Site, who: Identity, path: str) -> dict[str, bool]:
    if who.userid == "root@pam" and who.token is None:
        return dict.fromkeys(roles_of(site.modern)["Administrator"], True)
    user = _granted(site, who.userid, path)
    if who.token is None:
        return user
    token = site.tokens.get(who.name)
    if token is None:
        return {}
    if not token.privsep:
        if who.userid == "root@pam":
            return dict.fromkeys(roles_of(site.modern)["Administrator"], True)
        return user
    own = _granted(site, who.name, path)
    ceiling = _privileges(site, Identity(who.userid), path)
    return {name: reach for name, reach in own.items() if name in ceiling}


def _granted(site: Site, ugid: str, path: str) -> dict[str, bool]:
    roles = roles_of(site.modern)
    found = _along(site, ugid, path, roles)
    for pool in _pools_of(site, path):
        # What comes through a pool is held, but reaches no further.
        for name in _along(site, ugid, f"/pool/{pool}", roles):
            found.setdefault(name, False)
    return found


def _acl_at(site: Site, path: str) -> list[Acl]:
    """The entries of exactly this path, from an index that is made anew when something changes."""
    index: dict[str, list[Acl]] | None = site.cache.get("acl")
    if index is None:
        index = site.cache["acl"] = {}
        for entry in site.acl:
            index.setdefault(entry.path, []).append(entry)
    return index.get(path, [])


def _along(site: Site, ugid: str, path: str, roles: dict[str, frozenset[str]]) -> dict[str, bool]:
    """Walk from ``/`` down to ``path``; an entry further down replaces what came from above."""
    parts = [part for part in path.split("/") if part]
    groups = {f"@{group.name}" for group in site.groups.values() if ugid in group.members}
    found: dict[str, bool] = {}
    for depth in range(len(parts) + 1):
        entries = _acl_at(site, "/" + "/".join(parts[:depth]))
        last = depth == len(parts)
        entries = [entry for entry in entries if entry.propagate or last]
        # On one path, what is said of the user counts and what is said of the groups does not.
        entries = [e for e in entries if e.ugid == ugid] or [e for e in entries if e.ugid in groups]
        if entries:
            found = {name: entry.propagate for entry in entries for name in roles.get(entry.role, frozenset())}
    return found


def _pools_of(site: Site, path: str) -> list[str]:
    kind, _, name = path.lstrip("/").partition("/")
    if kind == "vms" and name.isdigit():
        guest = site.guests.get(int(name))
        return [guest.pool] if guest is not None and guest.pool else []
    return []


def allowed(site: Site, who: Identity, path: str, *names: str) -> bool:
    """True when ``who`` holds any of the privileges on ``path``."""
    held = privileges(site, who, path)
    return any(name in held for name in names)
