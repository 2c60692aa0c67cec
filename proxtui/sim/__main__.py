"""``python -m proxtui.sim serve``: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from proxtui.sim.faults import KINDS

SCENARIOS = ("small", "fleet", "broken", "huge")


class OneLine(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        """End with 2."""
        self.exit(2, f"proxtui sim: {message}; see proxtui sim serve --help\n")


def parser() -> argparse.ArgumentParser:
    """The flags of ``serve``."""
    top = OneLine(prog="proxtui sim", description="A Proxmox VE cluster in memory, over real HTTPS.")
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve a scenario until SIGTERM")
    add = serve.add_argument
    add("--scenario", choices=SCENARIOS, default="small")
    add("--guests", type=int, metavar="N", help="how many guests scenario huge has (default 10000, up to 50000)")
    add("--port", type=int, default=8006, help="0 picks free ones; several servers take the following ports")
    add("--host", default="127.0.0.1", help="listen here (default: loopback only)")
    add("--env-file", type=Path, metavar="FILE", help="write the PROXMOX_* lines of a client; FILE.SERVER for each")
    add("--announce", action="store_true", help="print one JSON line on stdout once all servers listen")
    add("--stay-with-parent", action="store_true", help="end when stdin ends")
    add("--seed", type=int, default=1, help="same seed, same world")
    add("--auth-delay", type=float, default=3.0, metavar="S", help="how long a 401 is held back (default 3)")
    add("--latency", type=float, default=0.0, metavar="MS", help="added to every answer")
    add("--speed", type=float, default=1.0, metavar="X", help="tasks and life run X times as fast")
    add("--still", action="store_true", help="nothing happens by itself")
    add(
        "--vnc",
        action="append",
        default=[],
        metavar="VMID=HOST:PORT",
        help="the VNC server on this machine (without a password) that plays the screen of a guest; or VMID=/SOCKET",
    )
    add("--shell", action="store_true", help="terminals are real shells, as whoever serves; loopback only")
    add(
        "--fault",
        action="append",
        default=[],
        dest="faults",
        metavar="KIND[:KEY=VALUE,...]",
        help=f"make something wrong from the start: {', '.join(KINDS)}",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    given = vars(parser().parse_args(arguments))
    given.pop("command")
    try:
        import uvicorn  # noqa: F401 -- asked here to say what is missing in one line
    except ImportError:
        sys.stderr.write("proxtui sim: the simulator is not installed: install proxtui with its extra `demo`\n")
        return 2
    from proxtui.sim.serve import ServeOptions, run_serve

    given["faults"], given["vnc"] = tuple(given["faults"]), tuple(given["vnc"])
    return run_serve(ServeOptions(**given))


if __name__ == "__main__":
    sys.exit(main())
