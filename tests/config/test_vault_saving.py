"""Saving: a step that fails, a process that is killed, and several processes at once lose nothing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proxtui.config.vault import slots
from proxtui.config.vault.edits import Put
from proxtui.config.vault.files import Disk, beside, locked
from proxtui.config.vault.opened import Seat
from proxtui.config.vault.shape import Document
from proxtui.config.vault.unlocking import unlock
from proxtui.errors import FileLocked, SaveFailed
from tests.config.vaults import ROOT_KEY, WALL_KEY, by, new_vault, opened, seat_in

STEPS = ("write", "sync", "link", "replace", "remove", "sync_folder")


class Killed(BaseException):
    """The process ended here."""


class FailingDisk(Disk):
    """Fails at the ``at``-th step from when it is set: with an error, or as if the process were killed."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.failure: BaseException = Killed()
        self.steps = 0
        self.names: list[str] = []

    def __getattribute__(self, name: str):  # type: ignore[no-untyped-def]
        found = super().__getattribute__(name)
        if name not in STEPS:
            return found

        def step(*given: object) -> object:
            self.steps += 1
            self.names.append(name)
            if self.at is not None and self.steps >= self.at:
                self.at = None
                raise self.failure
            return found(*given)

        return step

    def fail_at(self, number: int, failure: BaseException) -> None:
        self.steps, self.at, self.failure = 0, number, failure


def steps_of_a_save(folder: Path) -> int:
    disk = FailingDisk()
    vault = new_vault(seat_in(folder, disk))
    for value in (5.0, 6.0, 7.0, 8.0):
        disk.steps = 0
        vault.save(Put(("settings", "interval"), value))
    return disk.steps


