"""What is said about a look at a screen, and how it is given to programs. Pure."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from proxtui.features.peek.picture import Depth
from proxtui.features.peek.text import Reading
from proxtui.pve.rfb.surface import Picture

_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")


def headline(picture: Picture, reading: Reading, scale: float | None) -> str:
    """Size, how much of it could be read, and how large it is shown: ``720x400, text 98 %, 0.22x``."""
    parts = [f"{picture.width}x{picture.height}"]
    if reading.is_text:
        parts.append(f"text {percent(reading.share)}")
    if scale is not None:
        parts.append("1:1" if abs(scale - 1) < 0.005 else f"{scale:.2f}x")
    return ", ".join(parts)


def percent(share: float) -> str:
    """Never 100 % of what is not all."""
    return f"{int(share * 100)} %"


def age(seconds: float, every: float, *, waits: bool) -> str:
    """How old the picture is, and whether it is being watched."""
    old = f"{max(0, int(seconds))} s"
    if not every:
        return f"{old} old"
    return f"every {every:g} s, " + (f"same for {old}" if waits else f"{old} old")


def as_json(picture: Picture, reading: Reading, taken_at: float) -> dict[str, Any]:
    """``taken_at`` is in seconds since the epoch; ``text`` null where the screen is no text."""
    return {
        "width": picture.width,
        "height": picture.height,
        "taken_at": taken_at,
        "is_text": reading.is_text,
        "recognised": round(reading.share, 4),
        "columns": reading.columns if reading.is_text else None,
        "text": list(reading.lines) if reading.is_text else None,
    }


def file_name(vmid: int, name: str, moment: float) -> str:
    """What a saved picture is called, from letters that no file system and no shell minds."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(moment))
    words = [str(vmid), _ODD.sub("-", name).strip("-.")[:60], stamp]
    return "-".join(word for word in words if word) + ".png"


def depth_for(environ: dict[str, str], *, is_terminal: bool, ascii_only: bool) -> Depth:
    """What a terminal can show, by what it says of itself."""
    term = environ.get("TERM", "")
    if ascii_only or environ.get("NO_COLOR") or not is_terminal or term in ("", "dumb"):
        return Depth.ASCII
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Depth.TRUE
    return Depth.MANY if "256" in term else Depth.FEW
