"""``/access`` and ``/pools``: who there is, who may do what."""

from __future__ import annotations

from typing import Any

from proxtui.sim import auth
from proxtui.sim.api import Answer, Call, failed, forbidden
from proxtui.sim.roles import Identity, privileges, roles_of
from proxtui.sim.routes.resources import pool_rows, storage_rows
from proxtui.sim.state import User
from proxtui.sim.views import Row

TOP = ("/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms")


def log_in(call: Call) -> Row:
    return auth.log_in(call.site, call.params, call.now)


def ticket(call: Call) -> None:
    """``GET /access/ticket`` answers nothing."""


def domains(call: Call) -> list[Row]:
    rows: list[Row] = [
        {"realm": "pam", "type": "pam", "comment": "Linux PAM standard authentication"},
        {"realm": "pve", "type": "pve", "comment": "Proxmox VE authentication server"},
    ]
    if any(user.totp for user in call.site.users.values() if user.userid.endswith("@office")):
        rows.append({"realm": "office", "type": "ldap", "comment": "Office directory", "tfa": "oath"})
    return rows


def permissions(call: Call) -> Row:
    """Path -> privilege -> 1 when it reaches further down. ``{}`` for a token without rights."""
    site = call.site
    asked = call.params.get("userid")
    who = call.who
    if asked is not None and asked != call.who.name:
        call.require("/access", "Sys.Audit")
        userid, _, token = asked.partition("!")
        who = Identity(userid, token or None)
    if "path" in call.params:
        paths = [call.params["path"]]
    else:
        paths = sorted({*TOP, *(entry.path for entry in site.acl)})
        pools = {entry.path.removeprefix("/pool/") for entry in site.acl if entry.path.startswith("/pool/")}
        paths += [f"/vms/{guest.vmid}" for guest in site.guests.values() if guest.pool in pools]
    found: Row = {}
    for path in paths:
        held = privileges(site, who, path)
        if held:
            found[path] = {name: int(reach) for name, reach in held.items()}
    return found


def _user(user: User) -> Row:
    row: Row = {"enable": int(user.enable), "expire": user.expire}
    for key, value in (("comment", user.comment), ("firstname", user.firstname), ("lastname", user.lastname)):
        if value:
            row[key] = value
    if user.email is not None:
        row["email"] = user.email
    return row


def _groups_of(call: Call, userid: str) -> list[str]:
    return sorted(group.name for group in call.site.groups.values() if userid in group.members)


def users(call: Call) -> list[Row]:
    everybody = call.may("/access/groups", "User.Modify", "Sys.Audit")
    rows = []
    for user in call.site.users.values():
        if not everybody and user.userid != call.who.userid:
            continue
        if call.params.get("enabled") not in (None, user.enable):
            continue
        row = _user(user) | {"userid": user.userid, "realm-type": user.userid.rpartition("@")[2]}
        if call.params.get("full"):
            row["tokens"] = _tokens(call, user.userid) or None
            row["groups"] = ",".join(_groups_of(call, user.userid))
        rows.append(row)
    return rows


def _tokens(call: Call, userid: str) -> list[Row]:
    return [
        {"tokenid": token.name, "expire": 0, "privsep": int(token.privsep)}
        | ({"comment": token.comment} if token.comment else {})
        for token in call.site.tokens.values()
        if token.userid == userid
    ]


def user(call: Call) -> Row:
    found = call.site.users.get(call.path["userid"])
    if found is None:
        raise failed(f"no such user ('{call.path['userid']}')")
    tokens = {row.pop("tokenid"): row for row in _tokens(call, found.userid)}
    return _user(found) | {"groups": _groups_of(call, found.userid), "tokens": tokens}


def tokens(call: Call) -> list[Row]:
    userid = call.path["userid"]
    if userid != call.who.userid and not call.may("/access/groups", "User.Modify"):
        raise forbidden("/access/groups", "User.Modify")
    return _tokens(call, userid)


def roles(call: Call) -> list[Row]:
    return [
        {"roleid": name, "privs": ",".join(sorted(privs)), "special": 1}
        for name, privs in roles_of(call.site.modern).items()
    ]


def role(call: Call) -> Row:
    found = roles_of(call.site.modern).get(call.path["roleid"])
    if found is None:
        raise failed(f"role '{call.path['roleid']}' does not exist")
    return dict.fromkeys(sorted(found), 1)


def acl(call: Call) -> list[Row]:
    return [
        {
            "path": entry.path,
            "ugid": entry.ugid.removeprefix("@"),
            "roleid": entry.role,
            "propagate": int(entry.propagate),
            "type": "group" if entry.ugid.startswith("@") else "token" if "!" in entry.ugid else "user",
        }
        for entry in call.site.acl
        if call.may(entry.path, "Permissions.Modify", "Sys.Audit")
    ]


GROUP = ("User.Modify", "Sys.Audit", "Group.Allocate")


def groups(call: Call) -> list[Row]:
    return [
        {"groupid": group.name, "users": ",".join(group.members)}
        | ({"comment": group.comment} if group.comment else {})
        for group in call.site.groups.values()
        if call.may(f"/access/groups/{group.name}", *GROUP)
    ]


def group(call: Call) -> Row:
    found = call.site.groups.get(call.path["groupid"])
    if found is None:
        raise failed(f"group '{call.path['groupid']}' does not exist")
    return {"members": list(found.members)} | ({"comment": found.comment} if found.comment else {})


def tfa(call: Call) -> list[Row]:
    rows = []
    for found in call.site.users.values():
        entries: list[Row] = []
        made = int(call.world.born) - 86400
        if found.totp:
            ident = "5115709e-7d78-4c1f-9c77-93ffbbc03541"
            entries.append({"id": ident, "type": "totp", "description": "phone", "created": made})
        if any(found.recovery):
            entries.append({"id": "recovery", "type": "recovery", "description": "", "created": made})
        if entries and (found.userid == call.who.userid or call.may("/access", "User.Modify", "Sys.Audit")):
            rows.append({"userid": found.userid, "entries": entries})
    return rows


def pools(call: Call) -> list[Row]:
    """All pools, or with ``poolid`` one of them with its members."""
    asked = call.params.get("poolid")
    rows = []
    for name, comment in call.site.pools.items():
        if asked in (None, name) and call.may(f"/pool/{name}", "Pool.Audit"):
            row: Row = {"poolid": name, "comment": comment}
            if asked:
                row["members"] = _members(call, name)
            rows.append(row)
    if asked and not rows:
        raise failed(f"pool '{asked}' does not exist")
    return rows


def pool(call: Call) -> Row:
    name = call.path["poolid"]
    if name not in call.site.pools:
        raise failed(f"pool '{name}' does not exist")
    return {"poolid": name, "comment": call.site.pools[name], "members": _members(call, name)}


LIVE = ("pool", "tags", "lock", "hastate")
"""What a guest's row of /cluster/resources has, and a pool's member has not."""


def _members(call: Call, name: str) -> list[Row]:
    kinds = {"qemu": ("qemu",), "lxc": ("lxc",), "storage": ()}.get(call.params.get("type", ""), ("qemu", "lxc"))
    rows = pool_rows(call, name)
    members = [{key: row[key] for key in row if key not in LIVE} for row in rows if row["type"] in kinds]
    stores = call.site.pool_storages.get(name, []) if call.params.get("type") in (None, "storage") else []
    return members + [row for row in storage_rows(call) if row["storage"] in stores] if stores else members


def index(*names: str) -> Any:
    def run(call: Call) -> Answer:
        return Answer([{"subdir": name} for name in names])

    return run
