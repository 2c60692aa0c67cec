"""Classes of widgets that are made quickly are those that Textual would have made."""

from __future__ import annotations

import subprocess
import sys

COMPARED = """
import importlib, pkgutil, sys
from textual.dom import DOMNode
usual = DOMNode.__init_subclass__
quick = sys.argv[1] == "quick"
if quick:
    from proxtui.kit.quick_classes import quicken
    quicken()
import proxtui.kit, textual.widgets
from proxtui.registry import FEATURES
from proxtui.tui import app, dialogs
for name in textual.widgets.__all__:
    getattr(textual.widgets, name)
for module in pkgutil.iter_modules(proxtui.kit.__path__, "proxtui.kit."):
    importlib.import_module(module.name)

class Worked(textual.widgets.Input):
    def _compute_width(self): ...
    def compute_place(self): ...

def all_below(kind):
    for one in kind.__subclasses__():
        yield one
        yield from all_below(one)

made = sorted({(one.__module__, one.__qualname__): one for one in all_below(DOMNode)}.items())
for at, one in made:
    bindings = [(key, [vars(b) if hasattr(b, "__dict__") else tuple(b) for b in found])
                for key, found in one._merged_bindings.key_to_bindings.items()]
    reactives = [(name, value._owner.__name__) for name, value in one._reactives.items()]
    flags = (one._inherit_css, one._inherit_bindings, one._inherit_component_classes, one._css_type_name)
    print(at, reactives, sorted(one._computes), sorted(one._css_type_names), flags, list(map(str, bindings)))
"""


def made(how: str) -> list[str]:
    command = [sys.executable, "-c", COMPARED, how]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return answer.stdout.splitlines()


def test_every_widget_is_as_textual_makes_it() -> None:
    usual, quick = made("usual"), made("quick")
    assert len(usual) > 100
    assert any("Worked" in line and "['place', 'width']" in line for line in usual)
    assert quick == usual
