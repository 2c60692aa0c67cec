"""Guests configured: options, disks, tags and notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from proxtui.errors import InvalidInput
from proxtui.pve.params.base import Form, Params, Prose, StorageName, Vmid, is_prose, is_text, obeys, refuse_all
from proxtui.pve.params.words import Bandwidth, Blank, Digest, Disk, Option, Options, Size, Tags
from proxtui.pve.validators import TEXT_RULE

_OURS = frozenset({"node", "vmid", "digest", "delete", "revert", "skiplock", "force", "background_delay"})
# What may be done, and how hard it is confirmed, is told by the operation: these have one of their own.
_OTHER_CHANGES = frozenset({"template", "lock"})
_SEVERAL_LINES = "description"
_LXC_DISKS = ("rootfs", "mp")
_UNUSED = "unused"
UNUSED_RULE = "an unused disk: unused0, unused1; one in use is detached first, by removing it from the configuration"


def is_unused(option: str) -> bool:
    """Whether an option of a configuration is a disk that nothing uses: to remove it is to destroy it."""
    return option.startswith(_UNUSED)


def _spelled(value: Any) -> Any:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        raise PydanticCustomError("rule", "text, a number or a switch; name it in delete to remove it")
    return value


Value = Annotated[str, BeforeValidator(_spelled), obeys(is_prose, TEXT_RULE)]


class ConfigParams(Params):
    """Options set and removed, named and spelled as PVE does: ``PUT`` or ``POST .../config``."""

    set: dict[Option, Value] = Field({}, title="Set", description="Options and their new values.", exclude=True)
    delete: Options = Field([], title="Remove", description="Options that go back to PVE's default.", exclude=True)
    digest: Annotated[Digest | None, Blank] = Field(
        None, title="Digest", description="Of the configuration that this was decided on; empty to read it now."
    )

    @model_validator(mode="after")
    def _something_once(self) -> Self:
        refuse_all(self._faults())
        return self

    def _faults(self) -> Iterator[InvalidInput]:
        if not self.set and not self.delete:
            yield InvalidInput("set", "", "name an option to set or to remove")
        for name in (*self.set, *self.delete):
            if name in _OURS:
                yield InvalidInput("set" if name in self.set else "delete", name, "is no option of a guest")
            if name in _OTHER_CHANGES:
                yield InvalidInput("set" if name in self.set else "delete", name, "is changed in a way of its own")
        for name, value in self.set.items():
            if name != _SEVERAL_LINES and not is_text(value):
                yield InvalidInput("set", name, f"{name}: one line")
        for name in sorted(set(self.set) & set(self.delete)):
            yield InvalidInput("delete", name, "is set and removed at once")

    def form(self, kind: str = "qemu") -> Form:
        form = {**self.set, **super().form(kind)}
        return {**form, "delete": ",".join(self.delete)} if self.delete else form


class RevertParams(Params):
    """Pending changes taken back: ``PUT .../config`` with ``revert``."""

    keys: Options = Field(title="Options", description="Whose pending change is dropped.", exclude=True, min_length=1)

    def form(self, kind: str = "qemu") -> Form:
        return {"revert": ",".join(self.keys)}


class _DiskParams(Params):
    disk: Disk = Field(title="Disk", description="As the configuration names it: scsi0, rootfs.")

    def _of(self, kind: str) -> Form:
        if self.disk.startswith(_LXC_DISKS) != (kind == "lxc") and not is_unused(self.disk):
            raise InvalidInput("disk", self.disk, f"no disk of a {'container' if kind == 'lxc' else 'VM'}")
        return super().form(kind)


class ResizeDiskParams(_DiskParams):
    """A disk made larger: ``PUT .../resize``. PVE cannot make one smaller."""

    size: Size = Field(title="Size", description='"40G" in all, or "+5G" more; K, M, G or T.')

    def form(self, kind: str = "qemu") -> Form:
        if is_unused(self.disk):
            raise InvalidInput("disk", self.disk, "is not in use")
        return self._of(kind)


class DeleteDiskParams(Params):
    """An unused disk destroyed with all that is on it: ``PUT`` or ``POST .../config`` with ``delete``."""

    disk: Annotated[Disk, obeys(is_unused, UNUSED_RULE)] = Field(
        title="Disk", description="As the configuration names it: unused0.", exclude=True
    )
    digest: Annotated[Digest | None, Blank] = Field(
        None, title="Digest", description="Of the configuration that this was decided on; empty to read it now."
    )

    def form(self, kind: str = "qemu") -> Form:
        return {**super().form(kind), "delete": self.disk}


class MoveDiskParams(_DiskParams):
    """A disk to another storage, or to another guest: ``POST .../move_disk`` and ``.../move_volume``."""

    storage: Annotated[StorageName | None, Blank] = Field(None, title="Storage", description="Where it goes.")
    delete: bool = Field(False, title="Delete the old one", description="Else it stays as an unused disk.")
    format: Literal["raw", "qcow2", "vmdk"] | None = Field(
        None, title="Format", description="Empty: as it is.", json_schema_extra={"kind": "qemu"}
    )
    target_vmid: Annotated[Vmid | None, Blank] = Field(
        None, title="To guest", description="The VMID of the guest that gets it, on the same node."
    )
    target_disk: Annotated[Disk | None, Blank] = Field(
        None, title="As disk", description="Its name there; empty for the same name."
    )
    bwlimit: Annotated[Bandwidth | None, Blank] = Field(
        None, title="Bandwidth", description="At most so many KiB/s; 0 for no limit."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        refuse_all(self._faults())
        return self

    def _faults(self) -> Iterator[InvalidInput]:
        if (self.storage is None) == (self.target_vmid is None):
            yield InvalidInput("storage", self.storage or "", "either a storage or another guest")
        if self.target_disk is not None and self.target_vmid is None:
            yield InvalidInput("target_disk", self.target_disk, "only with another guest")

    def form(self, kind: str = "qemu") -> Form:
        form = self._of(kind)
        if kind == "lxc":
            form["volume"] = form.pop("disk")
            if "target-disk" in form:
                form["target-volume"] = form.pop("target-disk")
        return form


class TagsParams(Params):
    """The tags of a guest. They are read first, so two people adding at once do not undo each other."""

    tags: Tags = Field(title="Tags", description="Words, a space between.")
    mode: Literal["set", "add", "remove"] = Field(
        "set", title="How", description="set replaces all tags; add and remove leave the others."
    )

    def applied_to(self, old: list[str]) -> list[str]:
        """All tags that the guest has afterwards."""
        if self.mode == "set":
            return list(dict.fromkeys(self.tags))
        if self.mode == "remove":
            return [tag for tag in old if tag not in self.tags]
        return list(dict.fromkeys([*old, *self.tags]))


class NotesParams(Params):
    """The notes of a guest; empty ones are removed."""

    text: Prose = Field(title="Notes", description="Shown beside the guest; Markdown, 8192 characters at most.")


class TemplateParams(Params):
    """A guest made a template, for good: ``POST .../template``."""

    disk: Annotated[Disk | None, Blank] = Field(
        None, title="Disk", description="Only this one; empty for all.", json_schema_extra={"kind": "qemu"}
    )
