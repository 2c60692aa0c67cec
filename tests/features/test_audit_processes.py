"""Several processes on one audit: one chain, and nothing that was acknowledged is lost, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.features.audits import Audit, audit_in

WRITER = """
import sys
from pathlib import Path
from tests.features.audits import append, audit_in, by, entry
audit = audit_in(Path(sys.argv[1]))
with audit.opened() as store:
    for number in range(int(sys.argv[3])):
        append(store, by(sys.argv[2], entry(target_id=str(number))))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""
MEMORY = Path("/dev/shm")  # noqa: S108 # a disk of memory: the chain is what is tested, not how fast a disk syncs


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(folder), name, str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_four_processes_make_one_chain(tmp_path: Path) -> None:
    import shutil
    import tempfile

    quick = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(dir=MEMORY)) if quick else tmp_path
    try:
        # Key, anchor and table do not exist yet: all four try to make them.
        running = [writer(folder, f"user{number}", 1_000) for number in range(4)]
        said = [process.communicate(timeout=100) for process in running]
        assert [process.returncode for process in running] == [0] * 4, said
        audit = audit_in(folder)
        verdict = audit.verdict()
        assert verdict.problems == []
        assert (verdict.rows, verdict.head.seq, verdict.anchor) == (4_000, 4_000, 4_000)
        for number in range(4):
            mine = [row[0] for row in audit.rows("target, user") if row[1] == f"user{number}"]
            assert mine == [str(at) for at in range(1_000)]
    finally:
        if quick:
            shutil.rmtree(folder)


@pytest.mark.parametrize("after", [3, 20])
def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path: Path, after: int) -> None:
    audit = audit_in(tmp_path)
    process = writer(tmp_path, "bob", 100_000)
    assert process.stdout is not None
    acknowledged = 0
    for line in process.stdout:
        acknowledged = int(line) + 1
        if acknowledged == after:
            os.kill(process.pid, signal.SIGKILL)
    # What it still said before it died was acknowledged, too.
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
    assert acknowledged >= after
    whole(audit, acknowledged)
    audit.write()
    other = writer(tmp_path, "alice", 5)
    assert other.communicate(timeout=20)[0].split() == ["0", "1", "2", "3", "4"]
    assert audit.verdict().whole


def whole(audit: Audit, acknowledged: int) -> None:
    verdict = audit.verdict()
    assert verdict.problems == []
    # One more may be on the disk, whose writer died before it could say so.
    assert verdict.rows in (acknowledged, acknowledged + 1)
