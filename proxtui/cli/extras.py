"""Optional parts: asked for before they are needed, so that a missing one is a line and not a traceback."""

from __future__ import annotations

from importlib.util import find_spec

from proxtui.errors import MissingExtra


def require_simulator() -> None:
    """Raise MissingExtra unless what the simulator is made of is installed."""
    if find_spec("uvicorn") is None:
        raise MissingExtra("the simulator is not installed: install proxtui with its extra `demo`")
