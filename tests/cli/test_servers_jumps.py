"""``proxtui servers`` behind a real sshd: its key is shown and accepted by the line that is told, and stays."""

from __future__ import annotations

import getpass
import json
import shlex
from pathlib import Path

import pytest

from tests import needs
from tests.cli.conftest import Call, Simulator
from tests.walks.sshd import jump_hosts

pytestmark = needs.programs("sshd", "ssh-keygen")


def told_line(err: str) -> list[str]:
    (line,) = [line for line in err.splitlines() if "ssh-keygen -lf` on the jump host" in line]
    return shlex.split(line.partition("same: ")[2])


def test_a_jump_host_is_accepted_by_the_line_that_is_told_and_its_key_stays(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    keyfile, secret = tmp_path / "keyfile", tmp_path / "secret"
    keyfile.write_bytes(b"k" * 32)
    keyfile.chmod(0o600)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(keyfile))
    said = simulator_process.server
    secret.write_text(said["token_secret"])
    with jump_hosts(tmp_path, 2) as daemons, secret.open("rb") as handed:
        first, second = (f"{getpass.getuser()}@127.0.0.1:{daemon.port}" for daemon in daemons)
        options = ["--tenant", "acme", "--name", "far", "--host", said["host"], "--port", str(said["port"])]
        options += ["--token-id", said["token_id"], "--token-secret-fd", str(handed.fileno())]
        options += ["--fingerprint", said["fingerprint"], "--jump", first, "--jump-key-file", str(daemons[0].user_key)]
        before = simulator_process.control("GET", "requests")["total"]
        unknown = call("servers", "add", *options)
        assert (unknown.code, simulator_process.control("GET", "requests")["total"]) == (10, before)
        again = told_line(unknown.err)
        assert again[-1] == f"127.0.0.1:{daemons[0].port}={daemons[0].fingerprint}"
        handed.seek(0)
        added = call(*again[1:])
        assert added.code == 0, added.err
        # The certificate and its end are seen through the tunnel.
        (row,) = json.loads(call("servers", "health-check", "--json").out)["rows"]
        assert (row["status"], row["path"]) == ("online", "ssh")
        assert row["certificateExpires"]

        stranger = call("servers", "update", "far", "--jump", first, "--jump", second)
        assert stranger.code == 10
        assert len(json.loads(call("servers", "show", "far", "--json").out)["jumps"]) == 1, "nothing is saved"
        again = told_line(stranger.err)
        refused = call(*again[1:])
        assert (refused.code, "refused the login" in refused.line) == (10, True)
        changed = call(*again[1:], "--jump-key-file", f"127.0.0.1:{daemons[1].port}={daemons[1].user_key}", "--json")
        assert changed.code == 0, changed.err
        prints = [f"127.0.0.1:{daemon.port}={daemon.fingerprint}" for daemon in daemons]
        assert json.loads(changed.out)["jumpHostKeys"] == prints
        assert call("servers", "health-check").code == 0
        daemons[0].stop()
        daemons[0].new_host_key()
        daemons[0].start()
        other = call("servers", "health-check")
        assert other.code == 10
        assert "HAS CHANGED" in call("servers", "update", "far", "--jump", first).line
