"""What of this process can be connected to."""

from __future__ import annotations

from pathlib import Path


def listeners() -> set[str]:
    """Sockets of this process that anybody could connect to: TCP of both kinds, and unix."""
    mine = {link.readlink().name for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and f"socket:[{cells[9]}]" in mine:
                found.add(f"{table} {cells[1]}")
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        cells = line.split()
        # The flag is __SO_ACCEPTCON: it listens.
        if int(cells[3], 16) & 0x10000 and f"socket:[{cells[6]}]" in mine:
            found.add(f"unix {cells[6]}")
    return found
