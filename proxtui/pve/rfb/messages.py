"""The messages of a viewer and of a console after ClientInit, recognised on their way through the relay."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from proxtui.pve.rfb.pixels import FORMAT_LENGTH, PixelFormat
from proxtui.pve.rfb.rectangles import ENDED, rectangle
from proxtui.pve.rfb.walker import NEXT, Lost, Steps, Walker
from proxtui.pve.rfb.words import ToServer, ToViewer

MANY: Final = 0xFFFF
"""This many rectangles mean: until one says that it is the last."""
_XVP: Final = 250
_FIXED_TO_SERVER: Final = {
    ToServer.KEY: 7,
    ToServer.POINTER: 5,
    ToServer.CONTINUOUS_UPDATES: 9,
    _XVP: 3,
}
"""Bytes after the first one."""
_TYPED: Final = frozenset({ToServer.KEY, ToServer.POINTER})


def _nothing() -> None:
    """For who does not care whether somebody types."""


@dataclass(slots=True)
class Shape:
    """What one direction has to know of the other to find its way."""

    form: PixelFormat | None = None
    """How pixels are written; None until ServerInit."""
    asked: bool = False
    """Whether pixels were asked for in that format."""
    torn: bool = False
    """The size of a pixel changed while some may have been under way: nobody knows where the new size begins."""


class Talk:
    """Both directions of one console, from ServerInit on. What is not understood passes all the same: see ``lost``.

    ``clipboard`` False keeps what is copied on either side from the other. ``on_input`` is called when somebody
    types or moves the mouse.
    """

    def __init__(self, *, clipboard: bool = True, on_input: Callable[[], None] = _nothing) -> None:
        shape = Shape()
        self._viewer = Walker(of_viewer(shape, on_input), () if clipboard else (ToServer.CUT_TEXT,))
        self._console = Walker(of_console(shape), () if clipboard else (ToViewer.CUT_TEXT,))

    def from_viewer(self, data: bytes) -> bytes:
        """What of it is for the console."""
        return self._viewer.feed(data)

    def from_console(self, data: bytes) -> bytes:
        """What of it is for the viewer."""
        return self._console.feed(data)

    @property
    def lost(self) -> str:
        """Why messages are not recognised any more, and the clipboard is not kept back; empty while they are."""
        found = {"viewer": self._viewer.lost, "console": self._console.lost}
        return "; ".join(f"the {who}: {why}" for who, why in found.items() if why)


def of_viewer(shape: Shape, on_input: Callable[[], None] = _nothing) -> Steps:
    """What a viewer says."""
    while True:
        kind = (yield NEXT)[0]
        if kind in _FIXED_TO_SERVER:
            if kind in _TYPED:
                on_input()
            yield -_FIXED_TO_SERVER[kind]
        elif kind == ToServer.UPDATE_REQUEST:
            shape.asked = True
            yield -9
        elif kind == ToServer.SET_PIXEL_FORMAT:
            _set_format(shape, (yield 3 + FORMAT_LENGTH)[3:])
        elif kind == ToServer.SET_ENCODINGS:
            yield from _pass(4 * struct.unpack(">xH", (yield 3))[0])
        elif kind == ToServer.CUT_TEXT:
            yield from _cut_text()
        elif kind == ToServer.QEMU:
            yield from _qemu_of_viewer(on_input)
        else:
            yield from _rare_of_viewer(kind)


def _rare_of_viewer(kind: int) -> Steps:
    if kind == ToServer.FENCE:
        yield from _pass((yield 8)[7])
    elif kind == ToServer.SET_DESKTOP_SIZE:
        yield from _pass(16 * (yield 7)[5])
    else:
        raise Lost(f"message {kind} is not known")


def of_console(shape: Shape) -> Steps:
    """What a console says, from ServerInit on."""
    head = yield 24
    # A viewer that is in a hurry has chosen by now.
    shape.form = shape.form or _format(head[4:20])
    yield from _pass(int.from_bytes(head[20:]))
    while True:
        kind = (yield NEXT)[0]
        if kind == ToViewer.UPDATE:
            yield from _update(shape, struct.unpack(">xH", (yield 3))[0])
        elif kind == ToViewer.COLOUR_MAP:
            yield from _pass(6 * struct.unpack(">xHH", (yield 5))[1])
        elif kind == ToViewer.CUT_TEXT:
            yield from _cut_text()
        elif kind == ToViewer.FENCE:
            yield from _pass((yield 8)[7])
        elif kind == ToViewer.QEMU:
            yield from _audio()
        elif kind == _XVP:
            yield -3
        elif kind not in (ToViewer.BELL, ToViewer.END_OF_CONTINUOUS_UPDATES):
            raise Lost(f"message {kind} is not known")


def _update(shape: Shape, count: int) -> Steps:
    left = count
    while left:
        # A viewer may ask for as many as it likes and be told in the first that there are no more.
        left -= count != MANY
        width, height, encoding = struct.unpack(">4xHHi", (yield 12))
        if encoding == ENDED:
            return
        if shape.torn:
            raise Lost("the size of a pixel changed")
        yield from rectangle(encoding, width, height, shape.form)


def _set_format(shape: Shape, data: bytes) -> None:
    new, old = _format(data), shape.form
    if shape.asked and _lengths(new) != _lengths(old):
        shape.torn = True
    shape.form = new


def _lengths(form: PixelFormat | None) -> object:
    """What decides how many bytes a pixel has, here and in Tight."""
    return None if form is None else (form.size, form.depth, form.maxima)


def _format(data: bytes) -> PixelFormat | None:
    try:
        return PixelFormat.unpack(data)
    except ValueError:
        # Rectangles of pixels will not be recognised; everything else is.
        return None


def _cut_text() -> Steps:
    """A negative length is that of an extended clipboard."""
    yield from _pass(abs(struct.unpack(">xxxi", (yield 7))[0]))


def _qemu_of_viewer(on_input: Callable[[], None]) -> Steps:
    what = (yield 1)[0]
    if what == 0:
        on_input()
        yield -10
    elif what == 1:
        # Of sound: on, off, and its format.
        if int.from_bytes((yield 2)) == 2:
            yield -6
    else:
        raise Lost(f"message 255 of kind {what} is not known")


def _audio() -> Steps:
    what, operation = struct.unpack(">BH", (yield 3))
    if what != 1 or operation > 2:
        raise Lost(f"message 255 of kind {what} is not known")
    if operation == 2:
        yield from _pass(int.from_bytes((yield 4)))


def _pass(length: int) -> Steps:
    if length:
        yield -length
