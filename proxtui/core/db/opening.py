"""The one way to open a database: a file, or the server that the configuration names."""

from __future__ import annotations

from pathlib import Path

from proxtui.config.secret import Secret
from proxtui.core.db.database import Database
from proxtui.core.db.schema import Schema
from proxtui.core.db.sqlite import open_sqlite


def open_database(
    schema: Schema, path: Path, url: Secret | None = None, *, scope: str | None = None, only_read: bool = False
) -> Database:
    """The file at ``path``, or PostgreSQL where a ``url`` is given: then ``scope`` says whose rows are meant.

    It blocks. Raises what ``open_sqlite`` and ``open_postgres`` do.
    """
    if url is None:
        return open_sqlite(path, schema, only_read=only_read)
    from proxtui.core.db.postgres import open_postgres

    return open_postgres(url, schema, scope=scope, only_read=only_read)
