"""Addresses that are none, pauses that are none, and an output that takes nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proxtui.config.address import parse_address


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


def test_a_full_disk_is_one_line() -> None:
    code, said = run("--help", stdout="/dev/full")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("proxtui: cannot write to stdout: ")
