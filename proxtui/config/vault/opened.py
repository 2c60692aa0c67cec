"""An open vault: the configuration that one key slot may read, and every change to it, saved at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from proxtui.config.models import Config, Place
from proxtui.config.vault.cache import name_of
from proxtui.config.vault.contents import SECRETS, SYSTEM, Plain, admin_of
from proxtui.config.vault.crypto import Cost, NotOpened
from proxtui.config.vault.draft import Draft
from proxtui.config.vault.files import DISK, Disk, beside, locked, put, put_with_generations, read_safely
from proxtui.config.vault.mark import Mark, check
from proxtui.config.vault.noted import Ends, moved_on
from proxtui.config.vault.shape import Document, Slot, parse
from proxtui.config.vault.slots import Material, keyfile, new_passphrase, new_slot, private_half, with_material
from proxtui.errors import ReadOnlyError, SaveFailed, Tampered, WrongKey

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit


class Readable(NamedTuple):
    """A credential that a key slot could read, so that it has to be rotated in PVE: the token or user it is of."""

    place: Place
    who: str


class Seat(NamedTuple):
    """Where a vault stands: its file, the folder of high-water marks, and the disk below."""

    path: Path
    state: Path
    disk: Disk = DISK
    wait: float = 5.0
    """Seconds to wait for another process that saves."""

    def mark(self, document: Document) -> Mark:
        """The high-water mark of the vault that stands there."""
        return Mark(self.state, document.header.file_id, self.disk)

    def read(self) -> Document:
        """The file as it is now. NotConfigured, UnsafeFile, Malformed or NewerFormat."""
        return parse(read_safely(self.path), self.path.name)

    def read_with_mark(self) -> tuple[Document, int]:
        """The file, and the highest revision that was noted before it was read: another process may save meanwhile."""
        document = self.read()
        seen = self.mark(document).seen()
        return (self.read() if document.header.rev < seen else document), seen


class OpenVault:
    """``config`` is what this slot may read. Every change takes the lock, reads the file again and saves it as a whole.

    They raise FileLocked, SaveFailed, ScopeClosed or UsageError, and what ``unlock`` raises: nothing is changed then.
    """

    def __init__(self, seat: Seat, draft: Draft, private: bytes, *, is_older: bool = False) -> None:
        self._seat = seat
        self.private = private
        """What opens the slot in use, and so all that this vault opens."""
        self._draft = draft
        self.only_monitor = draft.only_monitor
        """Whether nothing but the read-only credentials was opened, so that nothing can be saved."""
        self.cached_as = name_of(draft.document.header.file_id, draft.slot.id)
        """The name by which a cache knows what opens the slot in use."""
        self.is_older = is_older
        """An older copy than was seen here before, and somebody confirmed it."""
        self.config: Config = draft.contents.config()
        """With the secrets that are open; a tenant that is not is not in it."""
        self.ends = Ends(self)
        """Where audits ended, as the file knows it."""

    @property
    def rev(self) -> int:
        """The revision that was read or saved last."""
        return self._draft.document.header.rev

    @property
    def file_id(self) -> str:
        """The name of this vault, which never changes."""
        return self._draft.document.header.file_id

    @property
    def slot(self) -> Slot:
        """The key slot in use."""
        return self._draft.slot

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All key slots."""
        return tuple(self._draft.slots)

    @property
    def plain(self) -> Plain:
        """A copy of all values that are open, secrets too: ``settings``, ``users`` by name, ``tenants`` by slug."""
        return deepcopy(self._draft.contents.plain)

    @property
    def shut(self) -> Mapping[Place, str]:
        """Servers whose credentials this slot cannot use, and why: they are not open to it, or damaged."""
        return self._draft.contents.shut

    @property
    def hidden(self) -> Mapping[str, str]:
        """Ids of tenants and servers that this slot cannot read at all, and why."""
        return self._draft.contents.hidden

    @property
    def audit_keys(self) -> tuple[bytes, ...]:
        """The key that chains the audit, then those before each re-keying, newest first."""
        return (self._draft.audit_key(), *reversed(self._draft.former()))

    def save(self, *edits: Edit) -> None:
        """Make edits on the file as it is now, and save it."""
        self._change(lambda draft: draft.apply(edits))

    def reload(self) -> None:
        """Read the file again. What ``unlock`` raises; WrongKey when the slot in use is gone."""
        self._keep(self._opened())

    def change_passphrase(self, text: str, cost: Cost | None = None) -> None:
        """Another passphrase for the slot in use. Earlier generations go, for the old one opens them."""
        self.change_material(new_passphrase(text), cost)

    def change_keyfile(self, raw: bytes) -> None:
        """Another keyfile for the slot in use. Earlier generations go, for the old one opens them."""
        self.change_material(keyfile(raw))

    def change_material(self, material: Material, cost: Cost | None = None) -> None:
        """Either of the two."""
        file_id = self._draft.document.header.file_id
        made = with_material(file_id, self.slot, material, self.private, cost)

        def change(draft: Draft) -> None:
            draft.put_slot(replace(made, keys=draft.slot.keys, every=draft.slot.every))

        self._change(change, forget=True)

    def add_slot(
        self,
        label: str,
        material: Material,
        *,
        every: str = "none",
        tenants: Mapping[str, str] | None = None,
        cost: Cost | None = None,
        edits: Sequence[Edit] = (),
    ) -> None:
        """A slot for another person or for unattended use, and what is changed with it in the same save.

        ``every``: ``monitor`` or ``admin`` of all tenants, those to come too; ``admin`` may also change settings, users
        and slots. ``tenants``: slug to ``monitor`` or ``admin``.
        """
        self._draft.need_system()
        made = new_slot(self._draft.document.header.file_id, label, material, every, cost)

        def change(draft: Draft) -> None:
            draft.apply(edits)
            draft.put_slot(draft.grant(made, dict(tenants or {})))

        self._change(change)

    def remove_slot(self, label: str, edits: Sequence[Edit] = ()) -> tuple[Readable, ...]:
        """Take a slot away: new keys for everything. Gives the credentials it could read, to be rotated in PVE."""
        found: list[Readable] = []

        def change(draft: Draft) -> None:
            found.extend(_readable(draft, draft.remove_slot(label)))
            draft.apply(edits)
            draft.rekey()

        self._change(change, forget=True)
        return tuple(found)

    def rekey(self) -> None:
        """New keys for everything; every slot opens what it did before."""
        self._change(Draft.rekey, forget=True)

    def _opened(self) -> Draft:
        document, seen = self._seat.read_with_mark()
        file_id = self._draft.document.header.file_id
        if document.header.file_id != file_id:
            raise Tampered("another vault stands in the place of config.toml", place="file_id")
        if (slot := document.slot(self.slot.id)) is None or slot.public != self.slot.public:
            raise WrongKey("the key slot in use was removed")
        if not self.is_older:
            check(document.header.rev, seen, None)
        return Draft(document, self.slot.id, self.private, only_monitor=self.only_monitor)

    def _change(self, change: Callable[[Draft], None], *, forget: bool = False) -> None:
        if self.only_monitor:
            raise ReadOnlyError("read-only: it was opened to look only, nothing is saved")
        path, disk = self._seat.path, self._seat.disk
        with locked(path, seconds=self._seat.wait):
            draft = self._opened()
            change(draft)
            moved_on(draft.document.data, dict(self.ends.told))
            mark = self._seat.mark(draft.document)
            document = draft.finish(max(draft.document.header.rev, mark.seen()) + 1)
            raw = document.text()
            # Before it is written: what cannot be opened again must not replace what can.
            saved = Draft(parse(raw), self.slot.id, self.private)
            put_with_generations(path, raw, disk, forget=forget)
            self._keep(saved)
            self.is_older = False
            if forget:
                _first_generation(path, raw, disk)
            mark.raise_to(self.rev)

    def _keep(self, draft: Draft) -> None:
        config = draft.contents.config()
        self._draft, self.config = draft, config


