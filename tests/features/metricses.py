"""Metrics to test with: a database, a clock that is moved by hand, and calls."""

from __future__ import annotations

from pathlib import Path

from proxtui.config.secret import Secret
from proxtui.core.calls import Called
from proxtui.core.db import open_database
from proxtui.core.model import ServerRef
from proxtui.features.metrics.service import ConnectionMetrics
from proxtui.features.metrics.tables import SCHEMA

PROD = ServerRef("acme", "prod")
PARIS = ServerRef("zeta", "paris")
MIDNIGHT = 1_795_305_600.0
"""2026-11-22 00:00 UTC."""


class Wall:
    """The wall clock; may go back."""

    def __init__(self, now: float = MIDNIGHT) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def called(at: float = MIDNIGHT, ms: float | None = 100.0, error: str = "", **more: object) -> Called:
    """One call to PROD, directly."""
    said: dict[str, object] = {"ref": PROD, "endpoint": "pve1:8006", "path": "direct", "retries": 0, "message": ""}
    said |= more
    return Called(at=at, seconds=None if ms is None else ms / 1000, error=error, **said)  # type: ignore[arg-type]


def opened(folder: Path, wall: Wall | None = None, url: Secret | None = None) -> ConnectionMetrics:
    """The metrics in this folder, or at this address."""
    return ConnectionMetrics(open_database(SCHEMA, folder / "metrics.db", url), now=wall or Wall())
