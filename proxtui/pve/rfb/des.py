"""VncAuth: a challenge of 16 bytes, encrypted by DES under a password of at most eight characters."""

from __future__ import annotations

from typing import Final

from proxtui.pve.rfb.words import CHALLENGE_LENGTH, PASSWORD_LENGTH

_FILE_KEY: Final = bytes((23, 82, 107, 6, 35, 78, 88, 7))


def response(challenge: bytes, password: str | bytes) -> bytes:
    """The 16 bytes that prove the password. Raises ValueError for a challenge of another length."""
    if len(challenge) != CHALLENGE_LENGTH:
        raise ValueError(f"a challenge has {CHALLENGE_LENGTH} bytes, not {len(challenge)}")
    key = key_of(password)
    found = by_library(key, challenge)
    return by_hand(key, challenge) if found is None else found


def key_of(password: str | bytes) -> bytes:
    """The DES key of a password: its first eight bytes, the bits of each the other way round."""
    raw = password.encode("latin-1", "replace") if isinstance(password, str) else password
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in raw[:PASSWORD_LENGTH].ljust(PASSWORD_LENGTH, b"\0"))


def obfuscated(password: str) -> bytes:
    """The eight bytes of a TigerVNC password file: under a key that everybody knows, so as secret as the password."""
    key, block = key_of(_FILE_KEY), password.encode("latin-1", "replace")[:PASSWORD_LENGTH].ljust(8, b"\0")
    found = by_library(key, block)
    return by_hand(key, block) if found is None else found


def by_library(key: bytes, blocks: bytes) -> bytes | None:
    """DES-ECB of whole blocks; None where the library has no triple DES (any more)."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
        from cryptography.hazmat.primitives.ciphers import Cipher, modes
    except ImportError:
        return None
    try:
        # Three times the same key makes triple DES plain DES, which no library offers by itself.
        encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305 -- the protocol says so
    except (UnsupportedAlgorithm, ValueError):
        return None
    return encryptor.update(blocks) + encryptor.finalize()


def by_hand(key: bytes, blocks: bytes) -> bytes:
    """The same without a library, for the day when it drops the cipher."""
    keys = _round_keys(int.from_bytes(key))
    places = range(0, len(blocks), 8)
    return b"".join(_block(keys, int.from_bytes(blocks[at : at + 8])).to_bytes(8) for at in places)


def _pick(value: int, width: int, places: bytes) -> int:
    """The bits of a number of ``width`` bits at ``places``, the first of which is the highest."""
    found = 0
    for place in places:
        found = found << 1 | value >> (width - place) & 1
    return found


def _round_keys(key: int) -> list[int]:
    mixed = _pick(key, 64, _PC1)
    left, right = mixed >> 28, mixed & 0xFFFFFFF
    keys = []
    for number in range(16):
        shift = 1 if number in (0, 1, 8, 15) else 2
        left = (left << shift | left >> (28 - shift)) & 0xFFFFFFF
        right = (right << shift | right >> (28 - shift)) & 0xFFFFFFF
        keys.append(_pick(left << 28 | right, 56, _PC2))
    return keys


def _block(keys: list[int], block: int) -> int:
    mixed = _pick(block, 64, _IP)
    left, right = mixed >> 32, mixed & 0xFFFFFFFF
    for key in keys:
        left, right = right, left ^ _feistel(right, key)
    return _pick(right << 32 | left, 64, _FP)


def _feistel(half: int, key: int) -> int:
    wide = _pick(half, 32, _E) ^ key
    found = 0
    for number, box in enumerate(_BOXES):
        six = wide >> (42 - 6 * number) & 63
        row, column = (six >> 4 & 2) | (six & 1), six >> 1 & 15
        found = found << 4 | int(box[row * 16 + column], 16)
    return _pick(found, 32, _P)


def _grid(starts: str, step: int, count: int) -> bytes:
    """Places that go on by ``step``, ``count`` of them from each start."""
    return bytes(int(start) + step * number for start in starts.split() for number in range(count))


_IP: Final = _grid("58 60 62 64 57 59 61 63", -8, 8)
_FP: Final = bytes(_IP.index(place) + 1 for place in range(1, 65))
_PC1: Final = (_grid("57 58 59 60", -8, 8)[:28]) + _grid("63 62 61", -8, 8) + _grid("28", -8, 4)
_E: Final = bytes((4 * group + column - 1) % 32 + 1 for group in range(8) for column in range(6))
_PC2: Final = bytes.fromhex(
    "0e110b180105031c0f06150a17130c041a0810071b140d0229341f252f371e28332d21302c31273822352e2a32241d20"
)
_P: Final = bytes.fromhex("100714151d0c1c11010f171a05121f0a0208180e201b0309130d1e06160b0419")
_BOXES: Final = (
    "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
)
