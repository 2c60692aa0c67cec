"""Make a vault, open one with a key, and bring back an earlier generation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxtui import __version__
from proxtui.config.vault.cache import KeyCache, NoKeyring, name_of
from proxtui.config.vault.contents import FILE, SYSTEM, Locker, Plain
from proxtui.config.vault.crypto import Cost, NotOpened, random_key
from proxtui.config.vault.draft import Draft
from proxtui.config.vault.files import (
    GENERATIONS,
    beside,
    locked,
    make_folder,
    put_with_generations,
    read_safely,
)
from proxtui.config.vault.mark import Confirm, check
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.config.vault.shape import FORMAT, Document, Header, Slot, parse
from proxtui.config.vault.slots import Material, granted, is_of, new_slot, private_half
from proxtui.errors import NotConfigured, UsageError, WrongKey

if TYPE_CHECKING:
    from proxtui.config.vault.sources import Sources

WRONG = "wrong passphrase or keyfile, or its key slot is damaged"
PAUSES = (1.0, 2.0, 4.0)
"""Seconds after each wrong passphrase that somebody typed."""


def unlock(
    seat: Seat,
    sources: Sources,
    *,
    confirm_older: Confirm | None = None,
    on_wrong: Callable[[], None] | None = None,
    pause: Callable[[float], None] = time.sleep,
    only_monitor: bool = False,
) -> OpenVault:
    """Open the vault with the first source that is named; one derivation for each passphrase that is given.

    NotConfigured (no file), UnsafeFile, Malformed, NewerFormat, UsageError (no source, or it is not clear whose slot),
    WrongKey, Tampered, OlderCopy (nobody confirmed it). ``on_wrong`` is told of each wrong key. ``only_monitor`` opens
    read-only credentials alone, and saves nothing.
    """
    document, seen = seat.read_with_mark()
    for seconds in PAUSES if sources.prompt is not None else (0.0,):
        material = sources.material()
        try:
            slot, private = _fitting(document, material, sources.label)
        except NotOpened:
            if on_wrong is not None:
                on_wrong()
            pause(seconds)
            continue
        draft = Draft(document, slot.id, private, only_monitor=only_monitor)
        is_older = check(document.header.rev, seen, confirm_older)
        return OpenVault(seat, draft, private, is_older=is_older)
    raise WrongKey(WRONG)


def reopen(
    seat: Seat,
    cache: KeyCache,
    label: str | None = None,
    *,
    confirm_older: Confirm | None = None,
    only_monitor: bool = False,
) -> OpenVault | None:
    """Open it by what a cache keeps of a slot, without any derivation; None when it keeps nothing that fits.

    Of several slots only the one that ``label`` says: nobody is taken for somebody else. Raises what ``unlock`` does.
    """
    document, seen = seat.read_with_mark()
    file_id = document.header.file_id
    kept = [
        (slot, private)
        for slot in document.header.slots
        if label in (None, slot.label) and (private := cache.find(name_of(file_id, slot.id))) and is_of(slot, private)
    ]
    if len(kept) != 1:
        return None
    slot, private = kept[0]
    draft = Draft(document, slot.id, private, only_monitor=only_monitor)
    return OpenVault(seat, draft, private, is_older=check(document.header.rev, seen, confirm_older))


def keep(vault: OpenVault, cache: KeyCache) -> int:
    """Let a cache keep what opens the slot in use, as long as the settings say. Gives the minutes. NoKeyring."""
    minutes = vault.config.settings.key_cache_minutes
    if minutes and not cache.is_of_session and sum(slot.kind == "passphrase" for slot in vault.slots) > 1:
        raise NoKeyring("this login session has no keyring of its own, and several people have a passphrase")
    if minutes:
        cache.keep(vault.cached_as, vault.private, minutes * 60)
    return minutes


def _fitting(document: Document, material: Material, label: str | None) -> tuple[Slot, bytes]:
    """The slot that it opens. NotOpened when it opens none, UsageError when there are several to choose from."""
    slots = [slot for slot in document.header.slots if slot.kind == material.kind and label in (None, slot.label)]
    if material.kind == "passphrase" and len(slots) > 1:
        labels = ", ".join(ascii(slot.label) for slot in slots)
        raise UsageError(f"whose passphrase is it? There are key slots for {labels}")
    for slot in slots:
        try:
            return slot, private_half(document.header.file_id, slot, material)
        except NotOpened:
            continue
    raise NotOpened


def create(
    seat: Seat, label: str, material: Material, plain: Plain | None = None, cost: Cost | None = None
) -> OpenVault:
    """A new vault with one slot that opens everything. UsageError when a file is there already, SaveFailed."""
    import uuid

    from proxtui.config.vault.edits import Put

    make_folder(seat.path.parent)
    with locked(seat.path, seconds=seat.wait):
        if seat.path.exists() or seat.path.is_symlink():
            raise UsageError(f"{seat.path} is there already: it is not overwritten")
        file_id = str(uuid.uuid4())
        keys = {FILE: random_key(), SYSTEM: random_key()}
        slot = granted(file_id, new_slot(file_id, label, material, "admin", cost), keys)
        private = private_half(file_id, slot, material)
        draft = Draft(_empty(file_id, slot, keys), slot.id, private)
        plain = plain or {}
        edits: list[Any] = [Put((part, name), value) for part, held in plain.items() for name, value in held.items()]
        order = ("settings", "tenants", "users")
        draft.apply(sorted(edits, key=lambda edit: order.index(edit.path[0])))
        raw = draft.finish(1).text()
        put_with_generations(seat.path, raw, seat.disk)
        document = parse(raw)
        seat.mark(document).raise_to(1)
        return OpenVault(seat, Draft(document, slot.id, private), private)


def _empty(file_id: str, slot: Slot, keys: dict[str, bytes]) -> Document:
    header = Header(
        format=1, min_reader=FORMAT, file_id=file_id, rev=1, written_by=f"proxtui {__version__}",
        slots=[slot], mac={},
    )  # fmt: skip
    document = Document(header, {})
    return Draft.signed(document, Locker(file_id, keys))


def generations(path: Path) -> list[int]:
    """The earlier files that are there, newest first."""
    return [number for number in range(1, GENERATIONS + 1) if beside(path, number).exists()]


def restore(seat: Seat, number: int) -> int:
    """Put an earlier generation into its place, which becomes the first one. Gives its revision.

    It is parsed, not opened: that asks for a key. What asks for this has asked a person, so the mark goes back, too.
    """
    with locked(seat.path, seconds=seat.wait):
        if number not in generations(seat.path):
            raise NotConfigured(f"{beside(seat.path, number)} is not there")
        raw = read_safely(beside(seat.path, number))
        document = parse(raw, beside(seat.path, number).name)
        put_with_generations(seat.path, raw, seat.disk)
        seat.mark(document).set(document.header.rev)
        return document.header.rev
