"""Every theme file has every colour, and one can read what it paints."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from proxtui.errors import ConfigError
from proxtui.kit.theme import COLOURS, DEFAULT_THEME, load_theme, load_themes, theme_files

SHIPPED = sorted(load_themes().values(), key=lambda theme: theme.name)
names = [theme.name for theme in SHIPPED]


def test_the_shipped_themes_are_there_and_named_as_their_files() -> None:
    assert {DEFAULT_THEME, "proxtui-light", "proxtui-contrast"} <= set(names)
    assert names == [path.stem for path in theme_files()]


@pytest.mark.parametrize("theme", SHIPPED, ids=names)
def test_every_theme_has_every_colour(theme: object) -> None:
    for colour in COLOURS:
        Color.parse(getattr(theme, colour))


@pytest.mark.parametrize("theme", SHIPPED, ids=names)
@pytest.mark.parametrize("tone", ["foreground", "success", "warning", "error", "accent"])
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_every_tone_can_be_read_on_every_ground(theme: object, tone: str, ground: str) -> None:
    light, dark = sorted((luminance(getattr(theme, tone)), luminance(getattr(theme, ground))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.03928 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in Color.parse(colour).rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('name = "x"', "primary"),
        ("not toml", "x.toml"),
        ("\n".join([f'{name} = "#000000"' for name in ("name", *COLOURS[1:])]) + '\nprimary = "nonsense"', "nonsense"),
    ],
)
def test_a_wrong_theme_is_one_clear_line(tmp_path: Path, content: str, word: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_theme(path)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_theme_that_is_not_there_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone"):
        load_theme(tmp_path / "gone.toml")
