"""How many certificates one server may have."""

from __future__ import annotations

import pytest

from proxtui.config.models import TlsTrust

PINS = tuple(":".join([pair] * 32) for pair in ("AA", "BB", "CC", "DD"))


def test_the_current_the_next_and_the_old_one() -> None:
    assert TlsTrust(mode="fingerprint", fingerprints=PINS[:3]).fingerprints == PINS[:3]


def test_a_fourth_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"^fingerprints: at most 3, .* take one away first$"):
        TlsTrust(mode="fingerprint", fingerprints=PINS)
