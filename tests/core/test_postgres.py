"""PostgreSQL below everything: limits, errors in one line, a server that goes away, and the address without secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, select, text

from proxtui.config.database_url import check_database_url, is_plain, password_of, shown
from proxtui.config.secret import Secret
from proxtui.core.db import Database, Schema, lock, open_database
from proxtui.errors import NewerFormat, StoreUnavailable
from tests.postgres import Postgres, needs_postgres

metadata = MetaData()
numbers = Table("numbers", metadata, Column("n", Integer, primary_key=True, autoincrement=False))
SCHEMA = Schema("the numbers", metadata, 1, name="numbers")
NOWHERE = Path("not-used")


@pytest.fixture
def url(postgres: Postgres) -> Secret:
    return postgres.database()


@pytest.fixture
def db(url: Secret) -> Iterator[Database]:
    found = open_database(SCHEMA, NOWHERE, url)
    yield found
    found.close()


def put(number: int) -> Any:
    return lambda connection: connection.execute(insert(numbers).values(n=number)).rowcount


def every(connection: Connection) -> list[int]:
    return list(connection.execute(select(numbers.c.n).order_by(numbers.c.n)).scalars())


@needs_postgres
async def test_it_writes_and_reads_as_a_file_does(db: Database) -> None:
    await db.write(put(1))
    assert await db.read(every) == [1]
    with pytest.raises(StoreUnavailable, match="the numbers") as refused:
        await db.write(put(1))
    assert (refused.value.why, refused.value.exit_code) == ("refused", 9)
    assert "\n" not in str(refused.value)


@needs_postgres
def test_what_takes_too_long_is_given_up(db: Database, url: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxtui.core.db.postgres.STATEMENT_SECONDS", 0.05)
    monkeypatch.setattr("proxtui.core.db.postgres.LOCK_SECONDS", 0.05)
    hasty = open_database(SCHEMA, NOWHERE, url)
    with pytest.raises(StoreUnavailable, match="did not answer") as slow:
        hasty.look(lambda connection: connection.execute(text("SELECT pg_sleep(20)")))
    assert slow.value.why == "slow"

    def hold(connection: Connection) -> str:
        lock(connection, "mine")
        with pytest.raises(StoreUnavailable) as locked:
            hasty.transact(lambda other: lock(other, "mine"))
        return locked.value.why

    assert db.transact(hold) in ("locked", "slow")
    hasty.close()


@needs_postgres
def test_a_server_that_was_restarted_is_found_again(db: Database, postgres: Postgres) -> None:
    db.transact(put(1))
    postgres.stop()
    again = threading.Timer(0.3, postgres.start)
    again.start()
    try:
        db.transact(put(2))
    finally:
        again.join()
    assert db.look(every) == [1, 2]


@needs_postgres
def test_a_commit_whose_answer_was_lost_is_looked_for(db: Database, url: Secret, postgres: Postgres) -> None:
    """The connection dies after the server committed: once it is told, once nobody knows."""

    def break_after(connection: Connection, number: int) -> int:
        connection.execute(insert(numbers).values(n=number))
        driver: Any = connection.connection.driver_connection
        commit = driver.commit

        def lost() -> None:
            commit()
            driver.close()
            driver.commit()

        driver.commit = lost
        return number

    runs: list[int] = []

    def once(connection: Connection) -> int:
        runs.append(1)
        return break_after(connection, 1)

    def was_done(connection: Connection) -> int | None:
        return connection.execute(select(numbers.c.n).where(numbers.c.n == 1)).scalar_one_or_none()

    assert db.transact(once, was_done=was_done) == 1
    assert (db.look(every), len(runs)) == ([1], 1)
    with pytest.raises(StoreUnavailable, match="nobody knows") as doubtful:
        db.transact(lambda connection: break_after(connection, 2))
    assert doubtful.value.why == "unknown"
    assert db.look(every) == [1, 2]


@needs_postgres
def test_the_tables_are_made_once_whoever_comes_first(url: Secret) -> None:
    made: list[Database | StoreUnavailable] = []

    def go() -> None:
        try:
            made.append(open_database(SCHEMA, NOWHERE, url))
        except StoreUnavailable as error:
            made.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [one for one in made if isinstance(one, StoreUnavailable)] == []
    for one in made:
        assert isinstance(one, Database)
        one.close()


@needs_postgres
def test_it_is_migrated_in_one_piece_and_a_newer_one_is_only_read(db: Database, url: Secret) -> None:
    db.transact(put(7))

    def double(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE numbers ADD COLUMN twice INTEGER")
        connection.exec_driver_sql("UPDATE numbers SET twice = 2 * n")

    def fail(connection: Connection) -> None:
        double(connection)
        connection.exec_driver_sql("SELECT no_such_thing")

    broken = Schema("the numbers", metadata, 2, name="numbers", migrations={2: fail})
    with pytest.raises(StoreUnavailable):
        open_database(broken, NOWHERE, url)
    second = Schema("the numbers", metadata, 2, name="numbers", migrations={2: double})
    newer = open_database(second, NOWHERE, url)
    assert newer.look(lambda connection: connection.exec_driver_sql("SELECT twice FROM numbers").scalar()) == 14
    newer.close()
    old = open_database(SCHEMA, NOWHERE, url)
    assert (old.newer, old.look(every)) == (True, [7])
    with pytest.raises(NewerFormat) as refused:
        old.transact(put(8))
    assert (
        refused.value.exit_code,
        old.look(lambda c: c.execute(select(func.count()).select_from(numbers)).scalar()),
    ) == (6, 1)
    old.close()


@needs_postgres
def test_there_is_no_way_in_and_no_secret_in_the_line(postgres: Postgres, tmp_path: Path) -> None:
    postgres.run("DROP ROLE IF EXISTS guarded", "CREATE ROLE guarded LOGIN PASSWORD 'right'")
    wrong = Secret(f"postgresql://guarded:hunter22@/postgres?host={postgres.folder}")
    absent = Secret(f"postgresql://ours:hunter22@/postgres?host={tmp_path}")
    missing = Secret(f"postgresql://ours:hunter22@/nothing?host={postgres.folder}")
    for url, why in ((wrong, "login"), (absent, "unreachable"), (missing, "login")):
        with pytest.raises(StoreUnavailable) as refused:
            open_database(SCHEMA, NOWHERE, url)
        said = str(refused.value)
        assert (refused.value.why, refused.value.exit_code) == (why, 10), said
        assert "hunter22" not in said
        assert "\n" not in said


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("postgresql://a:b@db.example.com/x", True),
        ("postgresql://a:b@db.example.com/x?sslmode=prefer", True),
        ("postgresql://a:b@db.example.com/x?sslmode=verify-full&sslrootcert=/ca.pem", False),
        ("postgresql://a:b@localhost/x", False),
        ("postgresql+psycopg://a@/x?host=/run/postgresql", False),
    ],
)
def test_a_plain_connection_over_the_network_is_known(address: str, plain: bool) -> None:
    assert is_plain(Secret(address)) is plain
    check_database_url(Secret(address))


def test_plain_text_is_warned_of_and_the_address_shows_no_password(caplog: pytest.LogCaptureFixture) -> None:
    url = Secret("postgresql://a:hunter22@127.0.0.2:1/x?connect_timeout=2&password=hunter22")
    assert shown(url) == "postgresql://a@127.0.0.2:1/x?connect_timeout=2"
    assert password_of(url) == "hunter22"
    with caplog.at_level(logging.WARNING), pytest.raises(StoreUnavailable):
        open_database(SCHEMA, NOWHERE, url)
    assert "plain text" in caplog.text
    assert "hunter22" not in caplog.text


@pytest.mark.parametrize(
    "address", ["mysql://a:hunter22@b/c", "postgresql://a:hunter22@b", "hunter22", "postgresql://[hunter22"]
)
def test_what_is_no_address_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(ValueError, match="postgresql://USER") as refused:
        check_database_url(Secret(address))
    assert "hunter22" not in str(refused.value)
