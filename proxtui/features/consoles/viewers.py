"""Viewers: which one, what it is started with, and how it learns the password without anybody else seeing it."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from proxtui.core import children
from proxtui.errors import ConsoleError, UsageError
from proxtui.features.consoles.door import HOST, Door
from proxtui.pve.rfb.des import obfuscated

TIGERVNC: Final = ("xtigervncviewer", "vncviewer")
REMOTE_VIEWER: Final = "remote-viewer"
PRINT: Final = "print"
NAMED: Final = ("tigervnc", REMOTE_VIEWER, PRINT)
"""What ``viewer`` may be called, beside a command."""
NONE_FOUND: Final = "no viewer is installed here (Debian: tigervnc-viewer or virt-viewer)"
NO_DISPLAY: Final = "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set)"

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one viewer comes to a console."""

    kind: Literal["tigervnc", "remote-viewer", "command", "print"]
    program: str = ""
    """Its path; of a command the whole template; empty when nothing is started."""
    tcp: bool = False
    why: str = ""
    """Why nothing is started."""

    @property
    def password(self) -> bool:
        """Whether the viewer has to know one: not where only this user's own programs reach the socket."""
        return self.tcp or self.kind == "print"

    @property
    def shows_password(self) -> bool:
        """Whether a person has to hand it over."""
        return self.kind == "print" or (self.kind == "command" and self.tcp)

    @property
    def called(self) -> str:
        """Name of the program, for people."""
        words = shlex.split(self.program) if self.kind == "command" else [self.program]
        return Path(words[0]).name if words and words[0] else "viewer"


def choose(wanted: str, environ: Mapping[str, str], *, tcp: bool = False, which: Which | None = None) -> Manner:
    """What ``viewer`` in the settings, or ``--viewer``, leads to here. UsageError for what is no viewer."""
    find: Which = which or (lambda name: shutil.which(name, path=environ.get("PATH")))
    check(wanted)
    if wanted == PRINT:
        return Manner(kind="print", tcp=tcp)
    if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return Manner(kind="print", tcp=tcp, why=NO_DISPLAY)
    if wanted not in ("", *NAMED):
        return Manner(kind="command", program=wanted, tcp="{socket}" not in wanted)
    if wanted != REMOTE_VIEWER and (found := next(filter(None, map(find, TIGERVNC)), None)):
        return Manner(kind="tigervnc", program=found, tcp=tcp)
    if wanted != "tigervnc" and (found := find(REMOTE_VIEWER)):
        # It speaks VNC over TCP only.
        return Manner(kind="remote-viewer", program=found, tcp=True)
    if wanted:
        raise ConsoleError(f"{wanted} is not installed here")
    return Manner(kind="print", tcp=tcp, why=NONE_FOUND)


def check(wanted: str) -> None:
    """UsageError for a ``viewer`` that is neither a name nor a command with a place for the address."""
    if wanted in ("", *NAMED):
        return
    try:
        words = shlex.split(wanted)
    except ValueError as error:
        raise UsageError(f"viewer: {error} in {wanted!r}") from error
    if not words or not wanted.isprintable() or not ("{socket}" in wanted or "{port}" in wanted):
        names = ", ".join(NAMED)
        need = f"needs one of {names}, or a command with {{socket}} or with {{host}} and {{port}}"
        raise UsageError(f"viewer: {need}, not {wanted[:80]!a}")


@dataclass(frozen=True, slots=True)
class Start:
    """What a program is started with."""

    argv: Sequence[str]
    feed: bytes = field(default=b"", repr=False)
    """For its stdin."""
    hidden: bytes = field(default=b"", repr=False)
    """For a file in memory that it inherits; ``{fd}`` in ``argv`` is its number."""


def start_of(manner: Manner, door: Door, title: str) -> Start:
    """No secret in ``argv``. ``title`` is what the window is called where a viewer asks."""
    if manner.kind == "command":
        place = {"{socket}": str(door.socket or ""), "{host}": HOST, "{port}": str(door.port)}
        words = shlex.split(manner.program)
        for name, value in place.items():
            words = [word.replace(name, value) for word in words]
        return Start(words)
    if manner.kind == REMOTE_VIEWER:
        lines = ("[virt-viewer]", "type=vnc", f"host={HOST}", f"port={door.port}", f"password={door.password}")
        # One line, whatever the guest is called.
        named = "".join(sign for sign in title if sign.isprintable())
        return Start([manner.program, "-"], "\n".join((*lines, f"title={named}", "")).encode())
    if door.socket is not None:
        return Start([manner.program, "-SecurityTypes=None", str(door.socket)])
    words = [manner.program, "-SecurityTypes=VncAuth", "-passwd", "/dev/fd/{fd}", f"{HOST}::{door.port}"]
    return Start(words, hidden=obfuscated(door.password or ""))


class Child:
    """A viewer, started and left to itself: it stays when nobody looks after it any more."""

    def __init__(self, start: Start, environ: Mapping[str, str]) -> None:
        """``ConsoleError`` when it does not start."""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        hidden = _memory_file(start.hidden) if start.hidden else None
        try:
            self._process = subprocess.Popen(  # noqa: S603  chosen by this user, with nothing of others in it
                [word.replace("{fd}", str(hidden)) for word in start.argv],
                stdin=subprocess.PIPE if start.feed else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=children.environment(environ),
                pass_fds=() if hidden is None else (hidden,),
                start_new_session=True,
            )
        except OSError as error:
            raise ConsoleError(f"{Path(start.argv[0]).name} does not start: {error.strerror}") from error
        finally:
            if hidden is not None:
                os.close(hidden)
        threading.Thread(target=self._tend, args=(start.feed,), name="viewer", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ended(self) -> int:
        """Its exit code, once it has one."""
        await self._ended.wait()
        return self._process.returncode

    def _tend(self, feed: bytes) -> None:
        pipe = self._process.stdin
        if pipe is not None:
            with suppress(OSError):
                pipe.write(feed)
            with suppress(OSError):
                pipe.close()
        self._process.wait()
        # The loop may be over long before the viewer is.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)


def _memory_file(data: bytes) -> int:
    found = os.memfd_create("proxtui", 0)
    os.write(found, data)
    os.lseek(found, 0, os.SEEK_SET)
    return found
