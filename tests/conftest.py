"""For all tests: the state directory of whoever runs them is neither read nor written."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import Postgres
from tests.zones import zone

# A run tries the examples that the run before tried; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")

# `nohup` and a shell without job control start us deaf to ctrl+c, and so would be the programs that tests press it in.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of this process; tests that ask for it carry ``needs_postgres``."""
    server = Postgres.made()
    yield server
    server.end()


@pytest.fixture
def utc() -> Iterator[None]:
    """Local times are UTC: what the screen shows is the same on every machine."""
    with zone("UTC"):
        yield
