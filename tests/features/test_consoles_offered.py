"""Consoles in the menu: their letters are those of the table, and nothing else has them."""

from __future__ import annotations

import pytest

from proxtui.core.catalogue import Catalogue
from proxtui.features.consoles.operations import CONSOLES, SEATS
from proxtui.kit.menu_entries import entries_for
from proxtui.kit.view import LiveView
from proxtui.registry import FEATURES
from tests.core.gating import vm

ON_ROWS = {"viewer": "vnc", "console": "term", "ssh": "ssh", "peek": "peek"}


def letters() -> dict[str, str]:
    """Of the bare keys: use to key."""
    return {ON_ROWS[one.id]: one.key for one in LiveView.BINDINGS if getattr(one, "id", None) in ON_ROWS}  # type: ignore[union-attr,index,misc]


def test_the_menu_has_the_letters_of_the_table() -> None:
    known = letters()
    assert known == {"vnc": "v", "term": "c", "ssh": "S", "peek": "p"}
    assert {one.verb: one.key for one in CONSOLES if one.verb in known} == known


@pytest.mark.parametrize("kind", sorted(SEATS))
def test_no_change_of_the_same_thing_has_one_of_them(kind: str) -> None:
    taken = {one.key for one in CONSOLES if one.key}
    others = [one for one in Catalogue(FEATURES).all().values() if kind in one.kinds]
    assert others
    assert not {one.name: one.key for one in others if one.key in taken}


def test_the_whole_menu_of_a_vm_shows_them() -> None:
    operations = [*Catalogue(FEATURES).all().values(), *CONSOLES]
    meant = {one.name: (vm(),) for one in operations if vm().kind in one.kinds}
    found = {one.operation.name: one.letter for one in entries_for(operations, meant, lambda *_: None)}
    assert {name: found[f"consoles.{name}"] for name in letters()} == letters()
    assert len(set(found.values())) == len(found), "two lines with one letter"
    assert all(found.values())
