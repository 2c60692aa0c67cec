"""``/access`` and ``/pools``: who there is, who may do what."""

from __future__ import annotations

from typing import Any

from proxtui.sim import auth
from proxtui.sim.api import Answer, Call, failed, forbidden
from proxtui.sim.roles import Identity, privileges, roles_of
from proxtui.sim.routes.cluster import guest_rows
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
    row: Row = {"enable": int(user.enable), "expire": 0}
    if user.comment:
        row["comment"] = user.comment
    if user.email is not None:
        row["email"] = user.email
    return row


def users(call: Call) -> list[Row]:
    everybody = call.may("/access/groups", "User.Modify", "Sys.Audit")
    rows = []
    for user in call.site.users.values():
        if not everybody and user.userid != call.who.userid:
            continue
        row = _user(user) | {"userid": user.userid, "realm-type": user.userid.rpartition("@")[2]}
        if call.params.get("full"):
            row["tokens"] = _tokens(call, user.userid) or None
            row["groups"] = ""
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
    return _user(found) | {"groups": [], "tokens": tokens}


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
            "ugid": entry.ugid,
            "roleid": entry.role,
            "propagate": int(entry.propagate),
            "type": "token" if "!" in entry.ugid else "user",
        }
        for entry in call.site.acl
        if call.may(entry.path, "Permissions.Modify", "Sys.Audit")
    ]


def groups(call: Call) -> list[Row]:
    return []


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
    return {"comment": call.site.pools[name], "members": _members(call, name)}


def _members(call: Call, name: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key != "pool"} for row in guest_rows(call, name)]


def index(*names: str) -> Any:
    def run(call: Call) -> Answer:
        return Answer([{"subdir": name} for name in names])

    return run
