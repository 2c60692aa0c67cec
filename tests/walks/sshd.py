"""Debian's sshd on loopback, with keys and a configuration of its own, for as long as a test wants."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from proxtui.config.server import JumpHost
from tests.needs import program

_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
PermitRootLogin yes
PermitUserRC no
SetEnv HOME={folder}/home
AllowTcpForwarding yes
UseDNS no
MaxStartups 50
LogLevel ERROR
"""


@dataclass
class Sshd:
    """One jump host. ``start`` and ``stop`` as often as one likes, on the same port."""

    folder: Path
    user_key: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def home(self) -> Path:
        """Where its shells look for their start files: what stands in those of whoever runs the tests is none of it."""
        return self.folder / "home"

    def prepare(self) -> None:
        self.home.mkdir(parents=True)
        if os.getuid() == 0:
            # Debian makes it when the service starts; nobody starts the service here.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.new_host_key()
        public = self.user_key.with_name(self.user_key.name + ".pub").read_text()
        (self.folder / "authorized_keys").write_text(public)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.folder / "sshd_config").write_text(_CONFIG.format(port=self.port, folder=self.folder))

    def new_host_key(self) -> None:
        make_key(self.folder / "host_key")

    @property
    def host_key(self) -> str:
        return (self.folder / "host_key.pub").read_text().strip()

    @property
    def fingerprint(self) -> str:
        said = subprocess.check_output(["ssh-keygen", "-lf", str(self.folder / "host_key.pub")], text=True)
        return said.split()[1]

    def jump(self, *host_keys: str) -> JumpHost:
        return JumpHost(
            host="127.0.0.1",
            port=self.port,
            username=getpass.getuser(),
            host_keys=host_keys or (self.host_key,),
            key_file=self.user_key,
        )

    def start(self) -> None:
        sshd = program("sshd")
        assert sshd is not None
        command = [sshd, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("sshd does not listen")

    def stop(self) -> None:
        """Kill it and the processes of its sessions, which would else go on without it."""
        if self._process is None:
            return
        for pid in [self._process.pid, *_below(self._process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None


def _below(parent: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [parent]
    for pid in found:
        found += [child for child, above in parents.items() if above == pid]
    return found[1:]


def make_key(path: Path) -> None:
    """A new ed25519 key without a passphrase, and its public part beside it."""
    path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


@contextmanager
def jump_hosts(folder: Path, count: int) -> Iterator[list[Sshd]]:
    """So many, all started, all for one user key."""
    user_key = folder / "id_ed25519"
    make_key(user_key)
    daemons = [Sshd(folder / f"jump{number}", user_key) for number in range(count)]
    try:
        for daemon in daemons:
            daemon.prepare()
            daemon.start()
        yield daemons
    finally:
        for daemon in daemons:
            daemon.stop()
