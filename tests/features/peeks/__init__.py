"""Recorded screens: the size that ServerInit said (two numbers of 16 bits), then every byte that the server sent."""

from __future__ import annotations

import struct
from pathlib import Path

from proxtui.pve.rfb.decode import Decoder
from proxtui.pve.rfb.surface import Picture

HERE = Path(__file__).parent
NAMES = ("qemu-firmware", "sim-boot", "sim-panic", "sim-picture")
"""The first is what QEMU 7.2 sent while its firmware looked for something to boot; the others are the simulator's."""


def recorded(name: str) -> tuple[int, int, bytes]:
    """Width, height and the bytes."""
    data = (HERE / f"{name}.rfb").read_bytes()
    width, height = struct.unpack(">HH", data[:4])
    return width, height, data[4:]


def picture_of(name: str) -> Picture:
    width, height, data = recorded(name)
    decoder = Decoder(width, height)
    decoder.feed(data)
    return decoder.picture()
