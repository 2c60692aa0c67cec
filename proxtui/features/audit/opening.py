"""Opening the audit to look: in its file or in the shared database, and None where nothing was ever written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from proxtui.core.db import Database, open_database
from proxtui.errors import AuditUnavailable, StoreUnavailable
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.tables import SCHEMA


@contextmanager
def looked_at(files: AuditFiles) -> Iterator[Database | None]:
    """The database; None when there is none yet. AuditUnavailable when it cannot be read."""
    chain = files.chain()
    if files.url is None and not files.db.exists():
        yield None
        return
    try:
        db = open_database(SCHEMA, files.db, files.url, scope=chain, only_read=True)
        try:
            yield db if db.exists and chain is not None else None
        finally:
            db.close()
    except AuditUnavailable:
        raise
    except StoreUnavailable as error:
        raise AuditUnavailable(str(error), why=error.why) from error
