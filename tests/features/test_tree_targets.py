"""What the lines of the tree stand for."""

from __future__ import annotations

from proxtui.core.model import GuestKey, NodeKey, StorageKey
from proxtui.features.tree.rows import TenantKey
from proxtui.features.tree.targets import target_of

from .fleets import ACME, fleet, node, snapshot, vm


def test_lines_are_targets_but_tenants_and_what_is_gone() -> None:
    known = fleet(snapshot(ACME, (vm(100),), (node("pve1"),)))
    guest = target_of(known, GuestKey(*ACME, "qemu", 100))
    assert guest is not None
    assert (guest.kind, guest.id, guest.node) == ("qemu", "100", "pve1")
    labels = [target_of(known, key) for key in (NodeKey(*ACME, "pve1"), StorageKey(*ACME, "pve1", "local"), ACME)]
    assert [one.kind.value for one in labels if one] == ["node", "storage", "server"]
    assert target_of(known, GuestKey(*ACME, "qemu", 999)) is None
    assert target_of(known, TenantKey("acme")) is None
