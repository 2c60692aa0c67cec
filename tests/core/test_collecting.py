"""The garbage collector waits while the program loads, and is as it was afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from proxtui.core.collecting import MADE, collect_from_now, collecting_later


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    usual = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)
    gc.enable()


def test_nothing_is_collected_until_it_is_said() -> None:
    usual = gc.get_threshold()
    with collecting_later():
        assert not gc.isenabled()
        collect_from_now()
        assert gc.isenabled()
        assert gc.get_threshold() == (MADE, *usual[1:])
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == usual


def test_it_goes_on_when_loading_failed() -> None:
    with pytest.raises(LookupError), collecting_later():
        raise LookupError
    assert gc.isenabled()


def test_without_loading_nothing_is_changed() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    collect_from_now()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
