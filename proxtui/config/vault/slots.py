"""Key slots: a passphrase or keyfile opens the private half of a slot, and that the keys of its scopes."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec.structs import asdict, replace

from proxtui.config.vault.crypto import (
    KEY,
    Cost,
    NotOpened,
    Pair,
    decode,
    encode,
    new_pair,
    public_half,
    sealed,
    stretched,
    subkey,
    unsealed,
    unwrapped,
    wrapped,
)
from proxtui.config.vault.shape import Kdf, Slot
from proxtui.errors import Tampered, UsageError

SHORTEST = 12
"""Characters of a new passphrase."""
LONGEST_BYTES = 65_536
LONGEST_LABEL = 80


@dataclass(frozen=True)
class Material:
    """What opens a slot: a passphrase or the content of a keyfile. Shows neither."""

    kind: Literal["passphrase", "keyfile"]
    raw: bytes = field(repr=False)


def passphrase(text: str) -> Material:
    """Two spellings of the same letters are one passphrase; nothing is cut or stripped."""
    return Material("passphrase", unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape"))


def new_passphrase(text: str) -> Material:
    """One for a new slot. UsageError when it is empty, too short or too long."""
    if len(unicodedata.normalize("NFC", text)) < SHORTEST:
        raise UsageError(f"a passphrase needs at least {SHORTEST} characters; four or five random words are good")
    if len((made := passphrase(text)).raw) > LONGEST_BYTES:
        raise UsageError(f"a passphrase has at most {LONGEST_BYTES} bytes")
    return made


def keyfile(raw: bytes) -> Material:
    """The content of a keyfile or of a systemd credential. UsageError unless it can hold a random key."""
    if not KEY <= len(raw) <= LONGEST_BYTES:
        raise UsageError(f"a keyfile holds {KEY} random bytes; this one has {len(raw)}")
    return Material("keyfile", raw)


def _about(file_id: str, slot_id: str, kind: str, kdf: Kdf | None, public: str) -> list[Any]:
    return ["slot", 1, file_id, slot_id, kind, asdict(kdf) if kdf else None, public]


def _opener(material: Material, slot_id: str, kdf: Kdf | None) -> bytes:
    if kdf is None:
        return subkey(material.raw, "keyfile/1", slot_id.encode())
    return subkey(stretched(material.raw, decode(kdf.salt), kdf.cost), "slot/1")


def new_slot(file_id: str, label: str, material: Material, every: str = "none", cost: Cost | None = None) -> Slot:
    """A slot that opens no scope yet. One derivation. UsageError for a label that cannot be shown."""
    if not (1 <= len(label) <= LONGEST_LABEL and label.isprintable()):
        raise UsageError(f"the label of a key slot needs 1 to {LONGEST_LABEL} printable characters")
    pair = new_pair()
    empty: dict[str, str] = {}
    about = {"id": encode(os.urandom(6)), "label": label, "every": every, "keys": empty, "public": encode(pair.public)}
    return _with_secret(file_id, about, material, pair.private, cost)


def with_material(file_id: str, slot: Slot, material: Material, private: bytes, cost: Cost | None = None) -> Slot:
    """The same slot, opened by another passphrase or keyfile. One derivation."""
    about = {name: getattr(slot, name) for name in ("id", "label", "every", "public", "keys")}
    return _with_secret(file_id, about, material, private, cost)


def _with_secret(file_id: str, about: dict[str, Any], material: Material, private: bytes, cost: Cost | None) -> Slot:
    kdf = None
    if material.kind == "passphrase":
        kdf = Kdf(**(cost or Cost())._asdict(), salt=encode(os.urandom(16)))
    bound = _about(file_id, about["id"], material.kind, kdf, about["public"])
    secret = sealed(_opener(material, about["id"], kdf), bound, private)
    return Slot(**about, kind=material.kind, kdf=kdf, secret=encode(secret))


def private_half(file_id: str, slot: Slot, material: Material) -> bytes:
    """Open a slot: one derivation for a passphrase. NotOpened when it is another's or damaged."""
    bound = _about(file_id, slot.id, slot.kind, slot.kdf, slot.public)
    private = unsealed(_opener(material, slot.id, slot.kdf), bound, decode(slot.secret))
    if len(private) != KEY:
        raise NotOpened
    return private


def is_of(slot: Slot, private: bytes) -> bool:
    """Whether this is the private half of the slot."""
    return len(private) == KEY and encode(public_half(private)) == slot.public


def granted(file_id: str, slot: Slot, keys: dict[str, bytes]) -> Slot:
    """The slot with these keys instead of those it had in the same scopes. Tampered when its public half is none."""
    try:
        new = {
            scope: wrapped(decode(slot.public), ["scope", 1, file_id, slot.id, scope], key)
            for scope, key in keys.items()
        }
    except ValueError:
        raise Tampered(f"the key slot of {slot.label!a} is damaged", place="slots") from None
    return replace(slot, keys=slot.keys | new)


def scope_keys(
    file_id: str, slot: Slot, private: bytes, wanted: Callable[[str], bool] | None = None
) -> dict[str, bytes]:
    """The keys of all scopes that the slot opens and that are ``wanted``. Tampered when one of them is damaged."""
    pair = Pair(private, decode(slot.public))
    found = {}
    for scope, text in slot.keys.items():
        if wanted is not None and not wanted(scope):
            continue
        try:
            found[scope] = unwrapped(pair, ["scope", 1, file_id, slot.id, scope], text)
        except NotOpened:
            raise Tampered(f"the key slot in use is damaged (scope {scope!a})", place=scope) from None
    return found
