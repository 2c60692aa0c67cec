"""A process of ours and those it starts: what others could read of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from proxtui.core.children import environment
from tests.cli.conftest import spawn

LOOK = """
import ctypes, json, os, resource, sys
import proxtui.__main__ as way
import proxtui.cli.main as line
line.main = lambda: print(json.dumps({
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "umask": os.umask(0),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
})) or 0
sys.argv = ["proxtui", "status"]
sys.exit(way.main())
"""


def test_the_process_is_closed_to_others_before_anything_else() -> None:
    answer = spawn(code=LOOK)
    assert json.loads(answer.out) == {"dumpable": 0, "umask": 0o077, "core": [0, 0]}


def test_a_child_gets_no_secret_of_the_environment() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C.UTF-8", "HOME": "/nowhere", "DISPLAY": ":0"}
    secret = {
        "PROXMOX_TOKEN_SECRET": "hush",
        "PROXTUI_PASSPHRASE_COMMAND": "x",
        "AWS_SECRET": "hush",
        "LD_PRELOAD": "x",
    }
    assert environment(given | secret) == given
    assert environment(given | secret, "AWS_SECRET") == given | {"AWS_SECRET": "hush"}


def test_the_simulator_is_started_without_it() -> None:
    code = """
import os
os.environ["PROXMOX_TOKEN_SECRET"] = "hush-hush-hush"
from proxtui.cli import simulation
import tempfile
child = simulation._start("small", None, tempfile.TemporaryFile())
child.stdout.readline()
print("hush-hush" in open(f"/proc/{child.pid}/environ").read())
simulation._end(child)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30, env=dict(os.environ)
    )
    assert done.stdout == "False\n", done.stderr
