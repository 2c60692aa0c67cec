"""SPICE from the dashboard: handed to its viewer, or told why not, before PVE is asked for anything."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.errors import ApiError, ConsoleError
from proxtui.features.terminals import screen

from .consoling import Lab, lab
from .test_consoles_screen import shown, until


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Lab]:
    async with lab(tmp_path) as one:
        yield one


@pytest.fixture
def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``remote-viewer`` that writes down what it was given."""
    told = tmp_path / "told"
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "remote-viewer"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "found = json.dumps([sys.argv[1:], dict(os.environ), sys.stdin.read()])\n"
        f"open({str(told)!r} + '.new', 'w').write(found)\nos.rename({str(told)!r} + '.new', {str(told)!r})\n"
    )
    script.chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("DISPLAY", ":99")
    return told


def told_to(viewer: Path) -> Any:
    return json.loads(viewer.read_text()) if viewer.exists() else None


async def test_it_is_handed_to_the_viewer(here: Lab, viewer: Path) -> None:
    target = here.target()
    here.site.guests[target.vmid].extra["vga"] = "qxl"
    async with shown() as (app, pilot):
        await screen.open_spice(app, here.runtime, target)
        assert app.told == [f"vm {target.id} {target.name}: handed to remote-viewer"]
        await until(pilot, viewer.exists)
    arguments, environ, stdin = told_to(viewer)
    assert arguments == ["-"]
    password = next(one for one in stdin.splitlines() if one.startswith("password=")).partition("=")[2]
    assert password
    assert password not in json.dumps(environ)
    assert not any(password in repr(entry) for entry in here.journal.entries)
    assert here.journal.entries[-1].message == "handed to remote-viewer"


@pytest.mark.parametrize("installed", [True, False])
async def test_without_a_display(
    here: Lab, viewer: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installed: bool
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if not installed:
        (tmp_path / "bin" / "remote-viewer").unlink()
    async with shown() as (app, _pilot):
        with pytest.raises(ConsoleError, match=r"there is no display here.*its screen needs none: v, or proxtui relay"):
            await screen.open_spice(app, here.runtime, here.target())
    assert here.calls("spiceproxy") == []
    assert told_to(viewer) is None


async def test_what_has_no_spice_or_no_viewer(here: Lab, viewer: Path, tmp_path: Path) -> None:
    async with shown() as (app, _pilot):
        with pytest.raises(ApiError, match="it has no SPICE display: set its display to SPICE"):
            await screen.open_spice(app, here.runtime, here.target())
        (tmp_path / "bin" / "remote-viewer").unlink()
        with pytest.raises(ConsoleError, match="remote-viewer is not installed"):
            await screen.open_spice(app, here.runtime, here.target())
    assert len(here.calls("spiceproxy")) == 1
    assert [entry.result for entry in here.journal.entries if entry.event == "console.close"] == ["failed", "failed"]
