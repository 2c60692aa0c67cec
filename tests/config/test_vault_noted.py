"""Where an audit ended, in the file of the configuration: forwards only, and nothing was configured by it."""

from __future__ import annotations

import errno
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from proxtui.config.vault.edits import Put
from proxtui.config.vault.files import beside, locked
from proxtui.config.vault.noted import MOST, End
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.config.vault.unlocking import restore, unlock
from proxtui.errors import FileLocked, Malformed, Tampered
from tests.config.test_vault_saving import FailingDisk
from tests.config.vaults import ROOT_KEY, WALL_KEY, by, configured, fill, new_vault, opened, seat_in

NAME = "0123456789abcdef"
WRITER = """
import sys
from pathlib import Path
from proxtui.config.vault.noted import End
from tests.config.vaults import seat_in, shared
vault = shared(seat_in(Path(sys.argv[1]), wait=60.0))
for number in range(int(sys.argv[2])):
    vault.ends.tell(sys.argv[3], End(number + 1, "a" * 64))
    vault.ends.write()
    print(number)
"""
SAVER = """
import sys
from pathlib import Path
from proxtui.config.vault.edits import Put
from tests.config.vaults import seat_in, shared
vault = shared(seat_in(Path(sys.argv[1]), wait=60.0))
for number in range(int(sys.argv[2])):
    vault.save(Put(("users", f"{sys.argv[3]}{number}"), {"system_role": "user", "roles": {}}, True))
"""


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return seat_in(tmp_path)


@pytest.fixture
def vault(seat: Seat) -> OpenVault:
    return fill(new_vault(seat))


def end(seq: int) -> End:
    return End(seq, f"{seq:064x}")


def note(vault: OpenVault, seq: int, name: str = NAME) -> None:
    vault.ends.tell(name, end(seq))
    vault.ends.write()


def test_it_changes_no_revision_and_makes_no_generation(seat: Seat, vault: OpenVault) -> None:
    before, generation = configured(seat.path), beside(seat.path, 1).read_bytes()
    note(vault, 7)
    assert opened(seat).ends.known(NAME) == end(7)
    assert configured(seat.path) == before
    assert beside(seat.path, 1).read_bytes() == generation
    assert seat.path.stat().st_mode & 0o777 == 0o600


def test_an_older_one_replaces_no_newer_one(seat: Seat, vault: OpenVault) -> None:
    other = opened(seat)
    note(other, 9)
    written = seat.path.read_bytes()
    note(vault, 8)
    assert seat.path.read_bytes() == written
    vault.save(Put(("settings", "interval"), 5.0))
    assert opened(seat).ends.known(NAME) == end(9)


def test_every_save_takes_it_along(seat: Seat, vault: OpenVault) -> None:
    vault.ends.tell(NAME, end(3))
    assert opened(seat).ends.known(NAME) is None
    vault.save(Put(("settings", "interval"), 5.0))
    assert opened(seat).ends.known(NAME) == vault.ends.known(NAME) == end(3)
    vault.rekey()
    assert opened(seat).ends.known(NAME) == end(3)


def test_who_opens_nothing_else_can_note_it(seat: Seat, vault: OpenVault) -> None:
    vault.add_slot("night", WALL_KEY, every="none")
    other = opened(seat, WALL_KEY)
    assert other.config.tenants == ()
    note(other, 5)
    assert opened(seat).ends.known(NAME) == end(5)
    assert opened(seat).config == vault.config


def test_who_only_looks_writes_nothing(seat: Seat, vault: OpenVault) -> None:
    before = seat.path.read_bytes()
    note(unlock(seat, by(ROOT_KEY, seat.path.parent), only_monitor=True), 5)
    assert seat.path.read_bytes() == before
    assert vault.ends.known(NAME) is None


def test_new_keys_of_another_process_do_not_hinder_it(seat: Seat, vault: OpenVault) -> None:
    opened(seat).rekey()
    note(vault, 4)
    assert opened(seat).ends.known(NAME) == end(4)


def test_altered_by_hand_the_file_is_refused(seat: Seat, vault: OpenVault) -> None:
    note(vault, 12)
    text = seat.path.read_text(encoding="utf-8")
    assert "seq = 12" in text
    for forged in (text.replace("seq = 12", "seq = 11"), text.replace(f"{12:064x}", f"{13:064x}")):
        seat.path.write_text(forged, encoding="utf-8")
        with pytest.raises(Tampered):
            opened(seat)
    for malformed in (text.replace("seq = 12", "seq = 0"), text.replace(f"{12:064x}", "short")):
        seat.path.write_text(malformed, encoding="utf-8")
        with pytest.raises(Malformed, match=r"data\.noted"):
            opened(seat)
    # Nor is it noted over what somebody altered.
    seat.path.write_text(text.replace("seq = 12", "seq = 11"), encoding="utf-8")
    with pytest.raises(Tampered):
        note(vault, 13)


def test_an_earlier_generation_knows_an_earlier_end(seat: Seat, vault: OpenVault) -> None:
    note(vault, 20)
    vault.save(Put(("settings", "interval"), 5.0))
    note(vault, 30)
    restore(seat, 1)
    assert opened(seat).ends.known(NAME) == end(20)


def test_without_room_or_lock_the_file_is_as_it_was(tmp_path: Path) -> None:
    disk = FailingDisk()
    seat = seat_in(tmp_path, disk, wait=0.05)
    vault = new_vault(seat)
    before = seat.path.read_bytes()
    disk.fail_at(1, OSError(errno.EROFS, "Read-only file system"))
    with pytest.raises(OSError, match="Read-only"):
        note(vault, 3)
    with locked(seat.path), pytest.raises(FileLocked):
        note(vault, 3)
    assert seat.path.read_bytes() == before
    assert [path.name for path in seat.path.parent.iterdir() if path.name.endswith(".new")] == []
    note(vault, 3)
    assert opened(seat).ends.known(NAME) == end(3)


@pytest.mark.usefixtures("vault")
def test_those_that_were_moved_on_longest_ago_are_forgotten(seat: Seat) -> None:
    for number in range(MOST + 3):
        note(opened(seat), 1, f"audit{number}")
        if number == MOST - 1:
            note(opened(seat), 2, "audit0")
    known = tomllib.loads(seat.path.read_text(encoding="utf-8"))["data"]["noted"]
    assert len(known) == MOST
    assert known.keys() >= {"audit0", f"audit{MOST + 2}"}
    assert not known.keys() & {"audit1", "audit2", "audit3"}


def test_noting_and_saving_at_once_lose_nothing(seat: Seat, vault: OpenVault) -> None:
    """Two that save and two that note: 100 of 100 users, and the last end of both."""
    folder, _key = seat.path.parent.parent, by(ROOT_KEY, seat.path.parent)
    jobs = [(SAVER, "anna"), (SAVER, "ben"), (WRITER, "aaaa"), (WRITER, "bbbb")]
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), "50", name], stderr=subprocess.PIPE, text=True)
        for code, name in jobs
    ]
    told = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0] * 4, told
    after = opened(seat)
    assert {f"{name}{number}" for name in ("anna", "ben") for number in range(50)} <= after.plain["users"].keys()
    assert [after.ends.known(name) for name in ("aaaa", "bbbb")] == [End(50, "a" * 64)] * 2
    assert after.rev == vault.rev + 100
