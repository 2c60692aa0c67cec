"""The signs that stand beside words. Knows neither Textual nor Rich: rows may use it."""

from __future__ import annotations

from typing import Final

ELLIPSIS: Final = "…"
CURSOR: Final = "▸"
ASCENDING: Final = "▲"
DESCENDING: Final = "▼"
STEP: Final = "▸"
DOING: Final = "▶"
SWATCH: Final = "■"

STATES: Final = {
    "running": "●",
    "stopped": "○",
    "paused": "◐",
    "suspended": "◐",
    "online": "◆",
    "offline": "◇",
    "fresh": "◆",
    "stale": "◌",
    "waiting": "◌",
    "down": "✗",
    "forbidden": "⊘",
    "off": "○",
    "unknown": "?",
}


def state_sign(status: str) -> str:
    """One cell for the state of a guest, a node or a source; ``?`` for what we do not know, ``◌`` for ``running?``."""
    if status.endswith("?"):
        return STATES["stale"]
    return STATES.get(status, "?")


def state_text(status: str) -> str:
    """Sign and word: ``● running``. The word is never left out, so that colour and shape are only a help."""
    return f"{state_sign(status)} {status}"
