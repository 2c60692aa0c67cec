from __future__ import annotations

import pytest

from proxtui.pve.access import AccessTools, permissions_of
from proxtui.pve.sight import (
    lacks_for_acl,
    lacks_for_agent,
    lacks_for_backups,
    lacks_for_cluster_log,
    lacks_for_disks,
    lacks_for_guest,
    lacks_for_guests,
    lacks_for_pools,
    lacks_for_storages,
    lacks_for_tasks,
    lacks_for_users,
    may_see_backups,
)

from .fakes import FakeClient, data

AUDITOR = permissions_of({"/": {"Sys.Audit": 1, "VM.Audit": 1, "Datastore.Audit": 1}})
BACKUPS = {"/storage": {"Datastore.AllocateSpace": 1}, "/vms": {"VM.Backup": 1}}


def test_none_is_only_known_when_nothing_is_lacking() -> None:
    assert lacks_for_backups(AUDITOR, "local") == "Datastore.AllocateSpace on /storage/local"
    space = permissions_of({"/storage/local": {"Datastore.AllocateSpace": 1}, "/vms": {"VM.Audit": 1}})
    assert lacks_for_backups(space, "local", 100) == "VM.Backup on /vms/100"
    assert lacks_for_backups(space, "local") == "VM.Backup on /vms"
    assert may_see_backups(permissions_of(BACKUPS), "local")
    assert may_see_backups(permissions_of(BACKUPS), "local", 100)
    assert may_see_backups(permissions_of({"/storage/local": {"Datastore.Allocate": 1}}), "local")
    assert not may_see_backups(permissions_of({"/storage/local": {"Datastore.Allocate": 1}}), "other")


def test_one_guest_can_be_different_from_all() -> None:
    but_one = permissions_of(BACKUPS | {"/vms/100": {"VM.Audit": 1}})
    assert lacks_for_backups(but_one, "local") == "VM.Backup on /vms/100"
    assert may_see_backups(but_one, "local", 200)
    only_one = permissions_of({"/storage": {"Datastore.AllocateSpace": 1}, "/vms/100": {"VM.Backup": 0}})
    assert may_see_backups(only_one, "local", 100)
    assert lacks_for_backups(only_one, "local") == "VM.Backup on /vms"
    here_only = permissions_of({"/storage": {"Datastore.AllocateSpace": 1}, "/vms": {"VM.Backup": 0}})
    assert lacks_for_backups(here_only, "local") == "VM.Backup on /vms"


def test_disks() -> None:
    assert lacks_for_disks(AUDITOR, "local", 100) == "VM.Config.Disk on /vms/100"
    assert lacks_for_disks(permissions_of({"/": {"Datastore.Audit": 1, "VM.Config.Disk": 1}}), "local") is None


@pytest.mark.parametrize(
    ("privilege", "lack"),
    [
        ("VM.Monitor", None),
        ("VM.GuestAgent.Audit", None),
        ("VM.GuestAgent.Unrestricted", None),
        ("VM.Audit", "VM.Monitor or VM.GuestAgent.Audit on /vms/100"),
    ],
)
def test_the_agent(privilege: str, lack: str | None) -> None:
    assert lacks_for_agent(permissions_of({"/vms": {privilege: 1}}), 100) == lack


def test_logs_tasks_and_guests() -> None:
    nobody = permissions_of({})
    assert lacks_for_cluster_log(AUDITOR) == "Sys.Syslog on /"
    assert lacks_for_cluster_log(permissions_of({"/": {"Sys.Syslog": 1}})) is None
    assert (lacks_for_tasks(AUDITOR), lacks_for_tasks(AUDITOR, "pve1")) == (None, None)
    assert (lacks_for_tasks(nobody), lacks_for_tasks(nobody, "pve1")) == ("Sys.Audit on /", "Sys.Audit on /nodes/pve1")
    assert lacks_for_guest(nobody, 100) == "VM.Audit on /vms/100"
    assert lacks_for_guest(AUDITOR, 100) is None


