"""What is remembered: written whole, shared by several, and never a reason to stop."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxtui.core import state_file
from proxtui.core.memory import KEPT_LINES, Memory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "proxtui" / "state.json"


def written(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def modes(file: Path) -> tuple[int, int]:
    return stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)


def identity(file: Path) -> tuple[int, int]:
    return file.stat().st_mtime_ns, file.stat().st_ino


@contextmanager
def locked(file: Path) -> Iterator[None]:
    file.parent.mkdir()
    with open(f"{file}.lock", "w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def put(file: Path, text: str | bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


async def test_it_comes_back_and_only_its_owner_may_look(file: Path) -> None:
    memory = Memory(file)
    assert not file.parent.exists()
    memory.put({"sort": "cpu"}, "tenants", "acme", "guests")
    memory.add_line("commands", "nodes")
    assert memory.is_dirty
    await memory.save()
    assert not memory.is_dirty
    assert modes(file) == (0o600, 0o700)
    again = Memory(file)
    assert again.get("tenants", "acme", "guests") == {"sort": "cpu"}
    assert again.lines("commands") == ["nodes"]
    assert (memory.news(), again.news()) == ("", "")


async def test_nothing_is_written_when_nothing_changed(file: Path) -> None:
    memory = Memory(file)
    memory.put("x", "theme")
    await memory.save()
    before = identity(file)
    memory.put("x", "theme")
    await memory.save()
    assert identity(file) == before


async def test_two_dashboards_do_not_lose_each_others(file: Path) -> None:
    one, other = Memory(file), Memory(file)
    one.put({"sort": "cpu"}, "tenants", "acme", "guests")
    other.put({"sort": "mem"}, "tenants", "zeta", "guests")
    one.put({"view": "guests"}, "saved", "mine")
    one.add_line("commands", "nodes")
    other.add_line("commands", "tasks")
    await one.save()
    await other.save()
    assert set(written(file)["tenants"]) == {"acme", "zeta"}
    assert written(file)["commands"] == ["nodes", "tasks"]
    # The other one knows by now what was saved beside it, and forgets it for both.
    assert other.get("saved", "mine") == {"view": "guests"}
    other.put(None, "saved", "mine")
    await other.save()
    assert written(file)["saved"] == {}


async def test_what_we_do_not_know_stays_in_the_file(file: Path) -> None:
    put(file, '{"format": 1, "later": [1], "tenants": 7}')
    memory = Memory(file)
    assert memory.get("tenants", "acme") is None
    memory.put("guests", "tenants", "acme", "view")
    await memory.save()
    assert written(file) == {"format": 1, "later": [1], "tenants": {"acme": {"view": "guests"}}}


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "1"}', b"\xff\xfe", "[" * 100_000])
async def test_a_broken_file_is_told_once_and_moved_aside(file: Path, text: str | bytes) -> None:
    put(file, text)
    aside = file.with_name("state.json.broken")
    aside.write_text("an older one", encoding="utf-8")
    memory = Memory(file)
    assert "cannot be used" in memory.news()
    assert memory.news() == ""
    memory.put("x", "theme")
    await memory.save()
    assert "it lies in state.json.broken-1 now" in memory.news()
    assert aside.read_text(encoding="utf-8") == "an older one"
    kept = file.with_name("state.json.broken-1").read_bytes()
    assert kept == (text.encode() if isinstance(text, str) else text)
    assert written(file) == {"format": 1, "theme": "x"}
    memory.put("y", "theme")
    await memory.save()
    assert memory.news() == ""


async def test_a_newer_file_is_left_alone(file: Path) -> None:
    put(file, '{"format": 99, "theme": "x"}')
    memory = Memory(file)
    assert "newer proxtui" in memory.news()
    memory.put("y", "theme")
    await memory.save()
    assert memory.get("theme") == "y"
    assert written(file) == {"format": 99, "theme": "x"}
    assert not memory.is_kept


async def test_it_may_become_newer_while_we_run(file: Path) -> None:
    memory = Memory(file)
    put(file, '{"format": 99}')
    memory.put("y", "theme")
    await memory.save()
    assert "newer proxtui" in memory.news()
    assert written(file) == {"format": 99}


async def test_a_folder_that_cannot_be_made_is_told_once_and_forgotten_nothing(tmp_path: Path) -> None:
    blocker = tmp_path / "blocker"
    blocker.write_text("", encoding="utf-8")
    memory = Memory(blocker / "state.json")
    told = [memory.news()]
    for theme in ("x", "y"):
        memory.put(theme, "theme")
        await memory.save()
        told.append(memory.news())
    assert [line for line in told if line] == told[:1]
    assert "cannot" in told[0]
    assert memory.get("theme") == "y"


async def test_a_full_disk_keeps_the_old_file_and_is_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(file)
    memory.put("old", "theme")
    await memory.save()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        memory.put("new", "theme")
        await memory.save()
        assert memory.news().endswith("No space left on device; proxtui goes on without")
        assert written(file)["theme"] == "old"
        memory.add_line("commands", "nodes")
        await memory.save()
        assert memory.news() == ""
    await memory.save()
    assert written(file) == {"format": 1, "theme": "new", "commands": ["nodes"]}
    assert sorted(one.name for one in file.parent.iterdir()) == ["state.json", "state.json.lock"]


async def test_a_lock_that_is_held_is_waited_for_only_so_long(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_file, "LOCK_TRIES", 2)
    memory = Memory(file)
    memory.put("x", "theme")
    with locked(file):
        await memory.save()
        assert "another proxtui keeps it locked" in memory.news()
    assert memory.is_dirty
    await memory.save()
    assert written(file)["theme"] == "x"


def test_a_pipe_in_its_place_keeps_nobody_waiting(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    assert "no regular file" in Memory(file).news()


def test_lines_are_bounded_clean_and_hold_no_secret(file: Path) -> None:
    memory = Memory(file)
    for line in ("password hunter2", "go x\x1b]0;", "TOKEN=1", "x" * 501, "", "00000000-0000-0000-0000-000000000000"):
        memory.add_line("commands", line)
    assert memory.lines("commands") == []
    for number in range(KEPT_LINES + 5):
        memory.add_line("commands", f"go {number}")
    memory.add_line("commands", "go 100")
    lines = memory.lines("commands")
    assert (len(lines), lines[-1], lines.count("go 100")) == (KEPT_LINES, "go 100", 1)
    put(file, json.dumps({"format": 1, "commands": ["nodes", 7, "x\x1b[2J", "secret=1"]}))
    assert Memory(file).lines("commands") == ["nodes"]


async def test_without_a_file_it_lasts_for_the_session() -> None:
    memory = Memory()
    memory.put("x", "theme")
    await memory.save()
    assert memory.get("theme") == "x"
    assert not memory.is_dirty
