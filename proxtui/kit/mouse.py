"""The terminal as our apps use it: no word for every move of the mouse, and none while somebody else has it."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class ClicksOnly(LinuxDriver):
    """Clicks, the wheel and drags are reported; moves while no button is pressed are not: they cost more than keys."""

    is_away = False
    """True while the terminal is somebody else's: the app goes on, and what it paints goes nowhere."""

    def write(self, data: str) -> None:
        if not self.is_away:
            super().write(data)

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            # 1002 where Textual has 1003: moves are reported only while a button is down.
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1015h\x1b[?1006h")
            self.flush()

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1002l")
        super()._disable_mouse_support()
