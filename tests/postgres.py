"""A PostgreSQL of the tests' own: a private socket in a folder that goes with it, no TCP, ended by its process."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.secret import Secret
from tests.needs import program, programs

needs_postgres = programs("initdb", "postgres")
_HBA = "local all guarded scram-sha-256\nlocal all all trust\n"
_NUMBERS = count(1)
MEMORY = Path("/dev/shm")  # noqa: S108 # what is tested is not how fast a disk syncs


@dataclass
class Postgres:
    """A server that a test may stop and start again."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @classmethod
    def made(cls) -> Postgres:
        quick = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
        folder = Path(tempfile.mkdtemp(prefix="pg", dir=MEMORY if quick else None))
        who = _somebody()
        if who:
            os.chown(folder, who["user"], who["group"])
        initdb = [str(program("initdb")), "-D", str(folder / "data"), "-U", "ours", "-E", "UTF8", "--locale=C"]
        done = subprocess.run([*initdb, "--auth=trust", "-N"], capture_output=True, text=True, check=False, **who)
        assert done.returncode == 0, done.stderr
        (folder / "data" / "pg_hba.conf").write_text(_HBA)
        server = cls(folder)
        server.start()
        return server

    def start(self) -> None:
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(self.folder), "fsync": "off", "autovacuum": "off",
            "full_page_writes": "off", "max_connections": "100", "shared_buffers": "16MB", "log_min_messages": "fatal",
        }  # fmt: skip
        said = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program("postgres")), "-D", str(self.folder / "data"), *said],
                stdout=log,
                stderr=log,
                **_somebody(),
            )
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast; SIGQUIT: as in a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def end(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def database(self) -> Secret:
        """The address of a new one."""
        name = f"t{os.getpid()}_{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str = "postgres", who: str = "ours") -> Secret:
        return Secret(f"postgresql://{who}@/{name}?host={self.folder}")

    def run(self, *statements: str, url: Secret | None = None) -> list[tuple[Any, ...]]:
        """Say it to a database; the rows of the last statement."""
        import psycopg

        with psycopg.connect((url or self.url()).get_secret_value(), autocommit=True) as connection:
            found: list[tuple[Any, ...]] = []
            for statement in statements:
                answer = connection.execute(statement.encode())
                found = answer.fetchall() if answer.description else []
            return found

    def _wait(self) -> None:
        import psycopg

        assert self._process is not None
        until = time.monotonic() + 20
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url().get_secret_value()).close()
                return
            if self._process.poll() is not None or time.monotonic() > until:
                pytest.fail((self.folder / "log").read_text())
            time.sleep(0.02)


def _somebody() -> dict[str, Any]:
    """Root may not run a server: somebody who is nobody does."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            known = pwd.getpwnam(name)
            return {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
    return {}
