"""The listener for one viewer of one console: on a socket of this user, with a password that is good once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from proxtui.core.redact import redact
from proxtui.errors import ConsoleError
from proxtui.features.consoles.peers import is_mine
from proxtui.pve.rfb.server import NoViewer, WaitingViewer, WrongPassword, greet
from proxtui.pve.rfb.streams import PIECE, ViewerStream

log = logging.getLogger(__name__)

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""What nobody mistakes for another; VncAuth looks at eight characters."""
PASSWORD_LENGTH: Final = 8
CONNECT_SECONDS: Final = 60.0
TRIES: Final = 3
BACKLOG: Final = 128
GREETED_AT_ONCE: Final = 8
LONGEST_PATH: Final = 107
"""Of a unix socket, in bytes."""
HOST: Final = "127.0.0.1"

Check = Callable[[socket.socket], bool]


def new_password() -> str:
    """Eight characters, 46 bits; kept out of logs and reports from now on."""
    found = "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))
    redact.hide(found)
    return found


class Door:
    """One console waits behind it for one viewer."""

    def __init__(self, *, password: str | None, socket_path: Path | None, port: int, check: Check) -> None:
        self.password = password
        """What the viewer has to know; None: the socket alone is enough."""
        self.socket = socket_path
        """Where it listens; None: on ``port``."""
        self.port = port
        """On 127.0.0.1; 0 for a unix socket."""
        self.strangers = 0
        """Connections of others that were closed without a byte."""
        self._check = check
        self._wrong = 0
        self._greeted = 0
        self._meetings: set[asyncio.Task[None]] = set()
        self._listening = contextlib.AsyncExitStack()
        self._came: asyncio.Future[tuple[WaitingViewer, ViewerStream]] = asyncio.get_running_loop().create_future()

    async def viewer(self, seconds: float = CONNECT_SECONDS) -> tuple[WaitingViewer, ViewerStream]:
        """The one that proved itself; it is closed with the door. ``ConsoleError`` when none does in time."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._came)
        except TimeoutError as error:
            raise ConsoleError(f"no viewer came within {seconds:g} s: its password is void") from error

    def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody connected."""
        meeting = asyncio.create_task(self._meet(ViewerStream(reader, writer), writer), name="viewer at the door")
        self._meetings.add(meeting)
        meeting.add_done_callback(self._meetings.discard)

    async def shut(self) -> None:
        """Nobody can connect any more, and who was not let in is sent away."""
        await self._listening.aclose()

    async def aclose(self) -> None:
        """The same, and the end of the viewer that was let in."""
        await self.shut()
        if not self._came.done():
            self._came.cancel()
        elif self._came.exception() is None:
            _waiting, viewer = self._came.result()
            await viewer.aclose()

    async def _send_away(self) -> None:
        meetings = tuple(self._meetings)
        for meeting in meetings:
            meeting.cancel()
        await asyncio.gather(*meetings, return_exceptions=True)

    async def _meet(self, stream: ViewerStream, writer: asyncio.StreamWriter) -> None:
        async with contextlib.AsyncExitStack() as closing:
            closing.push_async_callback(stream.aclose)
            raw = writer.get_extra_info("socket")
            # Its own descriptor: asyncio may close the other one while the kernel's tables are read.
            with socket.socket(fileno=os.dup(raw.fileno())) as peer:
                if not await asyncio.to_thread(self._check, peer):
                    self.strangers += 1
                    log.warning("another user of this machine connected to a console: closed without a byte")
                    return
            if self._greeted >= GREETED_AT_ONCE:
                return
            self._greeted += 1
            try:
                waiting = await greet(stream, self.password)
            except WrongPassword:
                self._count_wrong()
                return
            except NoViewer as error:
                log.info("a connection to a console was no viewer: %s", error)
                return
            finally:
                self._greeted -= 1
            if not self._came.done():
                closing.pop_all()
                self._came.set_result((waiting, stream))

    def _count_wrong(self) -> None:
        self._wrong += 1
        log.warning("wrong password at a console (%d of %d)", self._wrong, TRIES)
        if self._wrong >= TRIES and not self._came.done():
            self._came.set_exception(ConsoleError(f"{TRIES} wrong passwords: the console is closed, ask for it again"))


@asynccontextmanager
async def opened_door(
    name: str, *, tcp: bool, password: bool, environ: Mapping[str, str] = os.environ, check: Check = is_mine
) -> AsyncIterator[Door]:
    """Listen, on a unix socket called ``NAME.sock`` or on loopback TCP; when this ends nobody can connect any more.

    ``password`` False is for a unix socket only. ``ConsoleError`` where there is no place to listen.
    """
    word = new_password() if password or tcp else None
    async with contextlib.AsyncExitStack() as closing:
        if tcp:
            path, listener = None, socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            closing.callback(listener.close)
            listener.bind((HOST, 0))
        else:
            listener, path = _bound(name, environ, closing)
        port = 0 if path is not None else listener.getsockname()[1]
        door = Door(password=word, socket_path=path, port=port, check=check)
        start = asyncio.start_unix_server if path is not None else asyncio.start_server
        server = await start(door.met, sock=listener, limit=PIECE, backlog=BACKLOG)
        closing.push_async_callback(door._send_away)
        closing.callback(server.close)
        door._listening.push_async_exit(closing.pop_all())
    try:
        yield door
    finally:
        await door.aclose()


def _bound(
    name: str, environ: Mapping[str, str], closing: contextlib.ExitStack | contextlib.AsyncExitStack
) -> tuple[socket.socket, Path]:
    """A socket of mode 0600 in a folder of mode 0700; both are gone at the end, unless the folder is the usual one."""
    try:
        folder = runtime_folder(environ)
        if folder is None or len(os.fsencode(folder / name)) + len("-abcdef.sock") > LONGEST_PATH:
            folder = Path(tempfile.mkdtemp(prefix="proxtui-"))
            closing.callback(_removed, folder)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        closing.callback(listener.close)
        path = folder / f"{name}.sock"
        try:
            listener.bind(str(path))
        except OSError:
            # One of this name is open, or was when its process was killed.
            path = folder / f"{name}-{secrets.token_hex(3)}.sock"
            listener.bind(str(path))
        closing.callback(path.unlink, missing_ok=True)
        path.chmod(0o600)
    except OSError as error:
        raise ConsoleError(f"there is no place to listen for a viewer: {error.strerror or error}") from error
    return listener, path


def runtime_folder(environ: Mapping[str, str]) -> Path | None:
    """``$XDG_RUNTIME_DIR/proxtui``, made with mode 0700; None where it is missing, or not this user's alone."""
    base = environ.get("XDG_RUNTIME_DIR", "")
    if not os.path.isabs(base) or not os.path.isdir(base):
        return None
    folder = Path(base) / "proxtui"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        log.info("%s cannot be used: %s", folder, error)
        return None
    is_ours = found.st_mode & 0o170077 == 0o040000 and found.st_uid == os.geteuid()
    return folder if is_ours else None


def _removed(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        log.info("%s stays: %s", folder, error)
