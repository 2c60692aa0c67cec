"""A vault with one bit turned or its end cut off: it fails as stated, or it is the same configuration."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from proxtui.config.models import Config
from proxtui.config.vault.noted import End
from proxtui.config.vault.opened import Seat
from proxtui.errors import Malformed, NewerFormat, ProxtuiError, Tampered, WrongKey
from tests.config.vaults import ROOT_KEY, fill, new_vault, opened, seat_in

STATED = (Malformed, WrongKey, Tampered, NewerFormat)
FLIPS = 2_500
NAME, END = "0123456789abcdef", End(4711, "c0" * 32)


def outcome(seat: Seat, whole: Config) -> type[ProxtuiError] | None:
    """How it was refused; None when it is the same configuration."""
    try:
        found = opened(seat, ROOT_KEY)
    except STATED as error:
        return type(error)
    assert found.config == whole
    assert found.ends.known(NAME) == END
    return None


@pytest.mark.parametrize("seed", range(4))
def test_of_ten_thousand_turned_bits_none_is_accepted(seed: int, tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    vault = fill(new_vault(seat), "acme")
    vault.ends.tell(NAME, END)
    vault.ends.write()
    whole = vault.config
    raw = seat.path.read_bytes()
    dice = random.Random(seed)  # noqa: S311 - the same bits at each run
    outcomes: Counter[type[ProxtuiError] | None] = Counter()
    for _ in range(FLIPS):
        bit = dice.randrange(len(raw) * 8)
        turned = bytearray(raw)
        turned[bit // 8] ^= 1 << bit % 8
        seat.path.write_bytes(turned)
        outcomes[outcome(seat, whole)] += 1
    assert outcomes[Malformed] > 100
    assert outcomes[Tampered] > 100
    assert outcomes[None] < FLIPS / 20  # the comment, and blanks


def test_a_cut_file_is_never_used(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    fill(new_vault(seat))
    raw = seat.path.read_bytes()
    for length in range(0, len(raw) - 1, 64):
        seat.path.write_bytes(raw[:length])
        with pytest.raises((Malformed, Tampered)):
            opened(seat, ROOT_KEY)
        assert seat.path.read_bytes() == raw[:length]
