"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.core import text
from proxtui.core.rows import UNKNOWN

KIB, MIB, GIB = 1024, 1024**2, 1024**3


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (None, UNKNOWN),
        (0, "0 B"),
        (512, "512 B"),
        (1023, "1023 B"),
        (KIB, "1 KiB"),
        (1536 * MIB, "1.5 GiB"),
        (16 * GIB, "16 GiB"),
        (9.96 * GIB, "10 GiB"),
        (1023.9 * MIB, "1 GiB"),
        (2048 * GIB, "2 TiB"),
        (2**80, "1048576 EiB"),
    ],
)
def test_size(count: float | None, written: str) -> None:
    assert text.size(count) == written


@pytest.mark.parametrize(
    ("fraction", "written"),
    [
        (None, UNKNOWN),
        (0.0, "0 %"),
        (0.0001, "0 %"),
        (0.004, "0.4 %"),
        (0.0996, "10 %"),
        (0.42, "42 %"),
        (1.0, "100 %"),
    ],
)
def test_percent(fraction: float | None, written: str) -> None:
    assert text.percent(fraction) == written


@pytest.mark.parametrize(
    ("seconds", "written", "aged"),
    [
        (None, UNKNOWN, UNKNOWN),
        (-3, "0s", "0s"),
        (0, "0s", "0s"),
        (12.9, "12s", "12s"),
        (60, "1m", "1m"),
        (302, "5m 2s", "5m"),
        (3_600, "1h", "1h"),
        (3_659, "1h", "1h"),
        (3 * 86_400 + 4 * 3_600 + 59, "3d 4h", "3d"),
        (99 * 86_400 + 3_600, "99d 1h", "99d"),
        (131 * 86_400 + 14 * 3_600, "131d", "131d"),
        (400 * 86_400, "400d", "400d"),
    ],
)
def test_duration_and_age(seconds: float | None, written: str, aged: str) -> None:
    assert text.duration(seconds) == written
    assert text.age(seconds) == aged


def test_rate_and_share() -> None:
    assert text.rate(None) == UNKNOWN
    assert text.rate(1.25 * MIB) == "1.2 MiB/s"
    assert text.share(3, 4) == 0.75
    assert text.share(0, 4) == 0.0
    assert text.share(None, 4) is None
    assert text.share(3, None) is None
    assert text.share(3, 0) is None


@given(st.integers(0, 2**62))
def test_sizes_stay_short(count: int) -> None:
    assert len(text.size(count)) <= len("1023 KiB")
