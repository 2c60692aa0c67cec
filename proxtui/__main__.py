"""``python -m proxtui`` and the console script ``proxtui``."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; the exit code is an interface, see ``proxtui.errors``."""
    from proxtui.cli.hardening import harden

    harden()
    if len(sys.argv) == 1 and "_PROXTUI_COMPLETE" not in os.environ:
        # There is nothing to parse: the dashboard opens without the code that does.
        from proxtui.cli.dashboard import main as run
    else:
        from proxtui.cli.main import main as run
    return run()


if __name__ == "__main__":
    sys.exit(main())
