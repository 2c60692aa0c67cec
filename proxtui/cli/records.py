"""Where a command finds audit and metrics: in the state folder, or in a database that variables or config.toml name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from proxtui.config.ledger import Ledger, ledger_of, usual_ledger
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.cli.registering import Registering


def ledger(session: Registering) -> Ledger:
    """See ``CommandLine.ledger``."""
    from proxtui.cli.redact import redact
    from proxtui.config.database_url import password_of

    by_file = _is_named_in_file()
    said = usual_ledger(session.environ)
    if said.url is None and not by_file:
        # Nobody is asked for a key only to look; who has it knows how far the audit goes, too.
        return said._replace(ends=session.vault.ends if session.vault is not None else None)
    session.audit_keys()
    if session.vault is not None:
        said = ledger_of(session.vault, session.environ)
    elif said.url is None:
        raise UsageError("config.toml names a database, and is closed: `proxtui unlock` first, or name its key")
    if said.url is not None:
        redact.hide(said.url.get_secret_value(), password_of(said.url))
    return said


def _is_named_in_file() -> bool:
    """Whether config.toml names a database: that it does is no secret, unlike the address."""
    from proxtui.config.paths import config_file
    from proxtui.config.vault.files import read_safely
    from proxtui.config.vault.shape import parse

    path = config_file()
    return os.path.lexists(path) and bool(parse(read_safely(path), path.name).data["settings"].get("database_url"))
