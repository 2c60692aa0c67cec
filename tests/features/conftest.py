"""The audit in both kinds of database: what takes ``audit`` runs with each."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxtui.config.secret import Secret
from tests.features.audits import Audit, audit_in
from tests.postgres import Postgres, needs_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_postgres)])
def database(request: pytest.FixtureRequest) -> Secret | None:
    """None for a file, else the address of a database that nobody used before."""
    if request.param == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def audit(tmp_path: Path, database: Secret | None) -> Audit:
    return audit_in(tmp_path, database)


@pytest.fixture
def file_audit(tmp_path: Path) -> Audit:
    """Of what only files have."""
    return audit_in(tmp_path)
