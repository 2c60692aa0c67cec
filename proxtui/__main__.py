"""``python -m proxtui`` and the console script ``proxtui``."""

from __future__ import annotations

import sys

from proxtui.cli.main import main as run


def main() -> int:
    """Run the command line; the exit code is an interface, see ``proxtui.errors``."""
    return run()


if __name__ == "__main__":
    sys.exit(main())
