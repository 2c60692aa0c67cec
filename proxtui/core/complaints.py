"""What the rooms find wrong with a configuration, each with what it owns; asked before one is saved or taken over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from proxtui.config.models import Config
from proxtui.core.catalogue import Catalogue
from proxtui.core.feature import Feature, load
from proxtui.core.policy import misspelt

Judge = Callable[[Config], Sequence[str]]
"""Gives a line for each value that cannot be meant: its key, the value, and what is allowed."""


def nothing_wrong(_config: Config) -> Sequence[str]:
    """Judges nothing: where no rooms are, such as in tests of the kernel."""
    return ()


def complaints(features: Sequence[Feature], config: Config) -> Sequence[str]:
    """Of all rooms, and of the rules for changes, which name what rooms declare.

    The code of a room is loaded for its own settings, and for rules only where some name a change.
    """
    return (*_of_rooms(features, config), *_of_rules(features, config))


def fatal(features: Sequence[Feature], config: Config) -> Sequence[str]:
    """Those that no dashboard can be opened with. A misspelt rule is none: the policy refuses every change for it."""
    return tuple(_of_rooms(features, config))


def _of_rooms(features: Sequence[Feature], config: Config) -> Iterator[str]:
    for feature in features:
        if feature.judge:
            yield from load(feature.judge)(config, features)


def _of_rules(features: Sequence[Feature], config: Config) -> Iterator[str]:
    names = Catalogue(features).names
    for where, rules in (("settings", config.settings), *((f"tenants.{one.slug}", one) for one in config.tenants)):
        if (wrong := misspelt(rules, names)) is not None:
            yield f"{where}.{wrong}"
