"""Addresses that are none, pauses that are none, and an output that takes nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proxtui.config.address import parse_address
from tests.cli.conftest import Simulator


def run(*arguments: str, stdout: str | None = None) -> tuple[int, str]:
    command = [sys.executable, "-m", "proxtui", *arguments]
    with open(stdout or "/dev/null", "w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.parametrize("host", ["999.1.1.1", "256.256.256.256", "127.1", "1.2.3", "12345", "0x7f.1"])
def test_numbers_that_are_no_address_are_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(ValueError, match="not a host name or address"):
        parse_address(host)


@pytest.mark.parametrize("host", ["pve1", "10.0.0.1", "10-0-0-1", "1st.example", "cafe", "node7.abc", "dead.beef"])
def test_names_and_addresses_are_taken(host: str) -> None:
    assert parse_address(host).host == host


def test_nan_is_no_pause() -> None:
    code, said = run("--host", "127.0.0.1", "guests", "list", "--watch=nan")
    assert code == 2
    assert "nan is not a number of seconds" in said


CLOSED = "proxtui: cannot write to stdout: Bad file descriptor\n"


@pytest.mark.parametrize(
    ("call", "code", "out", "err"),
    [
        ("--version >&-", 1, "", CLOSED),
        ("guests list --help >&-", 1, "", CLOSED),
        ("completion bash >&-", 1, "", CLOSED),
        ("guests list --json --columns nonsense >&-", 2, "", None),
        ("status >&-", 3, "", None),
        ("--version 2>&-", 0, None, ""),
        ("guests list 2>&-", 2, "", ""),
        ("guests list >&- 2>&-", 2, "", ""),
        ("--version <&-", 0, None, ""),
        ("--version <&- >&- 2>&-", 1, "", ""),
    ],
)
def test_closed_streams_are_no_crash(call: str, code: int, out: str | None, err: str | None) -> None:
    """None: something, in one line."""
    done = subprocess.run(
        ["bash", "-c", f"exec {sys.executable} -m proxtui {call}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == code
    for said, wanted in ((done.stdout, out), (done.stderr, err)):
        assert said == wanted if wanted is not None else said.count("\n") == 1
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("verb", ["guests list --json", "status", "guests list --watch=1 --json"])
def test_a_reader_that_takes_one_byte_and_leaves_is_no_error(verb: str, simulator: Simulator) -> None:
    shell = f"{sys.executable} -m proxtui {verb} | head -c 1 >/dev/null"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert simulator.server


def test_a_full_disk_is_one_line() -> None:
    code, said = run("--help", stdout="/dev/full")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("proxtui: cannot write to stdout: ")