@pytest.mark.parametrize("failure", [Killed(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_save_that_ends_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, failure: BaseException) -> None:
    count = steps_of_a_save(tmp_path / "counted")
    assert count > 6
    for at in range(1, count + 1):
        disk = FailingDisk()
        seat = seat_in(tmp_path / str(at), disk)
        vault = new_vault(seat)
        for value in (5.0, 6.0, 7.0):
            vault.save(Put(("settings", "interval"), value))
        disk.fail_at(at, failure)
        with pytest.raises((Killed, SaveFailed)) as caught:
            vault.save(Put(("settings", "interval"), 8.0))
        if isinstance(caught.value, SaveFailed):
            assert caught.value.exit_code == 9
            assert not list(seat.path.parent.glob(".*.new"))
        assert opened(seat).config.settings.interval in (7.0, 8.0)
        vault.save(Put(("settings", "background_interval"), 60.0))
        again = opened(seat).config.settings
        assert again.background_interval == 60.0
        assert again.interval in (7.0, 8.0)
        assert not list(seat.path.parent.glob(".*.new"))


def test_a_passphrase_that_was_not_changed_still_opens(tmp_path: Path) -> None:
    for at in range(1, 12):
        disk = FailingDisk()
        seat = seat_in(tmp_path / str(at), disk)
        vault = new_vault(seat)
        vault.save(Put(("settings", "interval"), 5.0))
        disk.fail_at(at, Killed())
        try:
            vault.change_keyfile(WALL_KEY.raw)
        except Killed:
            pass
        else:
            assert at > 6
        texts = [path.read_bytes() for path in (seat.path, beside(seat.path, 1)) if path.exists()]
        keys = [key for key in (ROOT_KEY, WALL_KEY) if _opens(tmp_path / str(at), texts[0], key)]
        assert len(keys) == 1
        if keys == [WALL_KEY]:
            assert not any(_opens(tmp_path / str(at), text, ROOT_KEY) for text in texts)


def _opens(folder: Path, text: bytes, key: slots.Material) -> bool:
    from proxtui.errors import WrongKey

    seat = seat_in(folder)
    seat.path.write_bytes(text)
    try:
        return bool(opened(seat, key))
    except WrongKey:
        return False


def test_the_disk_has_it_before_it_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    disk = FailingDisk()
    vault = new_vault(seat_in(tmp_path, disk))
    disk.names.clear()
    vault.save(Put(("settings", "interval"), 5.0))
    of_the_file, of_the_mark = disk.names[:5], disk.names[5:]
    assert of_the_file == ["write", "sync", "link", "replace", "sync_folder"]
    assert of_the_mark == ["write", "sync", "replace", "sync_folder"]
    disk.names.clear()
    vault.rekey()
    assert disk.names[:7] == ["write", "sync", "remove", "remove", "remove", "replace", "sync_folder"]


def test_three_generations_are_kept(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    vault = new_vault(seat)
    for value in range(5, 12):
        vault.save(Put(("settings", "interval"), float(value)))
    kept = sorted(path.name for path in seat.path.parent.glob("config.toml*"))
    assert kept == ["config.toml", "config.toml.1", "config.toml.2", "config.toml.3", "config.toml.lock"]
    for number, value in ((1, 10.0), (2, 9.0), (3, 8.0)):
        assert f"interval = {value}" in beside(seat.path, number).read_text(encoding="utf-8")
        assert beside(seat.path, number).stat().st_mode & 0o777 == 0o600


WRITER = """
import sys
from pathlib import Path
from proxtui.config.vault import slots
from proxtui.config.vault.edits import Put
from tests.config.vaults import opened, seat_in
seat = seat_in(Path(sys.argv[1]), wait=60.0)
vault = opened(seat, slots.keyfile(bytes.fromhex(sys.argv[2])))
start, stop = int(sys.argv[4]), int(sys.argv[5])
print("ready", flush=True)
sys.stdin.readline()
for number in range(start, stop):
    vault.save(Put(("tenants", sys.argv[3], "servers", f"s{number}"), {"endpoints": [{"host": f"pve{number}"}]}))
    print(number, flush=True)
"""


def writer(folder: Path, key: slots.Material, tenant: str, start: int, stop: int) -> subprocess.Popen[str]:
    words = [str(folder), key.raw.hex(), tenant, str(start), str(stop)]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_that_save_at_once_keep_all_of_both(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    vault = new_vault(seat)
    vault.save(Put(("tenants", "acme"), {"name": "A"}), Put(("tenants", "beta"), {"name": "B"}))
    vault.add_slot("ben", WALL_KEY, tenants={"beta": "admin"})  # one of them may open less
    opened(seat)
    opened(seat, WALL_KEY)
    both = [writer(tmp_path, ROOT_KEY, "acme", 0, 100), writer(tmp_path, WALL_KEY, "beta", 100, 200)]
    for process in both:
        go(process)
    for process in both:
        process.communicate(timeout=100)
        assert process.returncode == 0
    found = {server.name for _, server in opened(seat).config.servers()}
    assert found == {f"s{number}" for number in range(200)}
    assert {place.tenant for place, _ in opened(seat, WALL_KEY).config.servers()} == {"beta"}


def test_a_writer_killed_at_any_moment_breaks_nothing(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    new_vault(seat).save(Put(("tenants", "acme"), {"name": "A"}))
    opened(seat)
    done = -1
    for _ in range(6):
        process = writer(tmp_path, ROOT_KEY, "acme", done + 1, done + 1000)
        assert process.stdout is not None
        go(process)
        for _ in range(5):
            done = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        done = max([done, *(int(line) for line in rest.splitlines() if line)])
        found = {server.name for _, server in opened(seat).config.servers()}
        assert {f"s{number}" for number in range(done + 1)} <= found <= {f"s{number}" for number in range(done + 2)}
        done = len(found) - 1
    opened(seat).save(Put(("settings", "interval"), 5.0))
    assert not list(seat.path.parent.glob(".*.new"))


def test_whoever_holds_the_lock_is_named(tmp_path: Path) -> None:
    seat = seat_in(tmp_path, wait=0.1)
    vault = new_vault(seat)
    before = seat.path.read_bytes()
    with locked(seat.path), pytest.raises(FileLocked, match=f"process {os.getpid()} of ") as caught:
        vault.save(Put(("settings", "interval"), 5.0))
    assert caught.value.exit_code == 8
    assert seat.path.read_bytes() == before
    vault.save(Put(("settings", "interval"), 5.0))


def test_a_save_between_reading_the_file_and_the_mark_is_no_older_copy(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    vault = new_vault(seat)
    earlier = [seat.read()]
    vault.save(Put(("settings", "interval"), 5.0))

    class Slow(Seat):
        def read(self) -> Document:
            return earlier.pop() if earlier else super().read()

    found = unlock(Slow(*seat), by(ROOT_KEY, seat.path.parent))
    assert found.rev == vault.rev == 2
