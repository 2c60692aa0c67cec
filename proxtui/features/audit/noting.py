"""The end of the chain in ``config.toml``: outside of the state folder, where nobody without a key can move it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from proxtui.config.vault.noted import End
from proxtui.errors import ProxtuiError
from proxtui.features.audit.chain import Head
from proxtui.features.audit.places import AuditFiles

if TYPE_CHECKING:
    from pathlib import Path

WHERE = "config.toml"
_log = logging.getLogger(__name__)


def noted_in_vault(files: AuditFiles) -> Head:
    """The end that the open configuration knows; ``Head()`` where none is open, or it knows none."""
    known = files.ends.known(files.name) if files.ends is not None else None
    return Head(*known) if known else Head()


def noted_in_file(files: AuditFiles, path: Path) -> Head:
    """The same from a closed file, where it proves nothing: who altered it is found when it is opened."""
    from proxtui.config.vault.files import read_safely
    from proxtui.config.vault.noted import ends_in
    from proxtui.config.vault.shape import parse

    if not path.exists():
        return Head()
    known = ends_in(parse(read_safely(path), path.name).data).get(files.name)
    return Head(*known) if known else Head()


class VaultNote:
    """Tells an open configuration of the end of one chain; does nothing where none is open."""

    def __init__(self, files: AuditFiles) -> None:
        self._ends = files.ends
        # Its folder was made meanwhile: a link in the way to it counts from the start.
        self._name = files.name if files.ends is not None else ""
        self.failed = ""
        """Why the last one is not in the file; the anchor beside the rows knows it all the same."""

    def tell(self, head: Head) -> None:
        """So far it goes: whoever saves the configuration next takes it along."""
        if self._ends is not None and head.seq:
            self._ends.tell(self._name, End(head.seq, head.mac))

    def write(self) -> None:
        """Note it in the file now. Where that cannot be, the anchor has to do: the rows are on the disk already."""
        if self._ends is None:
            return
        try:
            self._ends.write()
            self.failed = ""
        except (ProxtuiError, OSError) as error:
            self.failed = str(error)
            _log.info("the end of the audit is not noted in %s: %s", WHERE, error)
