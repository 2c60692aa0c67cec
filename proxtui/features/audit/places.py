"""Where the audit is: files in one folder, and the rows in one of them or in a database that others share."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from proxtui.config.ledger import Ledger
from proxtui.config.secret import Secret

if TYPE_CHECKING:
    from proxtui.config.vault.noted import Ends


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where they are; none need be there yet. Whoever moves one of the files away should move them all."""

    folder: Path
    url: Secret | None = None
    """The shared database that has the rows in the place of ``db``."""
    vault: str = ""
    """The id of the open configuration: in a shared database each has a chain of its own."""
    ends: Ends | None = field(default=None, compare=False)
    """Where audits ended, as the open configuration knows it."""

    @property
    def db(self) -> Path:
        """The rows, where no database is shared."""
        return self.folder / "audit.db"

    @property
    def place(self) -> str:
        """Where the rows are, as messages name it."""
        from proxtui.config.database_url import shown

        return str(self.db) if self.url is None else shown(self.url)

    @property
    def name(self) -> str:
        """What the configuration calls this audit: the folder of this machine, or the shared database."""
        from proxtui.config.paths import machine_name

        place = f"{machine_name()}:{self.folder.resolve()}" if self.url is None else self.place
        return hashlib.sha256(place.encode()).hexdigest()[:16]

    @property
    def key(self) -> Path:
        """The key of the chain."""
        return self.folder / "audit.key"

    @property
    def anchor(self) -> Path:
        """The end of the chain, noted outside of it."""
        return self.folder / ("audit.anchor" if self.url is None else "audit.shared.anchor")

    @property
    def vault_anchor(self) -> Path:
        """The same, under the key of the configuration."""
        return self.folder / ("audit.vault.anchor" if self.url is None else f"audit.shared.{self.vault}.anchor")

    @property
    def reserve(self) -> Path:
        """Room for the last words when the disk is full."""
        return self.folder / "audit.reserve"

    @property
    def lock(self) -> Path:
        """Held while key, anchor and table are made, and while the anchor moves."""
        return self.folder / "audit.lock"

    def chain(self, *, make: bool = False) -> str | None:
        """Whose rows are meant in a shared database; None before this installation has a name. ``make`` gives it one.

        SaveFailed when that is not possible.
        """
        from proxtui.core.installation import installation_id

        if self.url is None or self.vault:
            return self.vault
        # Who only looks makes nothing.
        return installation_id(self.folder) if make or os.path.lexists(self.folder / "installation") else None


def usual_files(ledger: Ledger | None = None) -> AuditFiles:
    """Those of this user. UsageError for a PROXTUI_DATABASE_URL that is no address."""
    from proxtui.config.ledger import usual_ledger
    from proxtui.config.paths import state_folder

    said = ledger or usual_ledger(os.environ)
    return AuditFiles(state_folder(), said.url, said.vault, said.ends)
