"""Where this installation keeps its records, and whose they are: the database, the open configuration, its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from proxtui.config.database_url import check_database_url
from proxtui.config.secret import Secret
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.config.models import Config
    from proxtui.config.vault.noted import Ends
    from proxtui.config.vault.opened import OpenVault


class Ledger(NamedTuple):
    """Without anything: files in the state folder, of whoever runs proxtui."""

    url: Secret | None = None
    """Of a shared database."""
    vault: str = ""
    """Id of the open configuration (``file_id``)."""
    keys: tuple[bytes, ...] = ()
    """Those that chain the audit, the current one first."""
    ends: Ends | None = None
    """Where audits ended, as the open configuration knows it."""


def usual_ledger(
    environ: Mapping[str, str], configured: Secret | None = None, vault: str = "", keys: tuple[bytes, ...] = ()
) -> Ledger:
    """What ``PROXTUI_DATABASE_URL`` says, else the configuration. UsageError for what is no address."""
    said = environ.get("PROXTUI_DATABASE_URL", "").strip()
    url = Secret(said) if said else configured
    if url is not None:
        try:
            check_database_url(url)
        except ValueError as error:
            raise UsageError(f"{'PROXTUI_DATABASE_URL' if said else 'database_url'}: {error}") from None
    return Ledger(url, vault, keys)


def ledger_of(opened: Config | OpenVault, environ: Mapping[str, str]) -> Ledger:
    """That of a configuration, or of the vault that it comes from."""
    from proxtui.config.models import Config

    if isinstance(opened, Config):
        said = usual_ledger(environ, opened.settings.database_url, opened.vault_id, opened.audit_keys)
        return said._replace(ends=opened.audit_ends)
    said = usual_ledger(environ, opened.config.settings.database_url, opened.file_id, opened.audit_keys)
    return said._replace(ends=opened.ends)
