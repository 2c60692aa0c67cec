"""Numbers as people read them, the same on the screen and on the command line. None is unknown, never zero."""

from __future__ import annotations

from proxtui.core.rows import UNKNOWN

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_STEPS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def size(count: float | None) -> str:
    """Bytes: ``512 B``, ``1.5 GiB``, ``16 GiB``. At most three digits and one decimal."""
    if count is None:
        return UNKNOWN
    value, unit = float(count), 0
    # 1023.5 would be written as 1024: it belongs to the next unit already.
    while abs(value) >= 1023.5 and unit < len(_BINARY) - 1:
        value /= 1024
        unit += 1
    rounded = round(value, 1)
    text = f"{value:.0f}" if unit == 0 or abs(rounded) >= 10 or rounded == int(rounded) else f"{rounded:.1f}"
    return f"{text} {_BINARY[unit]}"


def rate(count: float | None) -> str:
    """Bytes in a second: ``1.2 MiB/s``."""
    return UNKNOWN if count is None else f"{size(count)}/s"


def percent(fraction: float | None) -> str:
    """``0..1`` as ``42 %``; below ten with one decimal, so that a quiet guest is not an idle one."""
    if fraction is None:
        return UNKNOWN
    value = fraction * 100
    return f"{value:.1f} %" if 0 < round(value, 1) < 10 else f"{value:.0f} %"


def share(used: float | None, total: float | None) -> float | None:
    """``used`` of ``total`` as ``0..1``; None when either is unknown or there is no total."""
    return None if used is None or not total else used / total


def duration(seconds: float | None) -> str:
    """Two units at most: ``3d 4h``, ``5m 2s``, ``0s``."""
    if seconds is None:
        return UNKNOWN
    rest = max(0, int(seconds))
    for at, (sign, length) in enumerate(_STEPS):
        if rest >= length:
            small_sign, small_length = _STEPS[min(at + 1, len(_STEPS) - 1)]
            small = rest % length // small_length
            # Who runs for a hundred days is not asked for the hour.
            small = 0 if rest >= 100 * _STEPS[0][1] else small
            return f"{rest // length}{sign} {small}{small_sign}" if small else f"{rest // length}{sign}"
    return "0s"


def age(seconds: float | None) -> str:
    """One unit: ``12s``, ``4m``, ``3h``, ``2d``."""
    if seconds is None:
        return UNKNOWN
    rest = max(0, int(seconds))
    sign, length = next(((s, n) for s, n in _STEPS if rest >= n), _STEPS[-1])
    return f"{rest // length}{sign}"
