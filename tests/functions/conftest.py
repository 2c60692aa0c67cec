"""Functions over a vault and a cluster in this process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .desks import Office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The small cluster as ``acme/prod``, and anna, who may all."""
    for name in [one for one in os.environ if one.startswith(("PROXMOX_", "PROXTUI_", "CREDENTIALS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Office(tmp_path)
