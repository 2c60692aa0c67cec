"""One SQL database: one thread writes, others read, nobody on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from proxtui.core.db.schema import SCOPE, WRITES, Schema, Work
from proxtui.errors import NewerFormat, StoreUnavailable

T = TypeVar("T")
Trouble = Callable[[DBAPIError], StoreUnavailable]

READERS = 2
CLOSING_SECONDS = 10.0
RETRY_SECONDS = 15.0
"""How long a server that went away is waited for."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class Database:
    """Made by ``open_database``. ``write``, ``read`` and ``call`` are for the event loop; the others block.

    All raise StoreUnavailable when the database cannot be used, and NewerFormat for a write into a newer one.
    """

    def __init__(
        self,
        engine: Engine,
        schema: Schema,
        place: str,
        trouble: Trouble,
        *,
        path: Path | None = None,
        found: int = 0,
        scope: str | None = None,
        patience: float = 0.0,
    ) -> None:
        self.engine = engine
        self.schema = schema
        self.place = place
        """Where it is, as messages name it: a path, or an address without its password."""
        self.newer = found > schema.version
        """True when a newer proxtui made it: it is only read."""
        self.exists = found > 0
        """False where there are no tables yet; who writes makes them."""
        self.version = found
        self.scope = scope
        """Whose rows are meant; see ``scope_of``."""
        self._path = path
        self._trouble = trouble
        self._patience = patience
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="db-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")

    @property
    def path(self) -> Path:
        """The file of an SQLite database. ValueError where there is none."""
        if self._path is None:
            raise ValueError(f"{self.place} is no file")
        return self._path

    @property
    def is_shared(self) -> bool:
        """Whether it is on a server, where others may have rows in the same tables."""
        return self._path is None

    async def write(self, work: Work[T], *, was_done: Work[T | None] | None = None) -> T:
        """``transact`` on the writer thread; it is on disk when this returns.

        A cancelled caller does not stop what was handed over.
        """
        return await self.call(lambda: self.transact(work, was_done=was_done))

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` in one short transaction: while it reads a file, nobody can commit."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.look, work)

    async def call(self, work: Callable[[], T]) -> T:
        """Run something that blocks on the writer thread, in turn with the writing."""
        # Unshielded, a cancelled caller would take back what still waits behind others.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._writer, work))

    def call_now(self, work: Callable[[], T]) -> T:
        """``call`` for who has no event loop."""
        return self._writer.submit(work).result()

    def transact(self, work: Work[T], *, was_done: Work[T | None] | None = None) -> T:
        """One writing transaction, here and now: only for work that already runs on the writer thread.

        When the server goes away before it is told to commit, nothing happened: ``work`` is run again for some
        seconds. When the answer to the commit is lost, ``was_done`` is asked first, in the new transaction: what it
        gives is the answer, and None says that it did not happen. Without it StoreUnavailable says ``why="unknown"``.
        """
        self.refuse_newer()
        doubtful = False

        def once_more(connection: Connection) -> T:
            if doubtful and was_done is not None and (done := was_done(connection)) is not None:
                return done
            return work(connection)

        waiting = _Waiting(self._patience)
        while True:
            try:
                return self._run(once_more, writes=True)
            except StoreUnavailable as error:
                doubtful = doubtful or error.why == "unknown"
                again = error.why == "gone" or (error.why == "unknown" and was_done is not None)
                if again and waiting.goes_on():
                    continue
                if doubtful and error.why != "unknown":
                    raise StoreUnavailable(f"{error}; nobody knows whether it was written", why="unknown") from error
                raise

    def look(self, work: Work[T]) -> T:
        """One reading transaction, here and now. It is run again when the server went away meanwhile."""
        waiting = _Waiting(self._patience)
        while True:
            try:
                return self._run(work, writes=False)
            except StoreUnavailable as error:
                # What reads commits nothing that could be in doubt.
                if error.why not in ("gone", "unknown") or not waiting.goes_on():
                    raise

    def close(self, last: Callable[[], None] | None = None, *, patience: float = CLOSING_SECONDS) -> None:
        """Let what was handed over end, do ``last`` after it, then close.

        After ``patience`` seconds what still waits is given up: each write into a locked database takes ten seconds.
        """
        ending = self._writer.submit(last or (lambda: None))
        wait([ending], timeout=patience)
        self._writer.shutdown(cancel_futures=True)
        self._readers.shutdown()
        self.engine.dispose()

    def refuse_newer(self) -> None:
        """Raise NewerFormat when a newer proxtui made the database."""
        if self.newer:
            raise NewerFormat(f"{self.place} is of a newer proxtui: {self.schema.what} is read, never written")

    def _run(self, work: Work[T], *, writes: bool) -> T:
        commits = False
        try:
            with self.engine.connect().execution_options(**{WRITES: writes, SCOPE: self.scope}) as connection:
                with connection.begin() as transaction:
                    done = work(connection)
                    commits = True
                    transaction.commit()
                return done
        except DBAPIError as error:
            trouble = self._trouble(error)
            if commits and trouble.why == "gone":
                raise StoreUnavailable(f"{trouble}; nobody knows whether it was written", why="unknown") from error
            raise trouble from error


class _Waiting:
    """Pauses that grow, for some seconds in all."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._pause = FIRST_PAUSE

    def goes_on(self) -> bool:
        """Pause; False once it has been long enough."""
        if time.monotonic() + self._pause > self._until:
            return False
        # Blocks a thread of the database, never the event loop.
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return True
