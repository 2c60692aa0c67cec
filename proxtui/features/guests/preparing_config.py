"""What the form of a change to a guest's configuration begins with: options, disks, tags, notes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.sheet import one_line
from proxtui.features.guests.details import DISK, properties
from proxtui.features.guests.looking import Look
from proxtui.kit.prepared import Prepared

if TYPE_CHECKING:
    from proxtui.features.guests.params import GuestConfigParams
    from proxtui.pve.params import DeleteDiskParams

Given = Mapping[str, Any]
_NOT_EDITED = frozenset({"digest", "lock", "parent", "snaptime", "runningcpu", "runningmachine", "meta", "vmgenid"})
_MADE_UP = re.compile(r"lxc")
"""Lists of raw lines, which the API only reads."""


def is_unused(key: str) -> bool:
    """A disk that nothing uses: a line taken away would destroy it, so that no form shows it as one."""
    return key.startswith("unused")


def editable(config: Mapping[str, Any]) -> dict[str, str]:
    """The options that a person can edit, a line each, by PVE's names; notes have a form of their own."""
    return {
        key: "1" if value is True else "0" if value is False else str(value)
        for key, value in sorted(config.items())
        if key not in _NOT_EDITED
        and not is_unused(key)
        and not _MADE_UP.match(key)
        and isinstance(value, str | int | float)
        and "\n" not in str(value)
    }


async def _config(look: Look, _given: Given) -> Prepared:
    config = await look.config()
    known = editable(config)

    def settle(params: GuestConfigParams) -> GuestConfigParams:
        """Only what differs is sent; a line that was taken away goes back to PVE's default."""
        changed = {key: value for key, value in params.set.items() if known.get(key) != value}
        gone = [key for key in known if key not in params.set and key not in params.delete]
        delete = [*params.delete, *gone]
        return params if not (changed or delete) else params.having(set=changed, delete=delete)

    pending = await attempt("pending changes", look.pending(), [])
    waits = [f"waits for a stop and start: {', '.join(change.key for change in pending)}"] if pending else []
    return Prepared(
        {"set": known},
        {"digest": config.get("digest"), "delete": []},
        notes=("change a value, add a line, or take one away: then what differs is shown", *waits),
        current=config,
        settle=settle,
    )


async def _revert(look: Look, given: Given) -> Prepared:
    found = await look.pending()
    if not found:
        return Prepared(refusal="nothing waits for its next start")
    chosen = given.get("keys")
    shown = [one for one in found if chosen is None or one.key in chosen]
    notes = (f"{one.key}: {one.value or '(not set)'} stays, not {one.pending or 'removed'}" for one in shown)
    return Prepared({"keys": [one.key for one in found]}, notes=tuple(one_line(note) or "" for note in notes))


def disk_lines(config: Mapping[str, Any], *, unused: bool = True) -> Iterator[tuple[str, str]]:
    """Each disk and what it is: ``scsi0`` and ``32G local-lvm:vm-100-disk-0``. No CD drives."""
    for key in sorted(filter(DISK.fullmatch, config)):
        parts = properties(config[key])
        if parts.get("media") == "cdrom" or (is_unused(key) and not unused):
            continue
        yield key, f"{parts.get('size', '')} {parts.get('') or parts.get('volume') or parts.get('file', '')}".strip()


async def _disk(look: Look, *, unused: bool) -> Prepared:
    disks = dict(disk_lines(await look.config(), unused=unused))
    if not disks:
        return Prepared(refusal="it has no disks")
    first = next((disk for disk in disks if not disk.startswith(("efidisk", "tpmstate"))), next(iter(disks)))
    return Prepared(
        {"disk": first},
        suggestions={"disk": list(disks), "storage": look.storages("images")},
        notes=tuple(f"{disk}: {what}" for disk, what in disks.items()),
    )


async def _resize(look: Look, _given: Given) -> Prepared:
    return await _disk(look, unused=False)


async def _move_disk(look: Look, _given: Given) -> Prepared:
    return await _disk(look, unused=True)


async def _delete_disk(look: Look, _given: Given) -> Prepared:
    config = await look.config()
    disks = {disk: what for disk, what in disk_lines(config) if is_unused(disk)}
    if not disks:
        return Prepared(refusal="it has no unused disk")

    async def goes(params: DeleteDiskParams) -> Sequence[str]:
        return (f"goes: {params.disk} {disks.get(params.disk, '')}".strip(),)

    return Prepared(
        {"disk": next(iter(disks))},
        {"digest": config.get("digest")},
        suggestions={"disk": list(disks)},
        notes=tuple(f"unused: {disk} {what}" for disk, what in disks.items()),
        look=goes,
    )


async def _template(look: Look, _given: Given) -> Prepared:
    found = await _disk(look, unused=False)
    return Prepared(suggestions=found.suggestions, notes=found.notes)


async def _delete(look: Look, _given: Given) -> Prepared:
    """What else would go, and what stays."""
    problems: list[Problem] = []
    config = await attempt("configuration", look.config(), problems)
    snapshots = await attempt("snapshots", look.snapshots(), problems)
    backups = await look.contents("backup")
    goes = [f"goes: {disk} {what}" for disk, what in disk_lines(config or {})]
    if snapshots:
        goes.append(f"goes: snapshot{'s' if len(snapshots) > 1 else ''} {', '.join(one.name for one in snapshots)}")
    count = f"{len(backups)} backup{'s' if len(backups) != 1 else ''}" if backups else "backups, where there are any"
    return Prepared(notes=(*goes, f"stays: {count}", *(f"not read: {line}" for line in problem_lines(problems))))


async def _tags(look: Look, _given: Given) -> Prepared:
    guest = look.guest
    every = sorted({tag for one in look.snapshot.guests.values() for tag in one.tags})
    return Prepared({"tags": guest.tags if guest is not None else ()}, suggestions={"tags": every})


async def _notes(look: Look, _given: Given) -> Prepared:
    return Prepared({"text": str((await look.config()).get("description") or "")})


async def _join(look: Look, _given: Given) -> Prepared:
    return Prepared(suggestions={"poolid": look.pools()})


async def _leave(look: Look, _given: Given) -> Prepared:
    guest = look.guest
    return Prepared(fixed={"poolid": guest.pool} if guest is not None and guest.pool else {})


WAYS: Mapping[str, Callable[[Look, Given], Awaitable[Prepared]]] = {
    "config": _config,
    "revert": _revert,
    "resize": _resize,
    "move-disk": _move_disk,
    "delete-disk": _delete_disk,
    "template": _template,
    "delete": _delete,
    "tags": _tags,
    "notes": _notes,
    "add-to-pool": _join,
    "remove-from-pool": _leave,
}