def test_lists_of_everything() -> None:
    auditor = permissions_of({"/": {"Sys.Audit": 1, "VM.Audit": 1, "Pool.Audit": 1, "Datastore.Audit": 1}})
    every = (lacks_for_guests, lacks_for_pools, lacks_for_storages, lacks_for_users, lacks_for_acl)
    assert [lacks(auditor) for lacks in every] == [None] * 5
    assert [lacks(permissions_of({"/vms/100": {"VM.Audit": 0}})) for lacks in every] == [
        "VM.Audit on /vms",
        "Pool.Audit on /pool",
        "Datastore.Audit on /storage",
        "Sys.Audit on /access/groups",
        "Sys.Audit on /access",
    ]
    assert lacks_for_users(permissions_of({"/access/groups": {"User.Modify": 1}})) is None
    assert lacks_for_storages(permissions_of({"/storage": {"Datastore.AllocateSpace": 1}})) is None
    one_less = permissions_of({"/storage": {"Datastore.Audit": 1}, "/storage/pbs": {"Sys.Audit": 1}})
    assert lacks_for_storages(one_less) == "Datastore.Audit on /storage/pbs"


def test_gaps_are_found_below_the_root_too() -> None:
    permissions = permissions_of({"/": {"Sys.Audit": 1}, "/nodes": {}, "/nodes/pve1": {"Sys.Audit": 0}})
    assert permissions.gaps("/nodes", "Sys.Audit") == ("/nodes",)
    assert permissions.gaps("/", "Sys.Audit") == ("/nodes",)
    assert permissions.gaps("/vms", "Sys.Audit") == ()
    assert permissions_of({}).gaps("/", "Sys.Audit") == ("/",)


async def test_users_with_their_groups_and_tokens() -> None:
    rows = [
        {"userid": "b@pve", "enable": 0, "expire": 1795300000, "groups": "ops,dev", "email": "", "tokens": None},
        {"userid": "a@pam", "groups": ["x"], "tokens": [{"tokenid": "ci", "expire": 0, "privsep": "1"}, {}, 3],
         "totp-locked": 1, "tfa-locked-until": 9},
        {"comment": "nobody"},
    ]  # fmt: skip
    users = await AccessTools(FakeClient({"/access/users": data(rows)})).users()
    assert [(user.userid, user.enabled, user.expire, user.groups) for user in users] == [
        ("a@pam", True, None, ("x",)),
        ("b@pve", False, 1795300000, ("dev", "ops")),
    ]
    assert [(token.tokenid, token.expire, token.privsep) for token in users[0].tokens] == [("ci", None, True)]
    assert (users[0].totp_locked, users[0].tfa_locked_until, users.invalid) == (True, 9, 1)


async def test_roles_groups_acl_and_realms() -> None:
    client = FakeClient(
        {
            "/access/roles": data([{"roleid": "R", "privs": "B,A", "special": 0}, {"privs": "A"}]),
            "/access/groups": data([{"groupid": "ops", "users": "b@pve,a@pve", "comment": "x"}, {}]),
            "/access/acl": data([{"path": "/", "type": "token", "ugid": "a@pam!t", "roleid": "R", "propagate": 0}, {}]),
            "/access/domains": data([{"realm": "ad", "type": "ad", "default": 1, "tfa": "oath"}, {}]),
        }
    )
    tools = AccessTools(client)
    roles, groups, acl, realms = await tools.roles(), await tools.groups(), await tools.acl(), await tools.realms()
    assert [listing.invalid for listing in (roles, groups, acl, realms)] == [1, 1, 1, 1]
    assert (roles[0].privileges, roles[0].special, groups[0].users) == (("A", "B"), False, ("a@pve", "b@pve"))
    assert (acl[0].type, acl[0].ugid, acl[0].propagate) == ("token", "a@pam!t", False)
    assert (realms[0].default, realms[0].tfa, realms[0].comment) == (True, "oath", None)
