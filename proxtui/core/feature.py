"""A room's card: strings only, so that naming a room loads none of its code."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


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


def load(target: str) -> Any:
    """Import ``module:name`` and return the name."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
