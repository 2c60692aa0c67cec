"""What the vault takes of ``cryptography``, through the nearest door.

Its public modules hand on what stands here, but load every cipher, two more kinds of keys and a backend on the way:
half of what it costs to open a vault whose key is kept. Where the inner door is not as it was, the public one is taken;
both lead to the same code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class Primitives(NamedTuple):
    """The cipher, and three ways to a key."""

    cipher: type[ChaCha20Poly1305]
    new_private: Callable[[], X25519PrivateKey]
    private_of: Callable[[bytes], X25519PrivateKey]
    public_of: Callable[[bytes], X25519PublicKey]


def nearest(bindings: Any) -> Primitives:
    """Those of the module that does the work. AttributeError when it has them no longer."""
    keys = bindings.x25519
    return Primitives(
        bindings.aead.ChaCha20Poly1305, keys.generate_key, keys.from_private_bytes, keys.from_public_bytes
    )


def public() -> Primitives:
    """The same as ``cryptography`` documents them."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return Primitives(
        ChaCha20Poly1305,
        X25519PrivateKey.generate,
        X25519PrivateKey.from_private_bytes,
        X25519PublicKey.from_public_bytes,
    )


def found() -> Primitives:
    """By the nearer door, or by the public one."""
    try:
        from cryptography.hazmat.bindings._rust import openssl

        return nearest(openssl)
    except (ImportError, AttributeError):
        return public()
