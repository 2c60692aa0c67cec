"""Storages: files brought there, volumes described, old backups removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxtui.errors import InvalidInput
from proxtui.pve.params.base import Form, Params, Prose, Text, Vmid, Whole, refuse_all
from proxtui.pve.params.lists import Url
from proxtui.pve.params.words import Blank
from proxtui.pve.rules import CHECKSUM_LENGTHS
from proxtui.pve.validators import InputValidator

Content = Literal["iso", "vztmpl", "import"]
Algorithm = Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
_BY_LENGTH = {length: name for name, length in CHECKSUM_LENGTHS.items()}
_KEEP = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly")
Count = Annotated[Annotated[Whole, Field(ge=1, le=100_000)] | None, Blank]


class _NewFile(Params):
    content: Content = Field("iso", title="Content", description="iso, vztmpl (container template) or import (disk).")
    filename: Annotated[Text | None, Blank] = Field(
        None, title="File name", description="On the storage; empty for the name that it has."
    )
    checksum_algorithm: Annotated[Algorithm | None, Blank] = Field(
        None, title="Checksum by", description="Empty: told by its length."
    )
    checksum: Annotated[Text | None, Blank] = Field(
        None, title="Checksum", description="Hexadecimal; the task fails when the file has another one."
    )

    @property
    def stored_as(self) -> str:
        """The name on the storage."""
        return self.filename or self._own_name()

    def form(self, kind: str = "") -> Form:
        form = super().form(kind)
        form["filename"] = self.stored_as
        if self.checksum is not None:
            form["checksum-algorithm"] = self._algorithm()
        return form

    @model_validator(mode="after")
    def _fits(self) -> Self:
        faults: list[InvalidInput] = []
        for check in (self._check_name, self._check_sum):
            try:
                check()
            except InvalidInput as fault:
                faults.append(fault)
        refuse_all(faults)
        return self

    def _check_name(self) -> None:
        InputValidator.check_filename(self.stored_as, self.content)

    def _check_sum(self) -> None:
        if self.checksum is not None:
            InputValidator.check_checksum(self.checksum, self._algorithm())
        elif self.checksum_algorithm is not None:
            raise InvalidInput("checksum", "", "is needed with checksum_algorithm")

    def _algorithm(self) -> str:
        return self.checksum_algorithm or _BY_LENGTH.get(len(self.checksum or ""), "sha256")

    def _own_name(self) -> str:
        return ""


class UploadParams(_NewFile):
    """A file of this machine: ``POST /nodes/{node}/storage/{storage}/upload``."""

    file: Annotated[Text | None, Blank] = Field(
        None, title="File", description="Its path on this machine.", exclude=True
    )

    def _own_name(self) -> str:
        return Path(self.file).name if self.file else ""


class DownloadUrlParams(_NewFile):
    """A file that the node fetches: ``POST /nodes/{node}/storage/{storage}/download-url``."""

    url: Url = Field(title="URL", description="http or https; the node asks, not this machine.")
    compression: Annotated[Literal["gz", "lzo", "zst", "bz2"] | None, Blank] = Field(
        None, title="Compressed by", description="Unpack it once it is there; only for iso."
    )
    verify_certificates: bool = Field(
        True, title="Check certificates", description="Off: whoever is in between may send another file."
    )

    def _own_name(self) -> str:
        return self.url.partition("://")[2].partition("?")[0].partition("#")[0].rpartition("/")[2]


class VolumeParams(Params):
    """What is known of a volume: ``PUT /nodes/{node}/storage/{storage}/content/{volid}``."""

    notes: Prose | None = Field(None, title="Notes", description="Of a backup; an empty text removes them.")
    protected: bool | None = Field(
        None, title="Protected", description="Neither pruned nor deleted; only backups can be."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.notes is None and self.protected is None:
            raise InvalidInput("notes", "", "notes or protected: one of them is needed")
        return self


class PruneParams(Params):
    """Which backups are kept: ``/nodes/{node}/storage/{storage}/prunebackups``. No number: what the storage says."""

    vmid: Annotated[Vmid | None, Blank] = Field(None, title="VMID", description="Only backups of this guest.")
    type: Annotated[Literal["qemu", "lxc"] | None, Blank] = Field(
        None, title="Kind", description="Only backups of VMs (qemu) or of containers (lxc)."
    )
    keep_all: bool = Field(False, title="Keep all", description="Remove nothing.", exclude=True)
    keep_last: Count = Field(None, title="Last", description="So many of the newest.", exclude=True)
    keep_hourly: Count = Field(None, title="Hourly", description="The last one of so many hours.", exclude=True)
    keep_daily: Count = Field(None, title="Daily", description="The last one of so many days.", exclude=True)
    keep_weekly: Count = Field(None, title="Weekly", description="The last one of so many weeks.", exclude=True)
    keep_monthly: Count = Field(None, title="Monthly", description="The last one of so many months.", exclude=True)
    keep_yearly: Count = Field(None, title="Yearly", description="The last one of so many years.", exclude=True)

    @property
    def retention(self) -> str | None:
        """``keep-last=3,keep-daily=7``; None when nothing is said of it."""
        if self.keep_all:
            return "keep-all=1"
        said = [(name.replace("_", "-"), getattr(self, name)) for name in _KEEP]
        return ",".join(f"{name}={count}" for name, count in said if count is not None) or None

    def form(self, kind: str = "") -> Form:
        form = super().form(kind)
        return form if self.retention is None else {**form, "prune-backups": self.retention}

    @model_validator(mode="after")
    def _all_or_some(self) -> Self:
        given = [name for name in _KEEP if self.keep_all and getattr(self, name) is not None]
        refuse_all(InvalidInput(name, getattr(self, name), "not together with keep_all") for name in given)
        return self
