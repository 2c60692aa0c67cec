"""The inner door to ``cryptography`` leads where the public one does, and is the one that a start goes through."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cryptography.hazmat.bindings._rust import openssl

from proxtui.config.vault import primitives

SEED, NONCE = bytes(range(32)), bytes(12)
OPENED = """
import sys
from proxtui.config.vault.crypto import new_pair, unwrapped, wrapped
pair = new_pair()
assert unwrapped(pair, "it", wrapped(pair.public, "it", b"the key")) == b"the key"
print(*sorted(name for name in sys.modules if name.startswith("cryptography.hazmat")))
"""


def test_both_doors_lead_to_the_same() -> None:
    near, public = primitives.nearest(openssl), primitives.public()
    assert near.cipher is public.cipher
    mine, theirs = near.private_of(SEED), public.private_of(SEED)
    assert mine.private_bytes_raw() == theirs.private_bytes_raw() == SEED
    other = near.new_private().public_key().public_bytes_raw()
    assert mine.exchange(near.public_of(other)) == theirs.exchange(public.public_of(other))
    sealed = near.cipher(SEED).encrypt(NONCE, b"text", b"about")
    assert public.cipher(SEED).decrypt(NONCE, sealed, b"about") == b"text"


def test_where_the_inner_door_is_another_the_public_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(bindings: object) -> primitives.Primitives:
        raise AttributeError("x25519")

    monkeypatch.setattr(primitives, "nearest", gone)
    assert primitives.found() == primitives.public()


def test_opening_loads_no_cipher_that_is_not_used() -> None:
    answer = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, timeout=60, check=True)
    loaded = answer.stdout.split()
    assert "cryptography.hazmat.bindings._rust" in loaded
    parts = ("primitives.ciphers", "primitives.asymmetric", "backends", "primitives.kdf.argon2")
    assert [name for name in loaded if name.removeprefix("cryptography.hazmat.").startswith(parts)] == []
