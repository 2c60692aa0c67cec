"""What others of this machine can do with our way through jump hosts: nothing. And no process knows its secrets."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from proxtui.config.secret import Secret
from proxtui.wiring import open_runtime
from tests import needs

from .chaos import chaos_proxy
from .conftest import Simulator
from .fleets import fleet_of, until
from .sshd import jump_hosts
from .test_ssh_paths import INTERVAL, is_fresh, through

NOBODY = 65_534
AS_NOBODY = f"""
import encodings.idna, hashlib, os, socket, ssl, sys
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
wanted, skipped = sys.argv[1], {{int(port) for port in sys.argv[2:]}}
ports = set()
for table in ("/proc/net/tcp", "/proc/net/tcp6"):
    for line in open(table).read().splitlines()[1:]:
        cells = line.split()
        if cells[3] == "0A":
            ports.add(int(cells[1].rpartition(":")[2], 16))
tried = 0
for port in sorted(ports - skipped):
    tried += 1
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as plain, context.wrap_socket(plain) as line:
            shown = hashlib.sha256(line.getpeercert(True)).hexdigest()
    except OSError:
        continue
    if shown == wanted:
        print("reached", port)
print("tried", tried, os.getuid())
"""
PHRASE = "Zebra-Jump-Phrase-88"
pytestmark = needs.programs("sshd", "ssh-keygen")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


async def found_by_nobody(server: dict[str, str], *known: int) -> list[str]:
    """What this user gets at: every port that anybody listens on, but the known ones, is tried for the server."""
    pin = server["fingerprint"].replace(":", "").lower()
    command = [sys.executable, "-c", AS_NOBODY, pin, *map(str, known)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *reached, last = done.stdout.splitlines()
    assert last.split()[0] == "tried"
    assert last.split()[2] == str(NOBODY)
    return reached


@as_root
async def test_another_user_finds_no_listener_that_leads_to_the_server(
    fleet_simulator: Simulator, tmp_path: Path
) -> None:
    server = fleet_simulator.first
    with jump_hosts(tmp_path, 1) as [daemon]:
        config = fleet_of(through(server, daemon.jump()), interval=INTERVAL)
        async with open_runtime(config, read_only=True) as runtime:
            asking = asyncio.create_task(runtime.poller.run())
            await until(runtime.store, is_fresh())
            assert await found_by_nobody(server, server["port"]) == []
            # What `ssh -L` would open is found, so the search is one.
            async with chaos_proxy(server["host"], server["port"]) as like_ssh:
                assert await found_by_nobody(server, server["port"]) == [f"reached {like_ssh.port}"]
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


def children() -> set[int]:
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def holding(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and PHRASE.encode() in path.read_bytes()]


async def test_a_login_on_a_jump_host_starts_no_process_that_could_know_its_secrets(
    fleet_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with jump_hosts(tmp_path, 1) as [daemon]:
        change = ["ssh-keygen", "-q", "-p", "-P", "", "-N", PHRASE, "-f", str(daemon.user_key)]
        await asyncio.to_thread(subprocess.run, change, check=True)
        locked = replace(daemon.jump(), key_passphrase=Secret(PHRASE))
        before = children()
        async with open_runtime(fleet_of(through(fleet_simulator.first, locked)), read_only=True) as runtime:
            await runtime.poller.poll_once()
            assert runtime.store.fleet().snapshots[0].error is None
            assert children() == before
        assert holding(tmp_path) == []
        refused = replace(locked, key_passphrase=Secret(PHRASE + "-wrong"))
        async with open_runtime(fleet_of(through(fleet_simulator.first, refused)), read_only=True) as runtime:
            await runtime.poller.poll_once()
            said = str(runtime.store.fleet().snapshots[0].error)
        assert "key_file" in said
        assert PHRASE not in said
