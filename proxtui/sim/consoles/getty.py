"""A terminal that only pretends: a login prompt, and behind it a shell of a few words."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

CHUNK = 65_536
HELP = "hostname, echo TEXT, stty size, flood BYTES, noise, exit, hangup"


class Getty:
    """What answers behind a console without ``--shell``. Any name and password do; with a ``name`` nobody is asked."""

    def __init__(self, host: str, name: str = "") -> None:
        self.host = host
        self.size = (80, 24)
        self.name = name
        self._at = "shell" if name else "login"
        self._line = ""
        self._out: deque[Iterator[bytes]] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._say(self._prompt())

    def feed(self, data: bytes) -> None:
        """What was typed."""
        for letter in data.decode("utf-8", "replace"):
            self._key(letter)

    def resize(self, columns: int, rows: int) -> None:
        """Take another size; ``stty size`` tells it."""
        self.size = (columns, rows)

    def take(self) -> bytes:
        """The next output, up to 64 KiB; empty when there is none now."""
        while self._out:
            piece = next(self._out[0], None)
            if piece is not None:
                return piece
            self._out.popleft()
        return b""

    async def read(self) -> bytes:
        """The next output when there is some; empty at the end."""
        while True:
            piece = self.take()
            if piece or self._ended:
                return piece
            self._news.clear()
            await self._news.wait()

    async def end(self) -> None:
        """Nothing comes any more."""
        self._ended = True
        self._news.set()

    def _say(self, text: str) -> None:
        self._pour(iter([text.encode()]))

    def _pour(self, pieces: Iterator[bytes]) -> None:
        self._out.append(pieces)
        self._news.set()

    def _prompt(self) -> str:
        if self._at == "shell":
            return f"{self.name}@{self.host}:~$ "
        return "Password: " if self._at == "password" else f"{self.host} login: "

    def _key(self, letter: str) -> None:
        if letter in "\r\n":
            line, self._line = self._line, ""
            self._say("\r\n")
            self._entered(line)
            if not self._ended:
                self._say(self._prompt())
        elif letter in "\x7f\b":
            if self._line and self._at != "password":
                self._say("\b \b")
            self._line = self._line[:-1]
        elif letter == "\x03":
            self._line = ""
            self._say("^C\r\n" + self._prompt())
        elif letter >= " ":
            self._line += letter
            if self._at != "password":
                self._say(letter)

    def _entered(self, line: str) -> None:
        if self._at == "login":
            self.name = line.strip()
            self._at = "password" if self.name else "login"
        elif self._at == "password":
            self._at = "shell"
            self._say(f"This is a simulation. It knows: {HELP}\r\n")
        else:
            self._run(*(line.strip().partition(" ")[::2]))

    def _run(self, word: str, rest: str) -> None:
        if word == "hostname":
            self._say(f"{self.host}\r\n")
        elif word == "echo":
            self._say(f"{rest}\r\n")
        elif (word, rest) == ("stty", "size"):
            self._say(f"{self.size[1]} {self.size[0]}\r\n")
        elif word == "flood" and rest.isdigit():
            self._pour(_flood(min(int(rest), 1 << 30)))
        elif word == "noise":
            self._pour(iter([bytes(range(256)) * 16, b"\r\n"]))
        elif word == "exit":
            self._at = "login"
        elif word == "hangup":
            self._ended = True
            self._news.set()
        elif word:
            self._say(f"{word}: command not found\r\n")


def _flood(length: int) -> Iterator[bytes]:
    """Lines of 64 bytes, ``length`` bytes in all, made as they are asked for."""
    line = b"0123456789abcdef" * 3 + b"proxtui-console" + b"\n"
    piece = (line[:62] + b"\r\n") * (CHUNK // 64)
    while length > 0:
        yield piece[:length]
        length -= len(piece)
