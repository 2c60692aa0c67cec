"""What the disk, other processes and old copies do to a vault."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proxtui.config.vault import slots
from proxtui.config.vault.edits import Put
from proxtui.config.vault.files import Disk, beside
from proxtui.config.vault.opened import Seat
from proxtui.config.vault.unlocking import restore
from proxtui.errors import FileLocked, NotConfigured, SaveFailed, WrongKey
from tests.config.vaults import ANNA, CHEAP, fill, new_vault, opened, seat_in

NEW = "battery horse correct"
HOLD = """
import sys
from pathlib import Path
from proxtui.config.vault.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


class Full(Disk):
    """Takes nothing more until somebody makes room."""

    is_full = False

    def write(self, handle: int, raw: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(handle, raw)


def test_a_full_disk_leaves_the_old_file_and_a_second_try_saves(tmp_path: Path) -> None:
    disk = Full()
    seat = seat_in(tmp_path, disk)
    vault = fill(new_vault(seat))
    before = seat.path.read_bytes()
    disk.is_full = True
    with pytest.raises(SaveFailed, match="No space left on device; what stood there is intact") as caught:
        vault.save(Put(("settings", "interval"), 9.0))
    assert caught.value.exit_code == 9
    assert seat.path.read_bytes() == before
    assert not list(seat.path.parent.glob(".config*"))
    disk.is_full = False
    vault.save(Put(("settings", "interval"), 9.0))
    assert opened(seat).config.settings.interval == 9.0


def test_a_holder_of_the_lock_that_was_stopped_is_named(tmp_path: Path) -> None:
    seat = seat_in(tmp_path, wait=0.1)
    vault = new_vault(seat)
    before = seat.path.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(seat.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(FileLocked, match=f"held by process {holder.pid} of ") as caught:
                vault.save(Put(("settings", "interval"), 9.0))
        finally:
            holder.send_signal(signal.SIGCONT)
        assert caught.value.exit_code == 8
        assert seat.path.read_bytes() == before
        holder.communicate()
    vault.save(Put(("settings", "interval"), 9.0))
    assert opened(seat).config.settings.interval == 9.0


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_generation_opens_by_the_passphrase_of_before(tmp_path: Path, number: int) -> None:
    seat = seat_in(tmp_path)
    vault = fill(new_vault(seat, slots.new_passphrase(ANNA)))
    vault.change_passphrase(NEW, CHEAP)
    if not beside(seat.path, number).exists():
        with pytest.raises(NotConfigured):
            restore(seat, number)
        return
    restore(seat, number)
    with pytest.raises(WrongKey):
        opened(seat, slots.passphrase(ANNA))
    assert opened(seat, slots.passphrase(NEW)).config.tenants


def test_a_bomb_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    seat: Seat = seat_in(tmp_path)
    new_vault(seat, slots.new_passphrase(ANNA))
    text = seat.path.read_text(encoding="utf-8")
    seat.path.write_text(re.sub(r"(?m)^m = .*$", f"m = {2**41}", text, count=1), encoding="utf-8")
    code = (
        "import sys\nfrom pathlib import Path\nfrom proxtui.config.vault.opened import Seat\n"
        "from proxtui.errors import Malformed\nfolder = Path(sys.argv[1])\n"
        "try:\n    Seat(folder / 'config' / 'config.toml', folder).read()\n"
        "except Malformed as error:\n    status = open('/proc/self/status').read()\n"
        "    print(error.exit_code, status.partition('VmHWM:')[2].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    exit_code, kib = done.stdout.split()
    assert exit_code == "4"
    assert int(kib) < 200_000
