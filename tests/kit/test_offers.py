"""What can be done to many rows at once: the menu opens before anybody waits, and one asks each rule once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from proxtui.core.operation import GUESTS, Kind, Target
from proxtui.kit.offers import Offers
from proxtui.kit.prepared import Subject
from proxtui.pve.access import Permissions
from tests.kit.changes import ALL, BERLIN, START, FakePolicy


class Counted(FakePolicy):
    """Counts how often it is asked."""

    asked = 0

    def offered(self, operation: Any, target: Target, permissions: object = None) -> str | None:
        self.asked += 1
        return super().offered(operation, target, permissions)


def runtime_of(policy: FakePolicy, permissions: Permissions | None = None) -> Any:
    return SimpleNamespace(
        catalogue=SimpleNamespace(all=lambda: {one.name: one for one in ALL}, consoles=dict),
        policy=policy,
        connection=lambda ref: SimpleNamespace(permissions=permissions),
        store=SimpleNamespace(fleet=lambda: SimpleNamespace(snapshot=lambda ref: None)),
    )


def vm(vmid: int) -> Target:
    return Target(BERLIN, Kind.QEMU, str(vmid), f"web-{vmid}", "pve1")


VIEW: Any = SimpleNamespace(subject_of=lambda target: Subject(target))


def test_a_thousand_rows_ask_each_rule_once() -> None:
    policy = Counted()
    offers = Offers(runtime_of(policy), VIEW, [vm(100 + number) for number in range(1000)])
    entries = offers.entries()
    assert offers.title == "1000 marked"
    assert all(len(entry.targets) == 1000 for entry in entries)
    meant = [one for one in ALL if one.kinds & GUESTS and not one.creates]
    assert policy.asked == len(meant) == len(entries)


def test_privileges_are_asked_for_each_of_them() -> None:
    one = replace(START, privileges=("VM.PowerMgmt",))
    runtime = runtime_of(FakePolicy(), Permissions({"/vms/100": {"VM.PowerMgmt": True}}))
    runtime.catalogue.all = lambda: {one.name: one}
    (entry,) = Offers(runtime, VIEW, [vm(100), vm(101)]).entries()
    assert entry.targets == (vm(100),)
    assert entry.why == "for 1 of 2: the login lacks VM.PowerMgmt on /vms/101"


def test_a_row_may_stand_for_more_than_itself_and_for_less() -> None:
    start, *rest = [one for one in ALL if one.kinds & GUESTS]
    node = Target(BERLIN, Kind.NODE, "pve1", "pve1", "pve1")
    create = next((one for one in ALL if one.creates), rest[0])
    subject = Subject(vm(100), only=frozenset({start.name}), also={node: frozenset({create.name})}, title="a line")
    view: Any = SimpleNamespace(subject_of=lambda row: subject)
    offers = Offers(runtime_of(FakePolicy()), view, [object()])
    assert offers.title == "a line"
    assert offers.targets(start) == (vm(100),)
    assert offers.targets(create) == (node,)
    assert not any(offers.targets(one) for one in ALL if one.name not in (start.name, create.name))
