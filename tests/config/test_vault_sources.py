"""Where the key comes from: the first source that is named, read carefully, and no other after it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from proxtui.config.vault import sources as module
from proxtui.config.vault.slots import Material
from proxtui.config.vault.sources import Sources
from proxtui.errors import NotConfigured, UnsafeFile, UsageError

KEY = bytes(range(32))


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A passphrase file, a keyfile, and a folder of systemd credentials."""
    found = {"passphrase_file": tmp_path / "passphrase", "keyfile": tmp_path / "key"}
    found["passphrase_file"].write_bytes(b"from the file\n")
    found["keyfile"].write_bytes(KEY)
    (tmp_path / "proxtui.key").write_bytes(KEY[::-1])
    for path in (*found.values(), tmp_path / "proxtui.key"):
        path.chmod(0o400)
    return found | {"credentials_directory": tmp_path}


def descriptor(raw: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, raw)
    os.close(writing)
    return reading


def test_the_first_that_is_named_counts(places: dict[str, Path]) -> None:
    command = (sys.executable, "-c", "print('from a command')")
    named = {"prompt": lambda: "typed", "passphrase_fd": descriptor(b"from the descriptor\n"), **places}
    expected = [
        Material("passphrase", b"typed"),
        Material("passphrase", b"from the descriptor"),
        Material("passphrase", b"from the file"),
        Material("keyfile", KEY),
        Material("keyfile", KEY[::-1]),
        Material("passphrase", b"from a command"),
    ]
    for wanted in expected:
        assert Sources(**named, passphrase_command=command).material() == wanted  # type: ignore[arg-type]
        if named:
            named.pop(next(iter(named)))
    with pytest.raises(UsageError, match="no key for the configuration"):
        Sources().material()


def test_a_source_that_fails_is_not_followed_by_a_weaker_one(places: dict[str, Path]) -> None:
    missing = places["keyfile"].with_name("missing")
    with pytest.raises(NotConfigured):
        Sources(passphrase_file=missing, keyfile=places["keyfile"]).material()


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"  blanks stay \r\n", "  blanks stay "), (b"one\n\n", "one\n"), ("Ko\u0308ln".encode(), "K\u00f6ln")],
)
def test_only_one_line_end_goes(raw: bytes, text: str) -> None:
    assert Sources(passphrase_fd=descriptor(raw)).material().raw == text.encode()


@pytest.mark.parametrize("raw", [b"", b"\n", b"\xff\xfe"])
def test_a_descriptor_that_gives_no_passphrase(raw: bytes) -> None:
    with pytest.raises(UsageError, match="file descriptor"):
        Sources(passphrase_fd=descriptor(raw)).material()


def test_a_descriptor_that_is_not_open() -> None:
    reading = descriptor(b"")
    os.close(reading)
    with pytest.raises(UsageError):
        Sources(passphrase_fd=reading).material()


@pytest.mark.parametrize("name", ["passphrase_file", "keyfile"])
def test_a_key_that_others_may_read_is_not_used(name: str, places: dict[str, Path]) -> None:
    path = places[name]
    for mode in (0o444, 0o420, 0o660):
        path.chmod(mode)
        with pytest.raises(UnsafeFile, match=f"chmod 600 {path}"):
            Sources(**{name: path}).material()  # type: ignore[arg-type]
    path.chmod(0o400)
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(UnsafeFile):
        Sources(**{name: link}).material()  # type: ignore[arg-type]


def test_a_short_keyfile_is_not_one(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(UsageError, match="holds 32 random bytes"):
        Sources(keyfile=path).material()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "ended with 3"),
        ("print('x' * 2000)", "more than 1024 bytes"),
        ("pass", "empty passphrase"),
        ("import time; time.sleep(60)", "no passphrase within"),
    ],
)
def test_a_command_that_gives_no_passphrase(code: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "sleep" in code:
        monkeypatch.setattr(module, "COMMAND_SECONDS", 0.3)
    with pytest.raises(UsageError, match=said):
        Sources(passphrase_command=(sys.executable, "-c", code)).material()


def test_a_command_runs_without_a_shell_and_without_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", "hush")
    code = "import os, sys; print(sys.argv[1], 'PROXMOX_TOKEN_SECRET' in os.environ)"
    made = Sources(passphrase_command=(sys.executable, "-c", code, "$HOME; `id`")).material()
    assert made.raw == b"$HOME; `id` False"
    with pytest.raises(UsageError, match="cannot be run"):
        Sources(passphrase_command=("no-such-program-here",)).material()
