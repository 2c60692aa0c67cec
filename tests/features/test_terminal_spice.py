"""SPICE: what is handed to a viewer, what is refused, and that nothing secret is anywhere else."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from proxtui.errors import UnexpectedAnswer
from proxtui.features.terminals.spice import hand_over, viewer_file

SAID = {
    "type": "spice",
    "title": "VM 100 - web",
    "proxy": "http://other:3128",
    "host": "pvespiceproxy:65f0::ab12",
    "tls-port": "61000",
    "host-subject": "OU=PVE Cluster Node,O=Proxmox Virtual Environment,CN=pve1",
    "ca": "-----BEGIN CERTIFICATE-----\\nMII\\n-----END CERTIFICATE-----\\n",
    "password": "s3cret-of-spice",
    "delete-this-file": "1",
    "secure-attention": "Ctrl+Alt+Ins",
}


def test_only_known_fields_and_our_own_proxy() -> None:
    lines = viewer_file(SAID, "pve1.example.com", "vm 100 web").splitlines()
    assert lines[0] == "[virt-viewer]"
    fields = dict(line.split("=", 1) for line in lines[1:])
    assert fields["proxy"] == "http://pve1.example.com:3128"
    assert fields["title"] == "vm 100 web"
    assert fields["password"] == "s3cret-of-spice"
    assert "delete-this-file" not in fields
    assert "proxy=http://[2001:db8::1]:3128\n" in viewer_file(SAID, "2001:db8::1", "x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "x\nproxy=http://evil:1"),
        ("host-subject", "x\rtype=vnc"),
        ("ca", "x\u2028y"),
        ("host", "pve1 --help"),
        ("tls-port", "61000 x"),
        ("toggle-fullscreen", "\x1b]0;x"),
        ("ca", "x" * 20_000),
        ("password", ""),
    ],
)
def test_what_no_server_says_is_refused(name: str, value: str) -> None:
    with pytest.raises(UnexpectedAnswer):
        viewer_file({**SAID, name: value}, "pve1", "x")


def test_the_viewer_gets_it_on_stdin_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    viewer = tmp_path / "viewer"
    viewer.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"found = json.dumps([sys.argv[1:], dict(os.environ), sys.stdin.read(), os.getsid(0) == os.getpid()])\n"
        f"open({str(told)!r} + '.new', 'w').write(found)\nos.rename({str(told)!r} + '.new', {str(told)!r})\n"
    )
    viewer.chmod(0o700)
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", "s3cret-of-token")
    file = viewer_file(SAID, "pve1", "x")
    hand_over(str(viewer), file)
    end = time.monotonic() + 20
    while not told.exists():
        assert time.monotonic() < end, "the viewer was not started"
        time.sleep(0.01)
    arguments, environ, stdin, leads_session = json.loads(told.read_text())
    assert arguments == ["-"]
    assert stdin == file
    assert leads_session
    assert "s3cret" not in json.dumps(environ)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["told", "viewer"]
