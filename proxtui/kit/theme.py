"""Themes are TOML files with every colour named; they become Textual themes here."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from textual.color import ColorParseError
from textual.theme import Theme

import proxtui
from proxtui.errors import ConfigError

DEFAULT_THEME = "proxtui-dark"
COLOURS = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
"""What every theme file must give."""


def theme_files() -> list[Path]:
    """The shipped theme files: those of the wheel, or of the source tree beside the package."""
    packaged = Path(str(resources.files(proxtui))) / "_themes"
    source = Path(proxtui.__file__).resolve().parent.parent / "themes"
    folder = packaged if packaged.is_dir() else source
    return sorted(folder.glob("*.toml"))


def load_theme(path: Path) -> Theme:
    """One theme. ConfigError names the file and what is wrong with it."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"theme {path.name}: {error}") from error
    missing = [name for name in ("name", *COLOURS) if not isinstance(values.get(name), str)]
    if missing:
        raise ConfigError(f"theme {path.name}: {', '.join(missing)} missing")
    theme_fields = {name: values[name] for name in ("name", *COLOURS)}
    theme = Theme(**theme_fields, dark=bool(values.get("dark", True)), variables=dict(values.get("variables", {})))
    try:
        theme.to_color_system().generate()
    except ColorParseError as error:
        raise ConfigError(f"theme {path.name}: {error}") from error
    return theme


def load_themes() -> dict[str, Theme]:
    """All shipped themes by name."""
    return {theme.name: theme for theme in map(load_theme, theme_files())}
