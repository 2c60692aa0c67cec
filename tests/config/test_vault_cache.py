"""What the kernel keeps of an open vault: it opens without a derivation, for one file and slot, until it is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from proxtui.config.vault import crypto, slots
from proxtui.config.vault.cache import PREFIX, KernelKeyring, NoKeyring, name_of
from proxtui.config.vault.edits import Put
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.config.vault.unlocking import keep, reopen, unlock
from proxtui.errors import OlderCopy, Tampered
from tests.config.vaults import ANNA, CHEAP, by, fill, new_vault, opened, seat_in, secrets_of


@dataclass
class Keeper:
    """A cache in this process; ``works`` as a container's kernel does when it is off."""

    works: bool = True
    is_of_session: bool = True
    kept: dict[str, tuple[bytes, int]] = field(default_factory=dict)

    def find(self, name: str) -> bytes | None:
        return self.kept.get(name, (None, 0))[0]

    def keep(self, name: str, secret: bytes, seconds: int) -> None:
        if not self.works:
            raise NoKeyring("Operation not permitted")
        self.kept[name] = (secret, seconds)

    def forget(self, beginning: str = PREFIX) -> int:
        gone = [name for name in self.kept if name.startswith(beginning)]
        for name in gone:
            del self.kept[name]
        return len(gone)


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return seat_in(tmp_path)


@pytest.fixture
def vault(seat: Seat) -> OpenVault:
    return fill(new_vault(seat, slots.new_passphrase(ANNA)))


def test_an_unlock_costs_one_derivation_and_a_kept_key_none(seat: Seat, vault: OpenVault) -> None:
    cache, before = Keeper(), len(crypto.derived)
    typed = unlock(seat, by(slots.passphrase(ANNA), seat.path.parent))
    assert len(crypto.derived) - before == 1
    assert keep(typed, cache) == 15
    assert [seconds for _, seconds in cache.kept.values()] == [900]
    found = reopen(seat, cache)
    assert found is not None
    assert secrets_of(found) == secrets_of(typed)
    assert len(crypto.derived) - before == 1
    found.save(Put(("settings", "interval"), 9.0))
    assert len(crypto.derived) - before == 1


def test_the_passphrase_is_not_kept(vault: OpenVault) -> None:
    cache = Keeper()
    keep(vault, cache)
    assert all(ANNA.encode() not in secret for secret, _ in cache.kept.values())
    assert list(cache.kept) == [vault.cached_as]


def test_with_0_minutes_nothing_is_kept(vault: OpenVault) -> None:
    vault.save(Put(("settings", "key_cache_minutes"), 0))
    cache = Keeper(works=False)
    assert keep(vault, cache) == 0


def test_people_who_share_an_account_do_not_share_a_key(vault: OpenVault) -> None:
    shared = Keeper(is_of_session=False)
    assert keep(vault, shared) == 15
    vault.add_slot("ben", slots.new_passphrase("battery horse correct"), every="monitor", cost=CHEAP)
    with pytest.raises(NoKeyring, match="several people"):
        keep(vault, shared)
    assert keep(vault, Keeper()) == 15


def test_what_does_not_fit_is_not_used(seat: Seat, vault: OpenVault) -> None:
    cache = Keeper()
    assert reopen(seat, cache) is None
    cache.keep(vault.cached_as, b"x" * 32, 9)
    assert reopen(seat, cache) is None
    cache.keep(vault.cached_as, b"short", 9)
    assert reopen(seat, cache) is None


def test_of_several_kept_keys_only_a_named_one_counts(seat: Seat, vault: OpenVault) -> None:
    cache = Keeper()
    vault.add_slot("ben", slots.new_passphrase("battery horse correct"), every="monitor", cost=CHEAP)
    keep(opened(seat, slots.passphrase("battery horse correct"), label="ben"), cache)
    keep(vault, cache)
    assert reopen(seat, cache) is None
    found = [reopen(seat, cache, label) for label in ("anna", "ben")]
    assert [one.slot.label for one in found if one] == ["anna", "ben"]
    vault.remove_slot("ben")
    assert reopen(seat, cache, "ben") is None


def test_a_kept_key_opens_no_more_than_the_typed_one(seat: Seat, vault: OpenVault) -> None:
    cache = Keeper()
    keep(vault, cache)
    old = seat.path.read_bytes()
    vault.save(Put(("settings", "interval"), 9.0))
    new = seat.path.read_bytes()
    seat.path.write_bytes(old)
    with pytest.raises(OlderCopy):
        reopen(seat, cache)
    seat.path.write_bytes(new.replace(b"9.0", b"8.0"))
    with pytest.raises(Tampered):
        reopen(seat, cache)
    seat.path.write_bytes(new)
    found = reopen(seat, cache, only_monitor=True)
    assert found is not None
    assert found.only_monitor


def test_where_the_kernel_keeps_nothing_it_says_so(vault: OpenVault) -> None:
    with pytest.raises(NoKeyring, match="not permitted"):
        keep(vault, Keeper(works=False))


def test_the_kernel_keeps_it_for_its_time_and_gives_it_to_its_possessor() -> None:
    name, kernel = name_of("00000000-test", "slot"), KernelKeyring()
    try:
        kernel.keep(name, b"k" * 32, 60)
    except NoKeyring:
        # A container may forbid it: then nothing is found, and nobody is stopped by it.
        assert kernel.find(name) is None
        return
    assert kernel.find(name) == b"k" * 32
    line = next(line for line in Path("/proc/keys").read_text(encoding="utf-8").splitlines() if name in line)
    assert "3f000000" in line
    assert kernel.forget(name_of("00000000-other")) == 0
    assert kernel.forget(name_of("00000000-test")) == 1
    assert kernel.find(name) is None
