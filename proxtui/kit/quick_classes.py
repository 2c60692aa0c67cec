"""Making the classes of widgets without a walk through every name of every base for each of them."""

from __future__ import annotations

from typing import Any

from textual.dom import DOMNode
from textual.reactive import Reactive

_COMPUTES = ("_compute_", "compute_")
_own: dict[type, tuple[dict[str, Reactive[Any]], frozenset[str]]] = {}


def quicken() -> None:
    """From now on. Textual looks at some seven hundred names for each class; that is a twelfth of the time to the first
    picture, and all but the new class itself were looked at for its bases."""
    DOMNode.__init_subclass__ = classmethod(_made)  # type: ignore[method-assign,assignment]


def _made(
    cls: type[DOMNode],
    inherit_css: bool = True,
    inherit_bindings: bool = True,
    inherit_component_classes: bool = True,
) -> None:
    """What ``DOMNode.__init_subclass__`` does; a test compares the two for every widget there is."""
    super(DOMNode, cls).__init_subclass__()
    cls._inherit_css = inherit_css
    cls._inherit_bindings = inherit_bindings
    cls._inherit_component_classes = inherit_component_classes
    bases = cls._css_bases(cls)
    cls._css_type_name = bases[0].__name__
    cls._css_type_names = frozenset(base.__name__ for base in bases)
    cls._merged_bindings = cls._merge_bindings()
    found = [_own_of(base) for base in reversed(cls.__mro__)]
    cls._reactives = {name: one for reactives, _ in found for name, one in reactives.items()}
    cls._computes = frozenset().union(*(computes for _, computes in found))


def _own_of(kind: type) -> tuple[dict[str, Reactive[Any]], frozenset[str]]:
    """The reactives that a class itself brings, and the names of those that it works out."""
    own = _own.get(kind)
    if own is None:
        reactives = {name: value for name, value in vars(kind).items() if isinstance(value, Reactive)}
        computes = frozenset(name.lstrip("_")[8:] for name in vars(kind) if name.startswith(_COMPUTES))
        own = _own[kind] = (reactives, computes)
    return own
