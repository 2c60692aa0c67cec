"""Take the pictures of ``docs/``: the dashboard over the simulated fleet, as PNG.

``.venv/bin/python tools/pictures.py`` - needs the extra ``demo`` and rsvg-convert (Debian: librsvg2-bin).
"""

from __future__ import annotations

import asyncio
import html
import re
import subprocess
import sys
from pathlib import Path

from rich.cells import get_character_cell_size

from proxtui.cli.simulation import configuration, simulation
from proxtui.core.model import SourceState
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDE, SMALL = (150, 42), (80, 24)
PICTURES = {
    "guests": (WIDE, ["down"] * 3),
    "guest": (WIDE, ["down"] * 3 + ["enter"]),
    "nodes": (WIDE, ["2", "down", "enter"]),
    "guests-80x24": (SMALL, ["down"] * 2),
    "guest-80x24": (SMALL, ["down"] * 2 + ["enter"]),
}
TEXT = re.compile(r"<text([^>]*)>([^<]*)</text>")


async def take(name: str, size: tuple[int, int], keys: list[str]) -> None:
    with simulation("fleet") as announced:
        async with open_runtime(configuration(announced), read_only=True) as runtime:
            app = ProxtuiApp(runtime)
            async with app.run_test(size=size) as pilot:
                while any(snapshot.state is not SourceState.FRESH for snapshot in runtime.store.fleet().snapshots):
                    await pilot.pause(0.1)
                # What was read is painted a moment later, and keys mean the rows that one sees.
                await pilot.pause(0.5)
                await pilot.press(*keys)
                # The details of the selected thing are asked for when the cursor has rested.
                await pilot.pause(2.0)
                svg = app.export_screenshot(title="proxtui demo")
    to_png(svg, DOCS / f"{name}.png")


def to_png(svg: str, target: Path) -> None:
    subprocess.run(
        ["rsvg-convert", "--zoom", "0.7", "--output", str(target)], input=TEXT.sub(on_cells, svg), text=True, check=True
    )  # fmt: skip


def on_cells(match: re.Match[str]) -> str:
    """Every sign on its own cell: fonts that stand in for a missing one are wider, and leading blanks get lost."""
    attributes, text = match[1], html.unescape(match[2])
    length = re.search(r'textLength="([\d.]+)"', attributes)
    start = re.search(r'\bx="([\d.]+)"', attributes)
    if length is None or start is None:
        return match[0]
    cell = float(length[1]) / (sum(map(get_character_cell_size, text)) or 1)
    plain = re.sub(r'\s*(textLength|\bx)="[\d.]+"', "", attributes)
    drawn, at = [], float(start[1])
    for word in re.findall(r"[!-~]+|.", text):
        if word.strip():
            drawn.append(f'<text x="{at:.2f}"{plain}>{html.escape(word)}</text>')
        at += cell * sum(map(get_character_cell_size, word))
    return "".join(drawn)


async def main(names: list[str]) -> None:
    for name in names or list(PICTURES):
        await take(name, *PICTURES[name])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
