"""The marks of tests that need programs."""

from __future__ import annotations

import pytest

from tests import needs


def skips(mark: pytest.MarkDecorator) -> bool:
    return bool(mark.mark.args[0])


def test_what_is_there_is_found_and_what_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "NEED_ALL", False)
    assert needs.program("sh")
    assert not skips(needs.programs("sh"))
    mark = needs.programs("sh", "no-such-program")
    assert skips(mark)
    assert "no-such-program" in mark.mark.kwargs["reason"]


def test_nothing_is_skipped_where_everything_should_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "NEED_ALL", True)
    assert not skips(needs.programs("no-such-program"))
