"""A room's card: strings only, so that naming a room loads none of its code."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple


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


def load(target: str) -> Any:
    """Import ``module:name`` and return the name."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
