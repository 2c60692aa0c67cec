"""Back and forward, and what was typed before."""

from __future__ import annotations

from proxtui.core.model import Scope
from proxtui.kit.history import KEPT, History
from proxtui.kit.places import Place, Places


def place(name: str) -> Place:
    return Place(name, Scope(), None, "")


def test_back_and_forward_walk_the_same_way() -> None:
    places = Places()
    places.leave(place("a"))
    places.leave(place("b"))
    assert places.back(place("c")) == place("b")
    assert places.back(place("b")) == place("a")
    assert places.back(place("a")) is None
    assert places.forward(place("a")) == place("b")
    assert places.forward(place("b")) == place("c")
    assert places.forward(place("c")) is None


def test_a_place_of_ones_own_choice_ends_the_way_forward() -> None:
    places = Places()
    places.leave(place("a"))
    assert places.back(place("b")) == place("a")
    places.leave(place("a"))
    assert places.forward(place("c")) is None
    assert places.back(place("c")) == place("a")


def test_places_that_look_the_same_are_one_step() -> None:
    places = Places()
    for _ in range(3):
        places.leave(place("a"))
    assert places.back(place("a")) is None
    places.leave(place("a"))
    assert places.back(place("b")) == place("a")
    assert places.back(place("a")) is None


def test_old_lines_come_back_and_a_draft_is_kept() -> None:
    history = History()
    history.add("nodes")
    history.add("guests")
    assert [history.older("dra"), history.older("guests"), history.older("nodes")] == ["guests", "nodes", "nodes"]
    assert [history.newer("nodes"), history.newer("guests"), history.newer("dra")] == ["guests", "dra", "dra"]


def test_a_repeated_line_is_there_once_and_the_oldest_go() -> None:
    history = History()
    for number in range(KEPT + 5):
        history.add(f"go {number}")
    history.add("go 204")
    lines = [history.older("") for _ in range(KEPT)]
    assert lines[0] == "go 204"
    assert lines[-1] == "go 5"
