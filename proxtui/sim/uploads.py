"""Uploads: a multipart body that is read as it comes and never kept."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
MOST = 64 * 1024
"""Bytes that the fields beside the file may have."""


@dataclass(slots=True)
class Upload:
    """What arrived: the fields, and of the file its name, size and checksum."""

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    size: int = 0
    digest: str | None = None
    """Checksum by the algorithm that a field before the file named."""
    broken: str | None = None
    """Why the body makes no sense."""


class Reader:
    """Takes the chunks of one body; after the last one :attr:`upload` is complete."""

    def __init__(self, content_type: str) -> None:
        match = re.search(r'boundary="?([^";]+)"?', content_type)
        self.upload = Upload()
        self._mark = b"\r\n--" + (match[1] if match else "").encode()
        # The first boundary stands at the very beginning, where no line ends before it.
        self._rest = b"\r\n"
        self._hash: hashlib._Hash | None = None
        self._in_file = self._done = False
        if match is None:
            self.upload.broken = "upload: no boundary found"

    def feed(self, chunk: bytes) -> None:
        self._rest += chunk
        while not self._done and self.upload.broken is None and self._step():
            continue

    def end(self) -> Upload:
        if not self._done and self.upload.broken is None:
            self.upload.broken = "upload failed: unexpected end of data"
        return self.upload

    def _step(self) -> bool:
        """Take one part's head, or as much of the file as is sure; False when more has to come."""
        if self._in_file:
            return self._take_file()
        start = self._rest.find(self._mark)
        if start < 0:
            return False
        after = self._rest[start + len(self._mark) :]
        if after.startswith(b"--"):
            self._done = True
            return False
        head, found, body = after.partition(b"\r\n\r\n")
        if not found:
            if len(after) > MOST:
                self.upload.broken = "upload: header too large"
            return False
        return self._take_part(head.decode("utf-8", "replace"), body)

    def _take_part(self, head: str, body: bytes) -> bool:
        name = re.search(r'[ ;]name="([^"]*)"', head)
        file = re.search(r'filename="([^"]*)"', head)
        if file is not None:
            self.upload.filename, self._in_file = file[1], True
            algorithm = self.upload.fields.get("checksum-algorithm")
            if algorithm in ALGORITHMS:
                self._hash = hashlib.new(algorithm, usedforsecurity=False)
            self._rest = body
            return True
        end = body.find(self._mark)
        if end < 0:
            if len(body) > MOST:
                self.upload.broken = "upload: field too large"
            return False
        self.upload.fields[name[1] if name else ""] = body[:end].decode("utf-8", "replace")
        self._rest = body[end:]
        return True

    def _take_file(self) -> bool:
        end = self._rest.find(self._mark)
        # What may be the beginning of the boundary stays until more has come.
        sure = end if end >= 0 else max(0, len(self._rest) - len(self._mark))
        self.upload.size += sure
        if self._hash is not None:
            self._hash.update(self._rest[:sure])
        self._rest = self._rest[sure:]
        if end < 0:
            return False
        self._in_file = False
        self.upload.digest = self._hash.hexdigest() if self._hash else None
        return True