def may_change(vault: OpenVault, tenant: str = "") -> bool:
    """Whether its slot opens what a change needs: one tenant, or settings, users, slots and the list of tenants."""
    draft = vault._draft
    if not tenant:
        return SYSTEM in draft.keys
    tenant_id = draft.contents.ids.get(("tenants", tenant))
    return tenant_id is not None and admin_of(tenant_id) in draft.keys


def file_of(vault: OpenVault) -> Path:
    """The file that a vault was opened from."""
    return vault._seat.path


def is_opened_by(vault: OpenVault, material: Material) -> bool:
    """Whether this opens the key slot in use; one derivation for a passphrase."""
    try:
        return private_half(vault._draft.document.header.file_id, vault.slot, material) == vault.private
    except NotOpened:
        return False


def _first_generation(path: Path, raw: bytes, disk: Disk) -> None:
    """All earlier ones went: the new file is its own first generation."""
    try:
        put(beside(path, 1), raw, disk)
    except OSError as error:
        raise SaveFailed(f"{path} is saved, but no copy of it: {error.strerror}") from None


def _readable(draft: Draft, slot: Slot) -> list[Readable]:
    found = []
    for slug, tenant in draft.contents.plain["tenants"].items():
        tenant_id = draft.contents.ids["tenants", slug]
        for name, server in tenant.get("servers", {}).items():
            for part, scope in (("credentials", "admin"), ("monitor", "monitor")):
                held = server.get(part, {})
                if f"{tenant_id}.{scope}" in slot.keys and any(secret in held for secret in SECRETS):
                    found.append(Readable(Place(slug, name), str(held.get("token_id") or held.get("username"))))
    return found
