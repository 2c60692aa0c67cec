"""What guests were asked slowly, one after the other: their addresses, their system, their newest backup. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from proxtui.core.rows import Scalar

OLD_AFTER = 3_600.0
"""Seconds after which an answer shows its age; also when it is asked for again, at the earliest."""


class Inside(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a guest told of itself. Times are seconds of ``Clock.monotonic``."""

    taken_at: float
    addresses: tuple[str, ...] | None = None
    """IPv4 first; None is unknown, empty: it has none that others could reach."""
    system: str | None = None
    """Its operating system as people read it, or what its configuration says that it is."""
    silence: str = ""
    """Why there are no addresses, in two words: ``no agent``."""


class Backup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The newest backup that is known of a guest."""

    taken_at: float
    """When the storages were read that were read the longest ago."""
    made_at: float | None = None
    """On the monotonic clock, which may have begun later: then it is negative. None: there is none that we may see."""
    sure: bool = False
    """True when every storage was read and nothing can be hidden: then none is none, and there is no newer one."""


class Learned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that was learned of one guest; None was never asked, or never told."""

    inside: Inside | None = None
    backup: Backup | None = None

    def is_old(self, now: float) -> bool:
        """True when what it told of itself may no longer be so."""
        return self.inside is not None and now - self.inside.taken_at >= OLD_AFTER

    def coarse_age(self, now: float) -> int | None:
        """Whole hours, in seconds, since it told; 0 while that is recent, None when it never did."""
        return None if self.inside is None else int((now - self.inside.taken_at) // OLD_AFTER * OLD_AFTER)

    def backup_age(self, now: float) -> int | None:
        """Seconds since its newest backup, in steps of a tenth or less; None: none that is known."""
        if self.backup is None or self.backup.made_at is None:
            return None
        age = max(0.0, now - self.backup.made_at)
        step = 300 if age < 3_600 else 3_600
        return int(age // step * step)


LEARNED_FIELDS: Mapping[str, Callable[[Inside], Scalar]] = {
    "ip": lambda inside: None if inside.addresses is None else list(inside.addresses),
    "os": lambda inside: inside.system,
}


def learned_field(learned: Learned | None, name: str) -> Scalar:
    """The value behind ``ip:`` and ``os:``; None is unknown, or another field."""
    read = LEARNED_FIELDS.get(name)
    return read(learned.inside) if read and learned is not None and learned.inside is not None else None


def learned_words(learned: Learned | None) -> str:
    """What plain filter words search in, lower-cased: the addresses. Empty while none are known."""
    return " ".join(learned.inside.addresses or ()).lower() if learned is not None and learned.inside else ""
