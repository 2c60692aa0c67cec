"""Who may change what."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.config.models import Config, Role, Rules, Settings, Tenant, User
from proxtui.core.actor import Actor
from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Risk, Target
from proxtui.core.policy import Policy
from proxtui.pve.access import permissions_of

from .gating import REF, START, operation, vm

ME = Actor(user="anna")
BEN = User(name="ben")
DELETE = operation("guests.delete", role=Role.ADMIN, risk=Risk.DESTROYS, privileges=("VM.Allocate",))


def policy(
    *users: User, settings: dict[str, Any] | None = None, tenant: dict[str, Any] | None = None, **more: Any
) -> Policy:
    tenants = (Tenant(slug="acme", name="Acme", **(tenant or {})), Tenant(slug="other", name="Other"))
    return Policy(Config(tenants=tenants, users=users, settings=Settings(**(settings or {}))), ME, **more)


@pytest.mark.parametrize(
    ("role", "may_start", "may_delete"),
    [(Role.VIEWER, False, False), (Role.OPERATOR, True, False), (Role.ADMIN, True, True)],
)
def test_the_table_of_roles(role: Role, may_start: bool, may_delete: bool) -> None:
    one = policy(User(name="anna", roles={"acme": role}), BEN)
    assert (one.refusal(START, REF) is None, one.refusal(DELETE, REF) is None) == (may_start, may_delete)
    table = one.table([START, DELETE])
    assert (table["guests.start"][role], table["guests.delete"][role]) == (may_start, may_delete)
    assert one.refusal(START, ServerRef("other", "b")), "a role counts in its tenant"


def test_who_one_is() -> None:
    assert policy().role("acme") is Role.ADMIN, "nobody is configured"
    assert policy(BEN, User(name="cleo")).role("acme") is Role.VIEWER, "a stranger among several looks"
    assert policy(User(name="ben", roles={"acme": Role.OPERATOR})).role("acme") is Role.OPERATOR, "the only one"


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ({}, None),
        ({"allowed_operations": ("guests.*",)}, None),
        ({"allowed_operations": ()}, "not among allowed_operations"),
        ({"allowed_operations": ("tasks.*",)}, "not among allowed_operations"),
        ({"denied_operations": ("guests.st*",)}, "among denied_operations"),
        ({"allowed_operations": ("guests.start",), "denied_operations": ("*",)}, "among denied_operations"),
    ],
)
@pytest.mark.parametrize("where", ["settings", "tenant"])
def test_configuration_narrows(rules: dict[str, Any], refused: str | None, where: str) -> None:
    why = policy(**{where: rules}).refusal(START, REF)  # type: ignore[arg-type]
    assert (why is None) if refused is None else (why is not None and refused in why)


@pytest.mark.parametrize(
    ("said", "of_safe", "of_destroying"),
    [
        ("risk", Risk.SAFE, Risk.DESTROYS),
        ("all", Risk.DISTURBS, Risk.DESTROYS),
        ("typed", Risk.DESTROYS, Risk.DESTROYS),
    ],
)
def test_confirmation_is_only_made_harder(said: str, of_safe: Risk, of_destroying: Risk) -> None:
    one = policy(tenant={"require_confirmation": said})
    assert one.needs_confirmation(START, REF) is of_safe
    assert one.needs_confirmation(DELETE, REF) is of_destroying
    assert one.needs_confirmation(START, ServerRef("other", "b")) is Risk.SAFE


def test_a_rehearsal_is_wanted_by_either() -> None:
    assert not policy().dry_run(REF)
    assert policy(tenant={"dry_run": True}).dry_run(REF)
    assert policy(settings={"dry_run": True}).dry_run(REF)


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowed_operations": ("rm -rf",)},
        {"denied_operations": ("",)},
        {"write_mode": "maybe"},
        {"require_confirmation": "x"},
    ],
)
def test_rules_that_cannot_be_meant(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Rules(**wrong)


def test_nothing_is_offered_that_would_be_refused() -> None:
    lacking = permissions_of({"/vms/100": {"VM.Audit": 1}, "/": {"VM.PowerMgmt": 1}})
    holding = permissions_of({"/vms": {"VM.PowerMgmt": 1}})
    one = policy()
    assert one.offered(START, vm()) is None, "unknown privileges hold nothing back"
    assert one.offered(START, vm(), holding) is None
    assert one.offered(START, vm(), lacking) == "Start: the login lacks VM.PowerMgmt on /vms/100"
    assert one.offered(START, Target(REF, Kind.NODE, "n1"), holding) == "Start: not for a node"
    assert policy(locked=lambda ref: "read-only").offered(START, vm(), holding) == "read-only"
    assert "denied" in str(policy(settings={"denied_operations": ("*",)}).offered(START, vm(), holding))


@pytest.mark.parametrize(
    ("acl", "target", "path"),
    [
        ("", vm(), "/vms/100"),
        ("", Target(REF, Kind.NODE, "n1"), "/nodes/n1"),
        ("", Target(REF, Kind.STORAGE, "local", node="n1"), "/storage/local"),
        ("", Target(REF, Kind.VOLUME, "local:iso/a.iso", node="n1"), "/storage/local"),
        ("", Target(REF, Kind.POOL, "web"), "/pool/web"),
        ("", Target(REF, Kind.SERVER, ""), "/"),
        ("/nodes/{node}", vm(), "/nodes/n1"),
        ("/vms/{vmid}", Target(REF, Kind.NODE, "n1"), "/vms"),
    ],
)
def test_where_privileges_are_needed(acl: str, target: Target, path: str) -> None:
    assert operation(acl=acl).acl_path(target) == path


def test_one_of_two_privileges_is_enough() -> None:
    either = operation(privileges=("VM.Monitor|VM.GuestAgent.Audit", "VM.Audit"))
    held = permissions_of({"/": {"VM.GuestAgent.Audit": 1, "VM.Audit": 1}})
    assert policy().offered(either, vm(), held) is None
    assert "VM.Monitor or VM.GuestAgent.Audit" in str(policy().offered(either, vm(), permissions_of({"/": {}})))


NAMES = ("guests.start", "guests.stop", "guests.delete", "tasks.stop")


@pytest.mark.parametrize(
    ("rules", "nearest"),
    [
        ({"denied_operations": ("guests.delete", "guests.strat")}, "guests.start"),
        ({"denied_operations": ("tasks.stopp",)}, "tasks.stop"),
        ({"allowed_operations": ("*", "guest.*")}, "guests.*"),
        ({"allowed_operations": ("guests.start",), "denied_operations": ("task.*",)}, "tasks.*"),
    ],
)
@pytest.mark.parametrize("where", ["settings", "tenant"])
def test_a_rule_that_means_nothing_refuses_everything(rules: dict[str, Any], nearest: str, where: str) -> None:
    one = policy(**{where: rules}, names=lambda: NAMES)
    for wanted in (START, DELETE):
        why = one.refusal(wanted, REF)
        assert why is not None
        assert f"did you mean {nearest!r}?" in why
        assert "\n" not in why
    assert (one.refusal(START, ServerRef("other", "b")) is None) == (where == "tenant")


def test_names_are_asked_for_only_by_rules_that_name_some() -> None:
    def names() -> tuple[str, ...]:
        raise AssertionError("nobody needs them")

    assert policy(names=names).refusal(START, REF) is None
    fine = policy(settings={"allowed_operations": ("guests.*", "tasks.s?op")}, names=lambda: NAMES)
    assert fine.refusal(START, REF) is None
