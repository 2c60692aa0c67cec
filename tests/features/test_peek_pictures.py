"""Recorded screens as pictures of a terminal in every colour depth, and as text; compared with what is stored.

``PROXTUI_PAINT=1`` in the environment stores them anew: look at them before they are committed.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from proxtui.errors import SaveFailed, UsageError
from proxtui.features.peek import rows
from proxtui.features.peek.glyphs import letter
from proxtui.features.peek.picture import Depth, ansi, nearest_of_256, paint
from proxtui.features.peek.png import SIGNATURE, save
from proxtui.features.peek.sampling import Look, window
from proxtui.features.peek.text import UNKNOWN, read
from proxtui.pve.rfb.pixels import RGB332_COLOURS
from proxtui.pve.rfb.surface import Picture
from proxtui.sim.consoles.font import GLYPHS

from .peeks import HERE, NAMES, picture_of

SIZES = ((80, 24), (160, 50))


def stored(name: str, text: str) -> str:
    """What is kept under this name; kept now where somebody asked for it."""
    path = HERE / "painted" / f"{name}.txt.z"
    if os.environ.get("PROXTUI_PAINT"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(text.encode(), 9))
    return zlib.decompress(path.read_bytes()).decode()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_screen_looks_as_it_was_stored(name: str, depth: Depth, size: tuple[int, int]) -> None:
    columns, lines = size
    painting = paint(picture_of(name), columns, lines, depth)
    assert len(painting.lines) <= lines
    assert {sum(len(run.text) for run in line) for line in painting.lines} == {painting.width}
    shown = "\n".join(ansi(painting, depth))
    assert shown == stored(f"{name}-{depth}-{columns}x{lines}", shown)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_screen_reads_as_it_was_stored(name: str) -> None:
    reading = read(picture_of(name))
    assert reading.is_text is (name != "sim-picture")
    text = "\n".join(reading.lines) if reading.is_text else ""
    assert UNKNOWN not in text
    assert text == stored(name, text)


def test_qemus_own_firmware_is_read_letter_by_letter() -> None:
    """Through its blinking cursor, in three colours."""
    reading = read(picture_of("qemu-firmware"))
    assert reading.lines[4:6] == ("Booting from Hard Disk...", "Boot failed: could not read the boot disk")
    assert reading.lines[-1] == "Configuring (net0 52:54:00:12:34:56)....."
    assert (reading.share, reading.columns) == (1.0, 80)


def test_the_letters_of_the_simulator_are_known() -> None:
    wrong = {sign for sign, shape in GLYPHS.items() if sign not in " █" and letter(shape) != sign}
    assert not wrong


def screen_of(lines: list[str], width: int = 9) -> Picture:
    """Letters of the simulator's font in cells of ``width`` dots."""
    found = bytearray()
    for line in lines:
        for row in range(16):
            for sign in line:
                bits = GLYPHS[sign][row]
                found += bytes(0xFF if bits >> (7 - at) & 1 else 0 for at in range(8)) + bytes(width - 8)
    return Picture(len(lines[0]) * width, 16 * len(lines), bytes(found))


@pytest.mark.parametrize("width", [8, 9])
def test_cells_of_both_widths_inverse_letters_and_the_share(width: int) -> None:
    picture = screen_of(["hello, world", "it is   2026"], width)
    assert read(picture).lines == ("hello, world", "it is   2026")
    inverse = Picture(picture.width, picture.height, bytes(255 - one for one in picture.pixels))
    if width == 8:
        assert read(inverse).lines == ("hello, world", "it is   2026")
    spoilt = bytearray(picture.pixels)
    spoilt[0], spoilt[picture.width + 1] = 7, 9
    reading = read(Picture(picture.width, picture.height, bytes(spoilt)))
    assert reading.lines[0] == UNKNOWN + "ello, world"
    assert (reading.seen, reading.known) == (19, 18)


def test_a_blank_screen_and_a_tiny_one_are_no_text() -> None:
    assert not read(Picture(720, 400, bytes(720 * 400))).is_text
    assert read(Picture(3, 3, bytes(9))).lines == ()


