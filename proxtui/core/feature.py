"""A room's card: strings only, so that naming a room loads none of its code."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

from proxtui.errors import UsageError


class Word(NamedTuple):
    """A word after ``:`` that a room obeys itself."""

    name: str
    meaning: str
    """What it does, in a few words that follow its name in the help."""
    obey: str
    """``module:function``, called with the screen and the rest of the line; loaded when first obeyed."""
    argument: str = ""
    """What may follow, for people: ``TENANT/SERVER``; empty when nothing may."""
    choices: str = ""
    """``module:function`` that gives what may follow, called with the runtime; loaded when first completed."""


class Feature(NamedTuple):
    """One room of the house."""

    name: str
    """Also the CLI group: ``guests``."""
    title: str
    """What the header calls it."""
    key: str = ""
    """The digit that switches to its view; empty when it has none of its own."""
    view: str = ""
    """``module:Class`` of its view, loaded when first shown."""
    commands: str = ""
    """``module:group`` of its click group, loaded when first called."""
    summary: str = ""
    """What ``--help`` says of its verbs, for it must not load them."""
    operations: str = ""
    """``module:NAME`` of the tuple of its operations, loaded when somebody wants to change something."""
    words: tuple[Word, ...] = ()
    """What it obeys after ``:``."""
    consoles: str = ""
    """``module:NAME`` of the tuple of its consoles: declared as changes are, and opened instead of run."""
    unlisted: str = ""
    """``module:NAME`` of changes that only programs ask for: rules name them, and no menu offers them."""
    is_setup: bool = False
    """It shows the configuration, not the fleet: a wall leaves it out unless it is named."""
    judge: str = ""
    """``module:function`` that finds what is wrong with its settings, called with a configuration and all rooms; gives
    a line for each, with the key, the value and what is allowed. Loaded when a configuration is saved or changes."""


def chosen_views(features: Sequence[Feature], names: Sequence[str]) -> list[Feature]:
    """The views that a wall goes through by these names, in this order; without names all but those of the setup.

    UsageError names one that is not there.
    """
    views = {feature.name: feature for feature in features if feature.key}
    for name in names:
        if name not in views:
            raise UsageError(f"settings.wall_views: there is no view {name}; there are {', '.join(views)}")
    return [views[name] for name in names] or [view for view in views.values() if not view.is_setup]


def load(target: str) -> Any:
    """Import ``module:name`` and return the name."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
