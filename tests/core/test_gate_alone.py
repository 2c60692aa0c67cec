"""Nothing but the gate makes a change: read from the source, since a test of behaviour would only see what it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import proxtui

PACKAGE = Path(proxtui.__file__).parent


def sources() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(PACKAGE)), node


def test_only_the_gate_runs_operations() -> None:
    callers = {
        name
        for name, node in sources()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run"
        and "operation" in ast.unparse(node.func.value).lower()
    }
    assert callers == {"core/changing.py"}


def test_only_an_operation_loads_what_it_runs() -> None:
    readers = {name for name, node in sources() if isinstance(node, ast.Attribute) and node.attr == "run_by"}
    assert readers == {"core/operation.py"}


def test_what_changes_something_is_imported_by_nobody() -> None:
    # Operations name their functions in ``acts`` as strings, so whoever imports one goes past the gate.
    importers = {
        name
        for name, node in sources()
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == "acts")
        or (isinstance(node, ast.Import) and any(one.name.endswith(".acts") for one in node.names))
    }
    assert importers == set()
