"""Which reports of the mouse are asked of the terminal."""

from __future__ import annotations

from proxtui.kit.app import LiveApp
from proxtui.kit.mouse import ClicksOnly


class Told(ClicksOnly):
    """Keeps what would be written."""

    def __init__(self) -> None:
        self._mouse = True
        self.said = ""

    def write(self, data: str) -> None:
        self.said += data

    def flush(self) -> None:
        """Nothing is held back."""


def test_clicks_are_reported_and_mere_moves_are_not() -> None:
    driver = Told()
    driver._enable_mouse_support()
    assert "\x1b[?1000h" in driver.said
    assert "\x1b[?1006h" in driver.said
    assert "1003" not in driver.said


def test_whatever_was_asked_for_is_taken_back() -> None:
    driver = Told()
    driver._enable_mouse_support()
    asked = {part[:-1] for part in driver.said.split("\x1b[?")[1:]}
    driver.said = ""
    driver._disable_mouse_support()
    assert asked <= {part[:-1] for part in driver.said.split("\x1b[?")[1:] if part.endswith("l")}


def test_the_app_uses_it() -> None:
    assert LiveApp().get_driver_class() is ClicksOnly
