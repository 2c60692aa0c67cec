"""VncAuth answers as every VNC server expects, with the library's cipher and without."""

from __future__ import annotations

import hashlib

import pytest

from proxtui.pve.rfb.des import by_hand, by_library, key_of, response


def test_the_textbook_block() -> None:
    key, plain = bytes.fromhex("133457799bbcdff1"), bytes.fromhex("0123456789abcdef")
    assert by_hand(key, plain).hex() == "85e813540f0ab405"
    assert by_library(key, plain) == by_hand(key, plain)


def test_both_ciphers_agree() -> None:
    for number in range(100):
        noise = hashlib.sha256(bytes([number])).digest()
        key, plain = noise[:8], noise[8:24]
        assert by_hand(key, plain) == by_library(key, plain)


def test_a_password_is_cut_at_eight_characters_and_padded() -> None:
    assert key_of("COW") == bytes((0xC2, 0xF2, 0xEA, 0, 0, 0, 0, 0))
    challenge = bytes(range(16))
    assert response(challenge, "12345678") == response(challenge, b"12345678:PVEVNC:6B022653::x")
    assert response(challenge, "1234567") != response(challenge, "12345678")


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_challenge_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"16 bytes, not {length}"):
        response(bytes(length), "secret")