def test_closer_and_to_the_side_shows_a_part_of_the_same_aspect() -> None:
    fits = window(720, 400, 80, 48, Look())
    assert (*fits[:4], fits.columns, fits.lines) == (0, 0, 720, 400, 80, 44)
    closer = window(720, 400, 80, 48, Look(zoom=9, x=0, y=1))
    assert (closer.columns, closer.lines, closer.scale) == (80, 48, 1)
    assert (closer.left, closer.top) == (0, 400 - 48)
    tall = window(100, 8000, 160, 100, Look())
    assert (tall.columns, tall.lines) == (1, 100)
    for look in (Look(), Look(50.0, 0.9, 0.1), Look(4000.0)):
        assert paint(Picture(1, 1, b"\xff"), 20, 10, Depth.TRUE, look).lines


def test_colours_of_each_depth() -> None:
    red = Picture(2, 2, b"\xe0" * 4)
    painted = {depth: ansi(paint(red, 2, 1, depth), depth)[0] for depth in Depth}
    assert painted == {
        Depth.TRUE: "\x1b[48;2;255;0;0m  \x1b[0m",
        Depth.MANY: "\x1b[48;5;196m  \x1b[0m",
        Depth.FEW: "\x1b[41m  \x1b[0m",
        Depth.ASCII: "::",
    }
    assert [nearest_of_256((shade,) * 3)[0] for shade in (0, 8, 128, 255)] == [16, 232, 244, 231]


def test_a_png_holds_the_picture(tmp_path: Path) -> None:
    picture = Picture(3, 70, bytes(range(210)))
    path = tmp_path / "screen.png"
    size = save(path, picture)
    data = path.read_bytes()
    assert (len(data), path.stat().st_mode & 0o777) == (size, 0o600)
    chunks, at = {}, len(SIGNATURE)
    assert data.startswith(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + length
    assert chunks[b"IHDR"] == struct.pack(">IIBBBBB", 3, 70, 8, 3, 0, 0, 0)
    assert chunks[b"PLTE"][-3:] == bytes(RGB332_COLOURS[255])
    lines = zlib.decompress(chunks[b"IDAT"])
    assert b"".join(lines[y * 4 + 1 : y * 4 + 4] for y in range(70)) == picture.pixels


def test_a_png_replaces_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "screen.png"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        save(path, Picture(1, 1, b"x"))
    with pytest.raises(SaveFailed, match="No such file"):
        save(tmp_path / "nowhere" / "screen.png", Picture(1, 1, b"x"))
    assert (path.read_text(), list(tmp_path.iterdir())) == ("mine", [path])


def test_what_is_said_of_it() -> None:
    picture = picture_of("sim-panic")
    reading = read(picture)
    assert rows.headline(picture, reading, 0.111) == "720x400, text 100 %, 0.11x"
    assert rows.headline(picture, read(picture_of("sim-picture")), 1.0) == "720x400, 1:1"
    assert rows.percent(0.999) == "99 %"
    assert (rows.age(3.7, 0, waits=False), rows.age(3.7, 5, waits=True)) == ("3 s old", "every 5 s, same for 3 s")
    told = rows.as_json(picture, reading, 12.5)
    assert (told["width"], told["recognised"], told["columns"], told["text"][6]) == (
        720,
        1.0,
        80,
        "[  421.338182]  <TASK>",
    )
    assert rows.file_name(100, "../a b$(x)", 0.0).startswith("100-a-b-x-19")


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "xterm-256color"}, Depth.MANY),
        ({"TERM": "linux"}, Depth.FEW),
        ({"TERM": "dumb"}, Depth.ASCII),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Depth.ASCII),
    ],
)
def test_how_many_colours_a_terminal_has(environ: dict[str, str], depth: Depth) -> None:
    assert rows.depth_for(environ, is_terminal=True, ascii_only=False) is depth
    assert rows.depth_for(environ, is_terminal=False, ascii_only=False) is Depth.ASCII
    assert rows.depth_for(environ, is_terminal=True, ascii_only=True) is Depth.ASCII
