"""Every theme file has every colour, and one can read what it paints."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from proxtui.errors import ConfigError, UsageError
from proxtui.kit.app import LiveApp
from proxtui.kit.theme import COLOURS, DEFAULT_THEME, Looks, load_theme, theme_files

SHIPPED = [Looks().get(path.stem) for path in theme_files()]
names = [theme.name for theme in SHIPPED]


def test_the_shipped_themes_are_there_and_named_as_their_files() -> None:
    assert {DEFAULT_THEME, "proxtui-light", "proxtui-contrast"} <= set(names)
    assert names == [path.stem for path in theme_files()]


@pytest.mark.parametrize("theme", SHIPPED, ids=names)
def test_every_theme_has_every_colour(theme: object) -> None:
    for colour in COLOURS:
        Color.parse(getattr(theme, colour))


def test_there_is_a_choice() -> None:
    assert len(SHIPPED) >= 8
    assert {theme.dark for theme in SHIPPED} == {True, False}


def test_the_theme_of_sixteen_colours_has_no_other() -> None:
    ansi = Looks().get("proxtui-ansi")
    assert ansi.ansi
    assert all(getattr(ansi, colour).startswith("ansi_") for colour in COLOURS)
    assert all(value.startswith("ansi_") for value in ansi.variables.values())


def test_the_theme_without_colour_has_none() -> None:
    mono = Looks().get("proxtui-mono")
    values = [*(getattr(mono, colour) for colour in COLOURS), *mono.variables.values()]
    assert all(len(set(Color.parse(value).rgb)) == 1 for value in values)


@pytest.mark.parametrize("theme", SHIPPED, ids=names)
@pytest.mark.parametrize("tone", ["foreground", "success", "warning", "error", "accent"])
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_every_tone_can_be_read_on_every_ground(theme: object, tone: str, ground: str) -> None:
    light, dark = sorted((luminance(getattr(theme, tone)), luminance(getattr(theme, ground))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


VGA = (
    *("#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa"),
    *("#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff"),
)
"""What the sixteen colours are where nobody has set them."""


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.03928 else float(((share + 0.055) / 1.055) ** 2.4)

    parsed = Color.parse(colour)
    shown = parsed if parsed.ansi is None else Color.parse(VGA[parsed.ansi])
    red, green, blue = (linear(part) for part in shown.rgb)
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


@pytest.mark.parametrize(
    "line", ['colour = "#000000"', "variables = 3", "variables = {a = 1}", 'variables = {scrollbar = "nonsense"}']
)
def test_what_means_nothing_in_a_theme_is_said(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text("\n".join(f'{name} = "#000000"' for name in ("name", *COLOURS)) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"theme x\.toml: (colour|variables|failed)"):
        load_theme(path)


@pytest.mark.parametrize("name", names)
async def test_every_theme_can_be_worn(name: str) -> None:
    app = LiveApp()
    async with app.run_test() as pilot:
        app.wear(name)
        await pilot.pause()
        assert app.current_theme.name == name


async def test_the_first_picture_reads_its_styles_once_and_wears_the_theme() -> None:
    class Counting(LiveApp):
        read = 0

        def refresh_css(self, animate: bool = True) -> None:
            self.read += 1
            super().refresh_css(animate)

    app = Counting(theme="proxtui-light")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.read == 0
        assert not app.current_theme.dark
        assert app.screen.styles.background == Color.parse(app.current_theme.background or "")
        app.wear("proxtui-dark")
        await pilot.pause()
        assert app.read == 1
        assert app.screen.styles.background == Color.parse(app.current_theme.background or "")


async def test_with_no_color_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for name in names:
        app = LiveApp(theme=name)
        async with app.run_test():
            coloured = Segment("x", Style(color="#123456", bgcolor="red"))
            shown = [coloured]
            for one in app.get_line_filters():
                shown = one.apply(shown, Color.parse("black"))
            style = shown[0].style
            assert style is not None
            assert style.color is not None
            assert style.bgcolor is not None
            assert (style.color.is_default, style.bgcolor.is_default) == (True, True)


def test_themes_of_the_user_stand_beside_ours_and_a_wrong_one_troubles_nobody(tmp_path: Path) -> None:
    whole = "\n".join(f'{name} = "#123456"' for name in COLOURS)
    (tmp_path / "sea.toml").write_text(f'name = "sea"\n{whole}', encoding="utf-8")
    (tmp_path / "broken.toml").write_text("primary", encoding="utf-8")
    looks = Looks.gather(tmp_path)
    assert set(looks.names) == {*names, "sea"}
    assert looks.get("sea").primary == "#123456"
    with pytest.raises(UsageError, match=r"theme broken\.toml: "):
        looks.get("broken")
    with pytest.raises(UsageError, match="there is no theme proxtui-drak; nearest is proxtui-dark"):
        looks.get("proxtui-drak")


def test_no_folder_of_the_user_is_no_trouble(tmp_path: Path) -> None:
    assert Looks.gather(tmp_path / "gone").names == names
    assert Looks.gather(None).names == names


def test_a_theme_that_is_not_there_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone"):
        load_theme(tmp_path / "gone.toml")
