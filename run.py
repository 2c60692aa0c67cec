#!/usr/bin/env python3
"""Set up everything in ``.venv`` beside this file, then do one thing: ``demo``, ``test`` or ``check``.

Needs only Python 3.11 or newer and the package index that pip is set up for.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"

VERBS = {
    "demo": "open the dashboard over a simulated fleet",
    "test": "run all tests",
    "check": "run ruff, mypy and import-linter",
}


def main() -> int:
    verb, extra = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if verb not in VERBS:
        print("usage: python3 run.py VERB [ARGUMENTS]", file=sys.stderr)
        for name, meaning in VERBS.items():
            print(f"  {name:6} {meaning}", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036  whatever Python the machine has starts this file
        print(f"proxtui needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    problem = set_up("demo" if verb == "demo" else "dev")
    if problem:
        print(f"run.py: {problem}", file=sys.stderr)
        return 1
    return {"demo": demo, "test": test, "check": check}[verb](extra)


def set_up(extra: str) -> str | None:
    """Make the virtual environment and install ``extra`` when what is asked has changed. Says what went wrong."""
    stamp = VENV / f"installed-{extra}"
    wanted = fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted and PYTHON.exists():
        return None
    if not PYTHON.exists():
        print("setting up .venv ...", file=sys.stderr)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
        if made.returncode:
            return "could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv"
    print(f"installing proxtui[{extra}] ...", file=sys.stderr)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "-c", "constraints.txt", "-e", f".[{extra}]"], cwd=HERE, check=False)
    if done.returncode:
        return "the installation failed; pip says why above"
    stamp.write_text(wanted, encoding="ascii")
    return None


def fingerprint() -> str:
    """Changes whenever another set of packages is asked for."""
    asked = (HERE / "pyproject.toml").read_bytes() + (HERE / "constraints.txt").read_bytes()
    return hashlib.sha256(asked + sys.version.encode()).hexdigest()


def demo(arguments: list[str]) -> int:
    return subprocess.run([str(BIN / "proxtui"), "demo", *arguments], check=False).returncode


def test(arguments: list[str]) -> int:
    return subprocess.run([str(PYTHON), "-m", "pytest", *arguments], cwd=HERE, check=False).returncode


def check(_arguments: list[str]) -> int:
    """Every check runs, so that one run shows all there is to mend."""
    commands = (
        [str(BIN / "ruff"), "format", "--check", "."],
        [str(BIN / "ruff"), "check", "."],
        [str(BIN / "mypy")],
        [str(BIN / "lint-imports")],
    )
    return max(subprocess.run(command, cwd=HERE, check=False).returncode for command in commands)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
