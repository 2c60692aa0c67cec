"""SPICE: what PVE says, checked and written as remote-viewer reads it, handed over by stdin and by nothing else."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from proxtui.core import children
from proxtui.errors import ConsoleError, UnexpectedAnswer
from proxtui.features.terminals.service import NoWay, called
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime

VIEWER: Final = "remote-viewer"
PROXY_PORT: Final = 3128
FIELDS: Final = (
    "type", "title", "proxy", "host", "port", "tls-port", "host-subject", "ca", "password", "secure-attention",
    "toggle-fullscreen", "release-cursor",
)  # fmt: skip
"""What is handed on, in this order. Not ``delete-this-file``: there is none."""
NEEDED: Final = ("host", "tls-port", "host-subject", "ca", "password")
LONGEST: Final = 16 * 1024
_TICKET: Final = re.compile(r"[A-Za-z0-9:._+/=@!-]{1,1024}")
_HANDOVER_SECONDS: Final = 5.0


def viewer_file(said: Mapping[str, str], host: str, title: str) -> str:
    """The ``.vv`` for ``remote-viewer``. ``UnexpectedAnswer`` for what no PVE says: no value may begin a line.

    The proxy is always the endpoint that was asked, whatever the answer calls it: it may know itself by another name.
    """
    named = f"[{host}]" if ":" in host else host
    values = {**said, "type": "spice", "title": title, "proxy": f"http://{named}:{PROXY_PORT}"}
    missing = [name for name in NEEDED if not values.get(name)]
    if missing:
        raise UnexpectedAnswer(f"the answer of spiceproxy lacks {', '.join(missing)}")
    for name in FIELDS:
        value = values.get(name, "")
        if len(value) > LONGEST or not value.isprintable():
            raise UnexpectedAnswer(f"the answer of spiceproxy has a {name} that cannot be meant")
    if not _TICKET.fullmatch(values["host"]) or not values["tls-port"].isdigit():
        raise UnexpectedAnswer("the answer of spiceproxy has a host that cannot be meant")
    return "[virt-viewer]\n" + "".join(f"{name}={values[name]}\n" for name in FIELDS if values.get(name))


async def open_display(runtime: Runtime, target: Target, reason: str = "") -> str:
    """Hand the display of a VM to a viewer of its own, which stays when we go; gives what to tell.

    ``NoWay`` behind jump hosts or without a viewer; raises what ``ConsoleDesk.open`` and ``spice_proxy`` raise.
    """
    from proxtui.pve.console import ConsoleTools

    async with runtime.consoles.open("spice", target, reason) as session:
        if runtime.connection(target.ref).active.path == "ssh":
            raise NoWay("SPICE does not go through jump hosts: its screen does")
        # First: where nothing can be seen, nobody has to install anything.
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            why = "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set)"
            raise NoWay(f"{why}; its screen needs none: v, or proxtui relay")
        viewer = shutil.which(VIEWER)
        if viewer is None:
            raise NoWay(f"{VIEWER} is not installed (Debian: virt-viewer)")
        said = await ConsoleTools(session.client).spice_proxy(target.node, target.vmid, "qemu")
        file = viewer_file(said, session.client.config.host, clean(called(target)))
        await asyncio.to_thread(hand_over, viewer, file)
        session.message = f"handed to {VIEWER}"
    return f"{called(target)}: handed to {VIEWER}"


def hand_over(viewer: str, file: str) -> None:
    """Start the viewer with this on its stdin. Nothing of it is in its arguments, its environment or on a disk."""
    try:
        process = subprocess.Popen(  # noqa: S603  found by us, with nothing of others in its arguments
            [viewer, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=children.environment(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise ConsoleError(f"{VIEWER} does not start: {error.strerror}") from error
    # Who goes on at once, as the verb does, must not take away what the viewer has not been given yet.
    fed = threading.Event()
    threading.Thread(target=_feed, args=(process, file.encode(), fed), name="viewer", daemon=True).start()
    if not fed.wait(_HANDOVER_SECONDS):
        raise ConsoleError(f"{VIEWER} does not read what it is given")


def _feed(process: subprocess.Popen[bytes], file: bytes, fed: threading.Event) -> None:
    """In a thread, for it stays until the viewer ends: somebody has to take note of that."""
    assert process.stdin is not None  # noqa: S101  asked for
    try:
        process.stdin.write(file)
        process.stdin.close()
    except OSError:
        # It ended without reading: its own window has said why.
        process.stdin = None
    fed.set()
    process.wait()
