"""SQL databases, in a file or on a PostgreSQL server. SQLAlchemy loads with this: import it when one is opened."""

from proxtui.core.db.database import Database
from proxtui.core.db.migrating import bring_up, lock, version_of
from proxtui.core.db.opening import open_database
from proxtui.core.db.schema import SCOPE, WRITES, Schema, Work, is_shared, scope_of
from proxtui.core.db.sqlite import BUSY_SECONDS, open_sqlite

__all__ = [
    "BUSY_SECONDS",
    "SCOPE",
    "WRITES",
    "Database",
    "Schema",
    "Work",
    "bring_up",
    "is_shared",
    "lock",
    "open_database",
    "open_sqlite",
    "scope_of",
    "version_of",
]
