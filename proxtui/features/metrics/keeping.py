"""Keeps the metrics open for a running program: a damaged file is moved aside, and a new one begun."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from proxtui.config.secret import Secret
from proxtui.core.calls import Called
from proxtui.core.db import Database, open_database
from proxtui.core.model import ServerRef
from proxtui.errors import StoreUnavailable
from proxtui.features.metrics.service import ConnectionMetrics
from proxtui.features.metrics.tables import SCHEMA

FILE = "metrics.db"
BESIDE = ("-journal", "-wal", "-shm")


class MetricsKeeper:
    """The metrics in this folder, or at this address. Every method blocks; StoreUnavailable when it cannot."""

    def __init__(
        self,
        folder: Path,
        url: Secret | None = None,
        *,
        tell: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = folder / FILE
        self._url = url
        self._tell = tell
        self._now = now
        self.metrics = self._opened()

    def record(self, batch: Sequence[Called]) -> None:
        """Write these calls. Into a new file, when the old one turns out to be damaged."""
        try:
            self.metrics.record(batch)
        except StoreUnavailable as error:
            if error.why != "damaged" or self._url is not None:
                raise
            self.metrics.close()
            self._set_aside()
            self.metrics = self._opened()
            self.metrics.record(batch)

    def learned(self, refs: Iterable[ServerRef]) -> dict[ServerRef, int]:
        """See ``ConnectionMetrics.learned``."""
        return self.metrics.learned(refs)

    def prune(self) -> int:
        """See ``ConnectionMetrics.prune``."""
        return self.metrics.prune()

    def close(self) -> None:
        """Close the database."""
        self.metrics.close()

    def _opened(self) -> ConnectionMetrics:
        try:
            return ConnectionMetrics(self._open(), now=self._now)
        except StoreUnavailable as error:
            if error.why != "damaged" or self._url is not None:
                raise
        self._set_aside()
        return ConnectionMetrics(self._open(), now=self._now)

    def _open(self) -> Database:
        return open_database(SCHEMA, self._path, self._url)

    def _set_aside(self) -> None:
        with _locked(self._path.with_name("metrics.lock")):
            if _is_whole(self._path):
                # Another process was quicker: this is the new one already.
                return
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
            kept = self._path.with_name(f"{FILE}.corrupt-{stamp}")
            for ending in ("", *BESIDE):
                old = self._path.with_name(FILE + ending)
                if os.path.lexists(old):
                    old.rename(f"{kept}{ending}")
        self._tell(f"the metrics were damaged: kept as {kept.name}, and begun anew")


def _is_whole(path: Path) -> bool:
    try:
        db = open_database(SCHEMA, path)
    except StoreUnavailable as error:
        if error.why == "damaged":
            return False
        raise
    try:
        said = db.look(lambda connection: str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()))
        return said == "ok"
    except StoreUnavailable as error:
        if error.why == "damaged":
            return False
        raise
    finally:
        db.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Only one process at a time. The lock goes with the process, however that ends."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"the metrics: cannot use {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
