"""The house rules that a machine can keep."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PACKAGE = TOP / "proxtui"
SOURCES = sorted(PACKAGE.rglob("*.py"))

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_METHODS = 20


def name_of(path: Path) -> str:
    return str(path.relative_to(TOP))


def module_of(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def walk(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[Path, ast.AST]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path, node


def test_files_functions_and_classes_stay_small() -> None:
    large = [name_of(path) for path in SOURCES if path.read_text(encoding="utf-8").count("\n") > MAX_FILE_LINES]
    for path, node in walk((ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            if len(methods) > MAX_METHODS:
                large.append(f"{name_of(path)}: class {node.name} has {len(methods)} methods")
        elif (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES:
            large.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert large == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in SOURCES
        if (text := path.read_text(encoding="utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_nothing_waits_with_wait_for() -> None:
    # Python 3.11's asyncio.wait_for loses a cancel that arrives in the same turn as the event.
    found = [name_of(path) for path, node in walk(ast.Attribute) if getattr(node, "attr", "") == "wait_for"]
    assert found == []


def test_every_task_has_an_owner() -> None:
    orphans = [
        f"{name_of(path)}:{node.lineno}"
        for path, node in walk(ast.Expr)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "attr", "") in {"create_task", "ensure_future"}
        # A TaskGroup owns what it starts.
        and "group" not in ast.unparse(node.value.func).lower()
    ]
    assert orphans == []


def test_nothing_is_unfinished_and_nothing_is_caught_blindly() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    found = [
        f"{name_of(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    for path, node in walk(ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        if node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}:
            found.append(f"{name_of(path)}:{node.lineno} catches everything")
    assert found == []


WIDGET_SINKS = {
    "Static", "Label", "Button", "Option", "Checkbox", "Collapsible", "Tab", "notify", "add_row", "add_leaf",
    "border_title", "border_subtitle",
}  # fmt: skip
"""Where Textual parses a plain ``str`` as markup."""


def test_widgets_never_get_a_made_up_string() -> None:
    # A foreign text such as "web[prod]" given as str would be parsed as markup: lost, run, or a crash.
    found = []
    for path, node in walk(ast.Call):
        assert isinstance(node, ast.Call)
        called = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
        if called in WIDGET_SINKS and node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp):
            found.append(f"{name_of(path)}:{node.lineno} {called}")
        if any(word.arg == "markup" and getattr(word.value, "value", False) is True for word in node.keywords):
            found.append(f"{name_of(path)}:{node.lineno} markup=True")
    assert found == []


def test_every_room_is_in_the_registry_and_in_the_contract() -> None:
    from proxtui.registry import FEATURES

    rooms = {path.name for path in (PACKAGE / "features").iterdir() if (path / "__init__.py").exists()}
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    inside = next(contract for contract in contracts if contract["name"] == "inside a room")
    assert {feature.name for feature in FEATURES} == rooms
    assert set(inside["containers"]) == {f"proxtui.features.{room}" for room in rooms}


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


KNOWS_TEXTUAL = re.compile(r"proxtui\.(kit|tui)(\.|$)|proxtui\.features\.\w+\.screen$|__main__")


def test_nothing_below_the_screens_loads_textual() -> None:
    modules = [module_of(path) for path in SOURCES if not KNOWS_TEXTUAL.search(module_of(path))]
    loaded = run_python(
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print('textual' in sys.modules)"
    )
    assert loaded.strip() == "False"


@pytest.mark.parametrize(
    ("module", "stranger"),
    [
        ("proxtui", "pydantic"),
        ("proxtui.errors", "pydantic"),
        ("proxtui.registry", "pydantic"),
        ("proxtui.cli.main", "pydantic"),
        ("proxtui.cli.main", "textual"),
        ("proxtui.wiring", "httpx"),
        ("proxtui.tui.app", "httpx"),
        ("proxtui.tui.app", "cryptography"),
        ("proxtui.tui.app", "uvicorn"),
        ("proxtui.tui.app", "sqlalchemy"),
        ("proxtui.cli.main", "sqlalchemy"),
        ("proxtui.features.guests.screen", "httpx"),
        ("proxtui.features.nodes.screen", "httpx"),
        ("proxtui.pve", "httpx"),
        ("proxtui.pve", "proxtui.core"),
    ],
)
def test_heavy_parts_load_when_first_needed(module: str, stranger: str) -> None:
    assert run_python(f"import sys, {module}\nprint({stranger!r} in sys.modules)").strip() == "False"


def tracked_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: cannot tell which files belong to the project")
    for name in listed.stdout.splitlines():
        path = TOP / name
        if path.is_file() and path.suffix not in {".png", ".svg", ".raw", ".rfb", ".z"}:
            yield name, path.read_text(encoding="utf-8")


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    hosts = re.compile(r"pyp[i]\.org|pythonhoste[d]\.|deb\.debia[n]|(?<![\w.])/(work|root|home/\w+)/|/tmp/bash_[j]obs")
    found = [name for name, text in tracked_texts() if hosts.search(text)]
    assert found == []


def test_the_wheel_ships_themes_styles_and_the_type_marker(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=TOP, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    themes = {f"proxtui/_themes/{path.name}" for path in (TOP / "themes").glob("*.toml")}
    styles = {name_of(path) for path in PACKAGE.rglob("*.tcss")}
    assert themes
    assert themes | styles | {"proxtui/py.typed"} <= names


def test_every_variable_is_in_the_readme() -> None:
    from proxtui.config.environment import VARIABLES

    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert [variable.name for variable in VARIABLES if f"`{variable.name}`" not in readme] == []
