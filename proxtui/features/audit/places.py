"""The files of the audit, all in one folder: whoever moves one away should move them all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where they are; none need be there yet."""

    folder: Path

    @property
    def db(self) -> Path:
        """The rows."""
        return self.folder / "audit.db"

    @property
    def key(self) -> Path:
        """The key of the chain."""
        return self.folder / "audit.key"

    @property
    def anchor(self) -> Path:
        """The end of the chain, noted outside of it."""
        return self.folder / "audit.anchor"

    @property
    def vault_anchor(self) -> Path:
        """The same, under the key of the configuration."""
        return self.folder / "audit.vault.anchor"

    @property
    def reserve(self) -> Path:
        """Room for the last words when the disk is full."""
        return self.folder / "audit.reserve"

    @property
    def lock(self) -> Path:
        """Held while key, anchor and table are made, and while the anchor moves."""
        return self.folder / "audit.lock"


def usual_files() -> AuditFiles:
    """Those of this user."""
    from proxtui.config.paths import state_folder

    return AuditFiles(state_folder())
