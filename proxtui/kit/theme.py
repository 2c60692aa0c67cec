"""Themes are TOML files with every colour named; they become Textual themes here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

import proxtui
from proxtui.errors import ConfigError, UsageError

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
_KNOWN = frozenset({"name", "dark", "ansi", "variables", *COLOURS})


def theme_files() -> list[Path]:
    """The shipped theme files: those of the wheel, or of the source tree beside the package."""
    package = Path(proxtui.__file__).resolve().parent
    packaged, source = package / "_themes", package.parent / "themes"
    folder = packaged if packaged.is_dir() else source
    return sorted(folder.glob("*.toml"))


def load_theme(path: Path) -> Theme:
    """One theme. ConfigError names the file and what is wrong with it, in one line."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(path, str(error)) from error
    missing = [name for name in ("name", *COLOURS) if not isinstance(values.get(name), str)]
    if missing:
        raise _wrong(path, f"{', '.join(missing)} missing")
    if strangers := sorted(set(values) - _KNOWN):
        raise _wrong(path, f"{strangers[0]} means nothing here")
    variables = values.get("variables", {})
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise _wrong(path, "variables must be texts")
    if values.get("ansi") is True:
        # Textual's own rules ask for these as soon as a theme is one of the terminal's colours.
        variables = {"ansi-background": values["background"], "ansi-foreground": values["foreground"], **variables}
    theme_fields = {name: values[name] for name in ("name", *COLOURS)}
    ansi = values.get("ansi") is True
    theme = Theme(**theme_fields, dark=values.get("dark") is not False, ansi=ansi, variables=variables)
    try:
        theme.to_color_system().generate()
        for value in variables.values():
            Color.parse(value)
    except ColorParseError as error:
        raise _wrong(path, str(error)) from error
    return theme


def _wrong(path: Path, why: str) -> ConfigError:
    line = " ".join(f"theme {path.name}: {why}".split())
    return ConfigError("".join(sign if sign.isprintable() else "?" for sign in line))


class Looks:
    """Every theme there is: the shipped ones, and those of the user beside or instead of them.

    A shipped file is named as its theme, and read when somebody asks for it: nobody should wait for eight others.
    """

    def __init__(self, themes: Iterable[Theme] = ()) -> None:
        """``themes`` are those of the user."""
        self._shipped = {path.stem: path for path in theme_files()}
        self._read = {theme.name: theme for theme in themes}
        self.broken: dict[str, ConfigError] = {}
        """By the stem of the file: said when somebody asks for it, and no trouble to anybody else."""

    @classmethod
    def gather(cls, folder: Path | None = None) -> Looks:
        """The shipped themes and the ``*.toml`` files of ``folder``, which need not be there."""
        themes: list[Theme] = []
        broken: dict[str, ConfigError] = {}
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            try:
                themes.append(load_theme(path))
            except ConfigError as error:
                broken[path.stem] = error
        looks = cls(themes)
        looks.broken |= broken
        return looks

    @property
    def names(self) -> list[str]:
        return sorted({*self._shipped, *self._read})

    def get(self, name: str) -> Theme:
        """UsageError in one line when there is no such theme or its file is wrong."""
        if name not in self._read and name in self._shipped:
            self._read[name] = load_theme(self._shipped[name])
        if name in self._read:
            return self._read[name]
        if name in self.broken:
            raise UsageError(str(self.broken[name]))
        import difflib

        near = difflib.get_close_matches(name, self.names, n=1, cutoff=0.4)
        hint = f"nearest is {near[0]}" if near else f"there are {', '.join(self.names)}"
        shown = "".join(sign if sign.isprintable() else "?" for sign in name)
        raise UsageError(f"there is no theme {shown}; {hint}")
