"""One writer thread, readers beside it, and errors in one line."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from proxtui.core.db import Database, Schema, open_sqlite
from proxtui.errors import NewerFormat, StoreUnavailable

metadata = MetaData()
numbers = Table("numbers", metadata, Column("n", Integer, primary_key=True))
SCHEMA = Schema("the numbers", metadata, 3)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = open_sqlite(tmp_path / "state" / "n.db", SCHEMA)
    yield found
    found.close()


def put(number: int) -> Any:
    return lambda connection: connection.execute(insert(numbers).values(n=number))


def every(connection: Connection) -> list[int]:
    return list(connection.execute(select(numbers.c.n).order_by(numbers.c.n)).scalars())


async def test_writes_take_turns_on_one_thread_and_never_on_the_loop(db: Database) -> None:
    threads: set[str] = set()

    def work(connection: Connection) -> None:
        threads.add(threading.current_thread().name)
        count = len(every(connection))
        connection.execute(insert(numbers).values(n=count))

    await asyncio.gather(*(db.write(work) for _ in range(10)))
    assert await db.read(every) == list(range(10))
    assert len(threads) == 1
    assert threading.current_thread().name not in threads


async def test_a_failing_transaction_leaves_nothing(db: Database) -> None:
    def work(connection: Connection) -> None:
        connection.execute(insert(numbers).values(n=1))
        raise KeyError("no")

    with pytest.raises(KeyError):
        await db.write(work)
    assert await db.read(every) == []


async def test_a_cancelled_caller_does_not_stop_the_writing(db: Database) -> None:
    began, go_on = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        began.set()
        go_on.wait(10)
        connection.execute(insert(numbers).values(n=7))

    task = asyncio.create_task(db.write(work))
    await asyncio.to_thread(began.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await db.write(put(8))
    assert await db.read(every) == [7, 8]


async def test_what_was_handed_over_is_written_also_when_its_turn_comes_after_its_caller_is_gone(db: Database) -> None:
    began, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        go_on.wait(10)

    first = asyncio.create_task(db.call(hold))
    await asyncio.to_thread(began.wait, 10)
    waiting = asyncio.create_task(db.write(put(7)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await first
    await db.write(put(8))
    assert await db.read(every) == [7, 8]


def test_closing_does_not_wait_for_all_that_is_stuck(tmp_path: Path) -> None:
    stuck = open_sqlite(tmp_path / "stuck.db", SCHEMA)
    began, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def hold() -> None:
        began.set()
        go_on.wait(10)

    waiting = [stuck._writer.submit(hold), *(stuck._writer.submit(done.append, n) for n in range(200))]
    assert began.wait(10)
    waiting[-1].add_done_callback(lambda _given_up: go_on.set())
    ending = threading.Thread(target=stuck.close, args=(lambda: done.append(-1),), kwargs={"patience": 0.0})
    ending.start()
    ending.join(10)
    assert not ending.is_alive()
    assert done == []
    assert waiting[-1].cancelled()


def test_closing_ends_what_is_not_stuck(tmp_path: Path) -> None:
    quick = open_sqlite(tmp_path / "quick.db", SCHEMA)
    done: list[int] = []
    for number in range(50):
        quick._writer.submit(done.append, number)
    quick.close(lambda: done.append(50))
    assert done == list(range(51))


def test_a_broken_rule_and_a_damaged_file_are_one_line(db: Database) -> None:
    db.transact(put(1))
    with pytest.raises(StoreUnavailable, match="the numbers") as refused:
        db.transact(put(1))
    assert (refused.value.why, refused.value.exit_code) == ("refused", 9)
    db.path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailable, match="damaged"):
        db.look(every)
    with pytest.raises(StoreUnavailable, match="damaged"):
        open_sqlite(db.path, SCHEMA)


def test_a_newer_one_is_read_and_not_written(db: Database) -> None:
    db.transact(put(1))
    with closing(sqlite3.connect(db.path)) as connection:
        connection.execute("PRAGMA user_version=4")
    newer = open_sqlite(db.path, SCHEMA)
    assert newer.look(every) == [1]
    with pytest.raises(NewerFormat, match="newer proxtui"):
        newer.transact(put(2))
    newer.close()


def test_it_is_private_and_follows_no_link(db: Database, tmp_path: Path) -> None:
    assert stat.S_IMODE(db.path.stat().st_mode) == 0o600
    (tmp_path / "link.db").symlink_to(db.path)
    (tmp_path / "folder.db").mkdir()
    for wrong in ("link.db", "folder.db"):
        with pytest.raises(StoreUnavailable, match="cannot use"):
            open_sqlite(tmp_path / wrong, SCHEMA)


def test_reading_makes_and_changes_nothing(db: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_sqlite(tmp_path / "none.db", SCHEMA, only_read=True)
    assert not (tmp_path / "none.db").exists()
    db.transact(put(1))
    db.path.chmod(0o440)
    reader = open_sqlite(db.path, SCHEMA, only_read=True)
    assert reader.look(every) == [1]
    reader.close()
    assert stat.S_IMODE(db.path.stat().st_mode) == 0o440


def test_it_is_kept_as_safely_as_sqlite_can(db: Database) -> None:
    def pragma(name: str) -> Any:
        return db.look(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("busy_timeout")) == ("delete", 3, 10_000)
