"""The audit on disk: opening it, adding a row in one transaction, and noting the end of the chain outside of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, select

from proxtui.core.actor import Actor
from proxtui.core.db import Database, lock, open_database, scope_of
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.core.redact import Redactor, redact
from proxtui.errors import AuditUnavailable, SaveFailed, StoreUnavailable
from proxtui.features.audit.anchors import AnchorFile, Syslog, Told, locked
from proxtui.features.audit.chain import Head, Record, Stamp, linked, redacted
from proxtui.features.audit.keys import KeySource, keys_of, name_of
from proxtui.features.audit.noting import WHERE, VaultNote, noted_in_vault
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.reserve import NoReserve, Reserve
from proxtui.features.audit.segments import begun_after, due_segment, key_entry, pruned_to, was_told
from proxtui.features.audit.tables import SCHEMA, audit, of_chain

ANCHOR_ROWS = 100
ANCHOR_MICROSECONDS = 15 * 60 * 1_000_000
FINISHING = (Phase.SENT, Phase.OUTCOME)
"""Entries about what already happened: they may use the last room there is."""

_log = logging.getLogger(__name__)


def system_stamp() -> Stamp:
    """Now. The second clock goes on while the machine sleeps, and nobody can set it."""
    boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic_ns()
    return Stamp(time.time_ns() // 1000, boot // 1000)


class _AlreadyTold(Exception):
    """Ends the transaction without writing."""


class AuditStore:
    """Made by ``open_store``. Its methods block: they belong on the writer thread of ``db``."""

    def __init__(
        self,
        db: Database,
        files: AuditFiles,
        keys: KeySource,
        *,
        told: Told,
        stamp: Callable[[], Stamp] = system_stamp,
        redactor: Redactor = redact,
    ) -> None:
        self.db = db
        self.files = files
        self.keys = keys
        self._anchors = AnchorFile(keys.anchor)
        self._reserve = NoReserve() if db.is_shared else Reserve(files.reserve)
        self._told = told
        self._stamp = stamp
        self._redact = redactor
        self._anchored = Head() if db.newer else self._anchors.read(*keys.known)
        self._known = self._anchored
        self._others = [] if db.newer else [*_below(keys), noted_in_vault(files)]
        """What other keys and the configuration know of the chain: looked at once."""
        self._note = VaultNote(files)
        self._is_told = not keys.takes_over
        """Whether the chain tells that the current key took over; that of the file needs no word."""
        self._anchored_at = stamp().boot

    def append(self, entry: AuditEntry) -> None:
        """Write one entry; it is on disk when this returns. AuditUnavailable when it is not, NewerFormat likewise."""
        self._write(entry)

    def finish(self, entry: AuditEntry) -> bool:
        """Write the outcome of a change unless it has one: of two processes that found it, one tells. Else False."""
        return self._write(entry, once=True)

    def _write(self, entry: AuditEntry, *, once: bool = False) -> bool:
        self.db.refuse_newer()
        entry = redacted(entry, self._redact)
        if not self._reserve.hold() and entry.phase not in FINISHING:
            raise AuditUnavailable(f"the audit: the disk with {self.files.folder} is full", why="full")
        try:
            self._moved(self._add([entry], once=once))
        except _AlreadyTold:
            return False
        except StoreUnavailable as error:
            if error.why != "full" or not self._last_words(entry):
                raise AuditUnavailable(str(error), why=error.why) from error
        return True

    def close(self) -> None:
        """Note the end of the chain, then close."""
        self.db.close(self._last_anchor)

    def _last_anchor(self) -> None:
        if self._known.seq > self._anchored.seq:
            self._anchor()
        elif self._note.failed:
            self._note.write()

    def _add(self, entries: Sequence[AuditEntry], *, once: bool = False) -> Head:
        tried: list[Head] = []

        def was_done(connection: Connection) -> Head | None:
            # Once the lock is had, the transaction in doubt is over: its last row is there, or will never be.
            self._alone(connection)
            return tried[-1] if tried and is_there(connection, tried[-1]) else None

        def work(connection: Connection) -> Head:
            self._alone(connection)
            self._refuse_cut(connection)
            if once and has_outcome(connection, entries[0].op_id):
                raise _AlreadyTold
            head = newest(connection)
            stamp = self._stamp()
            actor = entries[0].actor
            closing = due_segment(connection, head, stamp, actor)
            taking_over = None if self._is_told else key_entry(connection, self.keys.current()[0], head, actor)
            for entry in (*(one for one in (taking_over, closing) if one), *entries):
                head = self._insert(connection, entry, head, stamp)
            tried.append(head)
            return head

        head = self.db.transact(work, was_done=was_done)
        self._is_told = True
        return head

    def _alone(self, connection: Connection) -> None:
        """Let nobody else add to this chain before the transaction ends."""
        lock(connection, f"proxtui audit {scope_of(connection)}")

    def _insert(self, connection: Connection, entry: AuditEntry, head: Head, stamp: Stamp) -> Head:
        key_id, key = self.keys.current()
        record = linked(entry, head, stamp, key_id=key_id, key=key, chain=scope_of(connection) or "")
        connection.execute(insert(audit).values({name: getattr(record, name) for name in Record.__slots__}))
        return record.head

    def _refuse_cut(self, connection: Connection) -> None:
        """What was last known to be there must still be there: nothing is built on a chain that was cut."""
        for known in (self._known, *self._others):
            if known.seq and not is_there(connection, known):
                raise AuditUnavailable(
                    f"the audit: row {known.seq} is not what was written, {self.files.place} was cut or replaced; "
                    "nothing is changed until that is cleared up (`proxtui audit verify` says what is missing, "
                    "`proxtui audit begin` begins anew)",
                    why="tampered",
                )
        self._others = []

    def _last_words(self, entry: AuditEntry) -> bool:
        """Write into the reserve that the disk is full, and the end of what was begun. True when ``entry`` is kept."""
        if not self._reserve.spend():
            return False
        kept = entry.phase in FINISHING
        try:
            self._moved(self._add([*([entry] if kept else []), disk_full(entry.actor)]))
        except StoreUnavailable as error:
            _log.warning("not even its reserve helped: %s", error)
            return False
        return kept

    def _moved(self, head: Head) -> None:
        self._known = head
        self._note.tell(head)
        far = head.seq // ANCHOR_ROWS > self._anchored.seq // ANCHOR_ROWS
        if far or self._stamp().boot - self._anchored_at >= ANCHOR_MICROSECONDS:
            self._anchor()

    def _anchor(self) -> None:
        """Note the end of the chain, only ever forwards. The row is on disk already: a failure here fails nothing."""
        head = self._known
        try:
            with locked(self.files.lock):
                old = self._anchors.read(*self.keys.known)
                if old.seq and not self.db.look(lambda connection: is_there(connection, old)):
                    # The noted end is the evidence: it stays, and the next entry is refused because of it.
                    self._known = old
                    return
                if old.seq < head.seq:
                    self._anchors.write(head, self.keys.current()[1])
        except (OSError, StoreUnavailable) as error:
            _log.warning("the end of the audit could not be noted: %s", error)
            return
        self._anchored, self._anchored_at = head, self._stamp().boot
        self._note.write()
        self._told(f"audit head seq={head.seq} mac={head.mac}")


def is_there(connection: Connection, head: Head) -> bool:
    """Whether this row is what it was, or was pruned or left behind as the chain itself says."""
    found = select(audit.c.mac).where(of_chain(connection), audit.c.seq == head.seq)
    mac = connection.execute(found).scalar_one_or_none()
    if mac == head.mac or (mac is None and head.seq <= pruned_to(connection).seq):
        return True
    return head.seq <= begun_after(connection)


def newest(connection: Connection) -> Head:
    """The end of the chain."""
    last = select(audit.c.seq, audit.c.mac).where(of_chain(connection)).order_by(audit.c.seq.desc()).limit(1)
    found = connection.execute(last).first()
    return Head(found.seq, found.mac) if found else Head()


def has_outcome(connection: Connection, op_id: str) -> bool:
    """Whether the end of a change is told."""
    ended = (
        select(audit.c.seq).where(of_chain(connection), audit.c.op_id == op_id, audit.c.phase == Phase.OUTCOME).limit(1)
    )
    return connection.execute(ended).first() is not None


def disk_full(actor: Actor) -> AuditEntry:
    """What is written into the reserve."""
    text = "the disk is full: nothing more is changed until there is room"
    return AuditEntry(event="audit.full", phase=Phase.SINGLE, actor=actor, result=Result.FAILED, message=text)


def open_store(
    files: AuditFiles,
    *,
    keys: KeySource | None = None,
    told: Told | None = None,
    stamp: Callable[[], Stamp] = system_stamp,
    redactor: Redactor = redact,
) -> AuditStore:
    """Open the audit to write into it; make what is missing the first time. It blocks.

    Raises AuditUnavailable when it cannot be, or when a part of it is gone.
    """
    from proxtui.config.paths import syslog_socket

    keys = keys or keys_of(files)
    try:
        files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(files.lock):
            db = _made(files, keys)
    except OSError as error:
        raise AuditUnavailable(f"the audit: cannot use {files.folder}: {error.strerror or error}") from error
    except SaveFailed as error:
        raise AuditUnavailable(f"the audit: {error}") from error
    except StoreUnavailable as error:
        raise AuditUnavailable(str(error), why=error.why) from error
    try:
        return AuditStore(db, files, keys, told=told or Syslog(syslog_socket()), stamp=stamp, redactor=redactor)
    except AuditUnavailable:
        db.close()
        raise


def _made(files: AuditFiles, keys: KeySource) -> Database:
    layers = [keys, *([keys.below] if keys.below else [])]
    if files.url is None and not files.db.exists():
        _refuse_gone(files, keys, layers)
    db = open_database(SCHEMA, files.db, files.url, scope=files.chain(make=True))
    try:
        head = db.look(newest)
        if not head.seq:
            _refuse_gone(files, keys, layers)
        if head.seq and not keys.exists():
            raise AuditUnavailable(f"the audit: its key {files.key} is gone", why="tampered")
        # In this order: rows without an anchor can only be a loss, never a start that was interrupted.
        if not keys.exists():
            keys.make()
        for one in layers:
            _make_anchor(db, one, head)
    except (OSError, StoreUnavailable):
        db.close()
        raise
    return db


def _refuse_gone(files: AuditFiles, keys: KeySource, layers: Sequence[KeySource]) -> None:
    """AuditUnavailable where an anchor or the configuration knows rows, and there are none."""
    for one in layers:
        anchor = AnchorFile(one.anchor)
        if not anchor.exists():
            continue
        if not keys.exists():
            raise AuditUnavailable(f"the audit: its key {files.key} is gone", why="tampered")
        if at := anchor.read(*one.known).seq:
            raise AuditUnavailable(f"the audit: {files.place} is gone, and its anchor knows {at} rows", why="tampered")
    if at := noted_in_vault(files).seq:
        raise AuditUnavailable(
            f"the audit: {files.place} is gone, and {WHERE} knows {at} rows; nothing is changed until that is cleared "
            "up (`proxtui audit begin` begins anew)",
            why="tampered",
        )


def _make_anchor(db: Database, keys: KeySource, head: Head) -> None:
    """See that it is there. AuditUnavailable when it is gone: these keys wrote rows already."""
    if (anchors := AnchorFile(keys.anchor)).exists():
        return
    if keys.is_roaming:
        # Another machine wrote them: from its end on this one keeps watch, too.
        anchors.write(head, keys.current()[1])
        return
    used = bool(head.seq)
    if keys.below is not None:
        used = db.look(lambda connection: was_told(connection, *(name_of(key) for key in keys.known)))
    if used:
        raise AuditUnavailable(f"the audit: its anchor {keys.anchor} is gone", why="tampered")
    anchors.write(Head(), keys.current()[1])


def _below(keys: KeySource) -> list[Head]:
    """What the keys before these knew of the chain: it has to be there, too."""
    return [] if keys.below is None else [AnchorFile(keys.below.anchor).read(*keys.below.known)]
