"""Words and short lists as PVE spells them: disks, sizes, tags, snapshots, volumes, pools."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from proxtui.pve.params.base import Whole, is_text, obeys

_DISK = re.compile(
    r"ide[0-3]|sata[0-5]|scsi(?:[0-9]|[12][0-9]|30)|virtio(?:[0-9]|1[0-5])|efidisk0|tpmstate0"
    r"|rootfs|mp(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])|unused[0-9]{1,3}"
)
_SIZE = re.compile(r"\+?[0-9]{1,9}(?:\.[0-9]{1,9})?[KMGT]")
_SNAPSHOT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,39}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+.-]*")
_VOLUME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*:[^\s,:]+")
_STORAGES = re.compile(r"1|[A-Za-z][A-Za-z0-9._-]*(?::[A-Za-z][A-Za-z0-9._-]*)?(?:,[A-Za-z0-9._:-]+)*")
_OPTION = re.compile(r"[a-z][a-z0-9_-]*")
_KEYS = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*")
_DIGEST = re.compile(r"[0-9a-fA-F]{1,40}")
_BETWEEN = re.compile(r"[;,\s]+")


def matching(pattern: re.Pattern[str], rule: str) -> Any:
    """A rule for text that is the whole of ``pattern``, with nothing unseen in it."""
    return obeys(lambda text: is_text(text) and pattern.fullmatch(text) is not None, rule)


def _split(text: object) -> object:
    return [word for word in _BETWEEN.split(text) if word] if isinstance(text, str) else text


def _shell_words(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return shlex.split(text)
    except ValueError:
        raise PydanticCustomError("rule", "a command whose quotes match") from None


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Blank = BeforeValidator(_empty_is_none)
"""An empty line of a form is nothing said."""
Plain = BeforeValidator(_as_text)
"""Numbers are taken as text."""

Disk = Annotated[str, matching(_DISK, "a disk as the configuration names it: scsi0, virtio1, rootfs, mp0")]
Size = Annotated[str, matching(_SIZE, 'a size with its unit: "40G", or "+5G" for so much more')]
SnapshotName = Annotated[
    str,
    matching(_SNAPSHOT, "a letter, then letters, digits, hyphens and underscores: 2 to 40 characters"),
    obeys(lambda name: name not in ("current", "pending"), "a name that PVE does not keep for itself"),
]
Tag = Annotated[str, matching(_TAG, "a tag: letters, digits, and _ + . - after the first")]
Tags = Annotated[list[Tag], BeforeValidator(_split)]
Volume = Annotated[str, Field(max_length=255), matching(_VOLUME, "a volume: STORAGE:iso/FILE")]
StorageMap = Annotated[str, matching(_STORAGES, 'a storage, pairs "from:to" joined by commas, or 1 for the same ones')]
Option = Annotated[str, matching(_OPTION, "an option as the configuration spells it: memory, net0")]
Options = Annotated[list[Option], BeforeValidator(_split)]
Keys = Annotated[
    str, Field(max_length=64), matching(_KEYS, "keys as QEMU names them, joined by hyphens: ctrl-alt-delete")
]
Digest = Annotated[str, matching(_DIGEST, "the digest that PVE gave with the configuration")]
Command = Annotated[list[str], Field(min_length=1), BeforeValidator(_shell_words)]
Seconds = Annotated[Whole, Field(ge=0, le=86_400)]
Bandwidth = Annotated[Whole, Field(ge=0, le=10**9)]
