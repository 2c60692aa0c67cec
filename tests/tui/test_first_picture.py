"""What the first picture does not need is neither loaded nor made before it: that is what a quick start consists of."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    *("pydantic", "httpx", "click", "anyio"),
    *(f"proxtui.kit.{name}" for name in ("palette", "finder", "commands", "command_line", "help", "wall", "chart")),
    *("proxtui.kit.detail_pane", "proxtui.features.nodes.screen", "proxtui.tui.dialogs"),
    *("proxtui.core.sheet", "proxtui.kit.column_chooser", "proxtui.kit.setup_view", "proxtui.core.operation"),
)
MOST_WIDGETS = 16
MOST_STYLED = 12
"""Component classes of all widgets: each is one node more that is matched against all style rules."""
MOST_DATACLASSES = 15
"""Of our own: each takes as long to make as ten plain records. The configuration has eleven: pydantic reads it."""
LOADED = f"""
import asyncio, dataclasses, sys
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
            widgets = list(app.screen.query("*"))
            ours = [vars(module) for name, module in sys.modules.items() if name.startswith("proxtui")]
            made = {{one for names in ours for one in names.values() if isinstance(one, type)}}
            made = [one for one in made if "__dataclass_fields__" in vars(one) and one.__module__.startswith("proxtui")]
            styled = sum(len(one._component_styles) for one in widgets)
            print(len(widgets), styled, len(made), *(name for name in {LATER!r} if name in sys.modules))

asyncio.run(run())
"""


def test_the_first_picture_loads_and_makes_little() -> None:
    answer = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)
    widgets, styled, dataclasses, *loaded = answer.stdout.split()
    assert loaded == []
    assert int(widgets) <= MOST_WIDGETS
    assert int(styled) <= MOST_STYLED
    assert int(dataclasses) <= MOST_DATACLASSES
