"""What the first picture does not need is neither loaded nor made before it: that is what a quick start consists of."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    *("pydantic", "httpx", "click", "anyio"),
    *(f"proxtui.kit.{name}" for name in ("palette", "finder", "commands", "command_line", "help", "wall", "chart")),
    *("proxtui.kit.detail_pane", "proxtui.features.nodes.screen", "proxtui.tui.dialogs"),
)
MOST_WIDGETS = 16
LOADED = f"""
import asyncio, sys
from proxtui.config.environment import from_environment
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime

async def run():
    config = from_environment({{"PROXMOX_HOST": "127.0.0.1", "PROXMOX_USERNAME": "root", "PROXMOX_PASSWORD": "p"}})
    async with open_runtime(config) as runtime:
        app = ProxtuiApp(runtime)
        app._start_polling = lambda: None
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.pause()
            print([name for name in {LATER!r} if name in sys.modules], len(app.screen.query("*")))

asyncio.run(run())
"""


def test_the_first_picture_loads_and_makes_little() -> None:
    answer = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)
    loaded, _, widgets = answer.stdout.strip().rpartition(" ")
    assert loaded == "[]"
    assert int(widgets) <= MOST_WIDGETS
