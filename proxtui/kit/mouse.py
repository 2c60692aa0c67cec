"""The terminal as our apps use it: no word for every move of the mouse, none while another has it, harmless pastes."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from selectors import EVENT_READ, SelectSelector
from threading import current_thread

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from proxtui.kit.pasting import Pastes

LOOKS_UP = 0.1
"""Seconds after which a lone escape is one, and the end of the app is seen."""


class ClicksOnly(LinuxDriver):
    """Clicks, the wheel and drags are reported; moves while no button is pressed are not: they cost more than keys."""

    is_away = False
    """True while the terminal is somebody else's: the app goes on, and what it paints goes nowhere."""

    def write(self, data: str) -> None:
        if not self.is_away:
            super().write(data)

    def run_input_thread(self) -> None:
        """As Textual's own, but that a paste holds no keys and that no byte ends it: what is not UTF-8 is replaced."""
        parser, pastes = XTermParser(self._debug), Pastes()
        decode = getincrementaldecoder("utf-8")("replace").decode
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            # A process that is continued without having been stopped, as at a hang-up, gets another thread.
            while not self.exit_event.is_set() and self._key_thread is current_thread():
                if selector.select(LOOKS_UP):
                    typed = os.read(self.fileno, 4096)
                    if not typed:
                        return
                    # An empty text would tell the parser that this was the end.
                    if text := pastes.harmless(decode(typed)):
                        for event in parser.feed(text):
                            self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            # 1002 where Textual has 1003: moves are reported only while a button is down.
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1015h\x1b[?1006h")
            self.flush()

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1002l")
        super()._disable_mouse_support()
