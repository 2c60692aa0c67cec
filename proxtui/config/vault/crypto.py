"""The few primitives of the vault, one of each kind: Argon2id, HKDF, ChaCha20-Poly1305, X25519, HMAC-SHA256."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import threading
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from proxtui.config.vault.primitives import found

KEY = 32
NONCE = 12
TAG = 16
BLOCK = 32
"""Values are padded to a multiple of this, so that their length tells little."""
_LENGTH = 4
_TEXT = re.compile(r"[A-Za-z0-9_-]*")
_cipher, _new_private, _private_of, _public_of = found()
_derivations = threading.BoundedSemaphore(2)
"""Each derivation takes 64 MiB: no more than two at once."""


class NotOpened(Exception):
    """A key does not open a text: another key, another place, or damage. Never leaves the vault."""


class Cost(NamedTuple):
    """What one guess at a passphrase costs: KiB of memory, rounds, lanes."""

    m: int = 65_536
    t: int = 3
    p: int = 4


derived: list[Cost] = []
"""What each derivation of this process did cost, the oldest first."""


def canonical(value: Any) -> bytes:
    """One spelling for one value. ValueError or TypeError for what TOML may hold and the vault does not."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The other way; ValueError unless it is spelled as ``encode`` does."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if _TEXT.fullmatch(text) else b""
    except binascii.Error:
        raw = b""
    if encode(raw) != text:
        raise ValueError("not base64url")
    return raw


def random_key() -> bytes:
    """A new key."""
    return os.urandom(KEY)


def subkey(key: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """The key for one purpose."""
    return HKDF(algorithm=SHA256(), length=KEY, salt=salt, info=b"proxtui/" + purpose.encode()).derive(key)


def stretched(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    """A key from a passphrase: slow on purpose, 0.2 s at the usual cost."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    derived.append(cost)
    with _derivations:
        kdf = Argon2id(salt=salt, length=KEY, iterations=cost.t, lanes=cost.p, memory_cost=cost.m)
        return kdf.derive(passphrase)


def sealed(key: bytes, about: Any, plain: bytes) -> bytes:
    """Encrypted and bound to what it is about (any JSON value)."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher(key).encrypt(nonce, plain, canonical(about))


def unsealed(key: bytes, about: Any, raw: bytes) -> bytes:
    """The plain text. NotOpened for another key, another ``about``, or damage."""
    if len(raw) < NONCE + TAG:
        raise NotOpened
    try:
        return _cipher(key).decrypt(raw[:NONCE], raw[NONCE:], canonical(about))
    except InvalidTag:
        raise NotOpened from None


def padded(plain: bytes) -> bytes:
    """With its length in front and zeros behind."""
    body = len(plain).to_bytes(_LENGTH, "big") + plain
    return body + bytes(-len(body) % BLOCK)


def unpadded(body: bytes) -> bytes:
    """The other way. NotOpened when the length cannot be meant."""
    length = int.from_bytes(body[:_LENGTH], "big")
    if len(body) < _LENGTH + length:
        raise NotOpened
    return body[_LENGTH : _LENGTH + length]


def digest(key: bytes, value: Any) -> str:
    """HMAC-SHA256 over the one spelling of a value."""
    return encode(_mac(key, value).finalize())


def agrees(key: bytes, value: Any, told: str) -> bool:
    """Whether ``told`` is that digest."""
    try:
        _mac(key, value).verify(decode(told))
    except (ValueError, InvalidSignature):
        return False
    return True


def _mac(key: bytes, value: Any) -> HMAC:
    mac = HMAC(subkey(key, "mac/1"), SHA256())
    mac.update(canonical(value))
    return mac


class Pair(NamedTuple):
    """The two halves of a slot's key: what others wrap for, and what the owner alone opens with."""

    private: bytes
    public: bytes


def new_pair() -> Pair:
    """A new one."""
    private = _new_private()
    return Pair(private.private_bytes_raw(), private.public_key().public_bytes_raw())


def public_half(private: bytes) -> bytes:
    """The other half of a pair."""
    return _private_of(private).public_key().public_bytes_raw()


def wrapped(public: bytes, about: Any, key: bytes) -> str:
    """A key that only the owner of the private half can read. ValueError for no public key."""
    once = _new_private()
    mine = once.public_key().public_bytes_raw()
    shared = once.exchange(_public_of(public))
    return encode(mine + sealed(subkey(shared, "wrap/1", mine + public), about, key))


def unwrapped(pair: Pair, about: Any, text: str) -> bytes:
    """The key. NotOpened when it was wrapped for somebody else, for something else, or is damaged."""
    try:
        raw = decode(text)
        shared = _private_of(pair.private).exchange(_public_of(raw[:KEY]))
    except ValueError:
        raise NotOpened from None
    return unsealed(subkey(shared, "wrap/1", raw[:KEY] + pair.public), about, raw[KEY:])
