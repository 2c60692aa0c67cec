"""Keys of one's own for every action that has a name: checked before anything is shown, then given to Textual."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys, _character_to_key
from textual.screen import ModalScreen
from textual.widgets import Input

from proxtui.core.feature import Feature, load
from proxtui.errors import UsageError

_PARTS = ("proxtui.kit.desk:Desk", "proxtui.kit.log_view:LogView")
"""What is bound beside the views."""
_MODIFIED = re.compile(r"(?:(?:ctrl|shift|alt)\+)*(?P<key>.+)")
_NAMED = frozenset(key.value for key in Keys)


def read_keymap(keys: Mapping[str, str], features: Iterable[Feature]) -> dict[str, str]:
    """``{action: key}`` as configured, as Textual takes it. UsageError in one line for whatever cannot be.

    Loads the code of every view, for their keys must not be taken; so call it only when something is configured.
    """
    bound = [binding for _, binding in _bound(features)]
    known = sorted({binding.id for binding in bound if binding.id})
    wanted = {action: [_key(action, key) for key in text.split(",")] for action, text in keys.items()}
    for action in wanted:
        if action not in known:
            near = difflib.get_close_matches(action, known, n=1, cutoff=0.5)
            hint = f"nearest is {near[0]}" if near else f"there are {', '.join(known)}"
            raise _wrong(f"there is no action {action}; {hint}")
    taken: dict[str, str] = {}
    for action, own in wanted.items():
        for key in own:
            if key in taken:
                raise _wrong(f"{key} is given to both {taken[key]} and {action}")
            taken[key] = action
    for binding in bound:
        if binding.key in taken and binding.id not in wanted:
            raise _wrong(f"{taken[binding.key]}: {binding.key} is {binding.description or binding.action} already")
    return {action: ",".join(own) for action, own in wanted.items()}


def view_binding(feature: Feature) -> Binding:
    """The key that brings a view to the front; its action is called as the view."""
    return Binding(feature.key, f"switch('{feature.name}')", feature.title, id=feature.name)


class NamedKey(NamedTuple):
    """An action that can have another key."""

    name: str
    """As in the settings."""
    keys: tuple[str, ...]
    """As shipped, as Textual calls them."""
    text: str
    """What help calls it."""
    places: tuple[str, ...]
    """Parts of the screen where it works."""


def named_keys(features: Iterable[Feature]) -> list[NamedKey]:
    """Every action that the settings can give another key, by name. Loads the code of every view."""
    found: dict[str, list[tuple[str, Binding]]] = {}
    for where, binding in _bound(features):
        if binding.id:
            found.setdefault(binding.id, []).append((where, binding))
    return [
        NamedKey(
            name,
            keys=tuple(dict.fromkeys(binding.key for _, binding in bound)),
            text=bound[0][1].description,
            places=tuple(dict.fromkeys(where for where, _ in bound)),
        )
        for name, bound in sorted(found.items())
    ]


def _bound(features: Iterable[Feature]) -> list[tuple[str, Binding]]:
    """What is bound by our widgets, screens and views, and where."""
    views = [feature for feature in features if feature.view]
    for feature in views:
        load(feature.view)
    for part in _PARTS:
        load(part)
    switches = [("screen", view_binding(feature)) for feature in views if feature.key]
    return [*_bindings(DOMNode), *switches]


def _key(action: str, text: str) -> str:
    """A key as Textual calls it: ``?`` is ``question_mark``."""
    key = text.strip()
    if len(key) == 1 and key.isprintable():
        return _character_to_key(key)
    parts = _MODIFIED.fullmatch(key)
    last = parts["key"] if parts else ""
    if key in _NAMED or last in _NAMED or (len(last) == 1 and last != key):
        return key
    raise _wrong(f"{action}: {key or 'nothing'} is no key; write x, F, ?, f5 or ctrl+x")


def _wrong(line: str) -> UsageError:
    return UsageError("settings.keys: " + "".join(sign if sign.isprintable() else "?" for sign in line))


def _bindings(kind: type[DOMNode]) -> Iterator[tuple[str, Binding]]:
    """What our widgets and screens bind. Those that own the keyboard while they are there do not count.

    Nor do the parts of dialogs (``IN_DIALOG``), loaded or not.
    """
    for one in kind.__subclasses__():
        if not issubclass(one, ModalScreen | Input) and not getattr(one, "IN_DIALOG", False):
            if one.__module__.startswith("proxtui."):
                where = getattr(one, "HELP_NAME", "") or "view"
                for binding in one.__dict__.get("BINDINGS", ()):
                    yield from ((where, single) for single in Binding.make_bindings([binding]))
            yield from _bindings(one)
